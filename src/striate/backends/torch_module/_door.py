"""What is wrong with the tensors given to a network, said in sizes of its text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from striate.backends._calls import input_name
from striate.errors import GraphError, StriateError, UsageError
from striate.ir import Graph, TensorType, Value

_AXES = {0: "", 1: "L", 2: "HW", 3: "DHW"}


def refusal(graph: Graph, inputs: Sequence[object]) -> StriateError:
    """The error for inputs of another number, kind, rank or channels than the graph takes."""
    types = graph.input_types
    if len(inputs) != len(types):
        return UsageError.of(
            "wrong-input-count",
            f"the network takes {_counted(len(types), 'input')}, got {len(inputs)}",
            f"expected: {', '.join(map(_batch, types))}",
        )
    for index, (given, expected) in enumerate(zip(inputs, types, strict=True)):
        name = _named(graph, index)
        if not isinstance(given, Tensor):
            return UsageError.of(
                "input-not-a-tensor",
                f"{name} is a {type(given).__name__}, and the network takes a tensor "
                f"{_batch(expected)}",
                "torch.as_tensor(...) makes one",
            )
        if given.dim() != expected.rank + 2 or given.shape[1] != expected.channels:
            advice = _shape_advice(given, expected)
            return UsageError.of(
                "wrong-input-shape",
                f"{name} is {_sizes(given.shape)}, and the network takes {_batch(expected)}",
                *advice,
            )
    raise AssertionError("the inputs are as they should be")


def diagnosis(graph: Graph, inputs: Sequence[object], model: nn.Module) -> StriateError | None:
    """Why inputs that came in made the network fail; None where the inputs are not to blame."""
    tensors = [given for given in inputs if isinstance(given, Tensor)]
    return _wrong_kind(graph, tensors, model) or _wrong_plane(graph, tensors)


def _wrong_kind(graph: Graph, tensors: Sequence[Tensor], model: nn.Module) -> StriateError | None:
    weight = next((one for one in model.parameters() if one.is_floating_point()), None)
    if weight is None or torch.is_autocast_enabled(weight.device.type):
        return None
    for index, given in enumerate(tensors):
        if given.dtype != weight.dtype:
            scale = given.dtype == torch.uint8
            return UsageError.of(
                "wrong-input-dtype",
                f"{_named(graph, index)} is {_word(given.dtype)}, and the weights of the network "
                f"are {_word(weight.dtype)}",
                f"give x.to({weight.dtype}){', scaled as the images in training were' * scale}",
            )
        if given.device != weight.device:
            return UsageError.of(
                "wrong-input-device",
                f"{_named(graph, index)} is on {given.device}, and the network is on "
                f"{weight.device}",
                "move one of them with .to(...)",
            )
    return None


def _wrong_plane(graph: Graph, tensors: Sequence[Tensor]) -> StriateError | None:
    """Walks the graph with the sizes that came in."""
    found = {
        value: TensorType(type_.channels, tuple(given.shape[2:]))
        for value, type_, given in zip(graph.inputs, graph.input_types, tensors, strict=True)
    }
    given_text = ", ".join(map(str, found.values()))
    made_text = ", ".join(map(str, graph.input_types))
    for index, node in enumerate(graph.nodes):
        if Value(index) in found:
            continue
        types = tuple(found[value] for value in node.inputs)
        try:
            outputs = node.op.infer(types)
        except GraphError as error:
            first = error.diagnostics[0]
            reason = f"{node.op.name} at '{node.path}' does not fit: {first.reason}"
            advice: tuple[str, ...] = first.help
        else:
            found |= {Value(index, port): type_ for port, type_ in enumerate(outputs)}
            if node.op.weights(types) == node.weights:
                continue
            reason = (
                f"{node.op} at '{node.path}' has weights for {node.input_types[0]}, "
                f"and {types[0]} reaches it"
            )
            advice = ("gap before it would make the network take any size",)
        return UsageError.of(
            "wrong-input-size",
            f"the network was made for {made_text} and cannot take {given_text}",
            reason,
            *advice,
            span=node.span,
        )
    return None


def _shape_advice(given: Tensor, expected: TensorType) -> Iterator[str]:
    sizes = tuple(given.shape)
    if given.dim() == expected.rank + 1 and sizes[0] == expected.channels:
        yield "one image needs the batch axis too: x[None]"
    elif given.dim() == expected.rank + 2 and expected.rank and sizes[-1] == expected.channels:
        yield "channels come first: x.movedim(-1, 1)"
    elif given.dim() == expected.rank + 2:
        yield f"axis 1 holds the channels: {expected.channels} of them, not {sizes[1]}"


def _named(graph: Graph, index: int) -> str:
    if len(graph.inputs) == 1:
        return "the input"
    return f"input {index + 1} ('{input_name(graph, graph.inputs[index])}')"


def _batch(type_: TensorType) -> str:
    """`N×3×224×224`; a letter where the size is open."""
    letters = zip(type_.plane, _AXES[type_.rank], strict=True)
    plane = (letter if size is None else str(size) for size, letter in letters)
    return "×".join(("N", str(type_.channels), *plane))


def _sizes(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "a single number"


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
