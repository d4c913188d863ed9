"""The network that users hold: a text, the graph it denotes, and answers to questions about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from striate import zoo
from striate.analysis.receptive_field import Field
from striate.analysis.report import report
from striate.analysis.summary import Summary, summary
from striate.analysis.table import Row, layer_rows
from striate.errors import StriateError, TextError, UsageError
from striate.files import why_unreadable
from striate.ir import Graph, TensorType
from striate.notation import Pattern, Program, program
from striate.quantities import dimensions
from striate.source import Source

if TYPE_CHECKING:
    import torch
    from torch import nn

    from striate.backends.torch_module import Network as TorchNetwork
    from striate.data import Preprocessing
    from striate.notation.builder import Piece
    from striate.weights import Source as WeightsSource

Sizes = Sequence[int | None]


class Network:
    """A network made from a text; `network` makes them.

    `print(net)` shows the table of its layers; a notebook shows its picture.
    """

    def __init__(
        self,
        name: str,
        source: Program,
        inputs: tuple[TensorType, ...],
        card: zoo.Card | None = None,
    ) -> None:
        self.name = name
        self.card = card
        self._program = source
        self.graph: Graph = source.graph(inputs, title=name)

    @cached_property
    def text(self) -> str:
        """A text that makes this network again on its own."""
        return self._program.self_contained(self.graph)

    @property
    def flat(self) -> str:
        """The network as text without definitions: one layer a line, full paths as labels."""
        from striate.notation.flat import flat

        return flat(self.graph)

    @property
    def input(self) -> tuple[int | None, ...]:
        """Sizes of the first input, channels first; None where the text leaves one open."""
        return self.graph.input_types[0].sizes

    @property
    def output(self) -> tuple[int | None, ...]:
        """Sizes of the first output."""
        return self.graph.output_types[0].sizes

    @property
    def params(self) -> int:
        """Trained numbers."""
        return self.graph.params

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for one image; None where the input's size is open."""
        return self.graph.cost.macs if self.graph.cost.known else None

    @property
    def flops(self) -> int | None:
        """Floating-point operations by the convention FLOPs = 2 x MACs."""
        return None if self.macs is None else 2 * self.macs

    @cached_property
    def summary(self) -> Summary:
        """The answers of all analyses."""
        return summary(self.graph, name=self.name)

    @property
    def layers(self) -> Sequence[Row]:
        """One row for each layer, in order of execution."""
        return layer_rows(self.graph)

    @property
    def receptive_field(self) -> Field | None:
        """What one position of the output sees of the input; None for a network without planes."""
        return self.summary.output.field.largest if self.summary.output else None

    def module(
        self,
        *,
        weights: WeightsSource | None = None,
        outputs: Sequence[str] | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> TorchNetwork:
        """The network as a `torch.nn.Module` with the published keys; imports torch.

        weights: a `.safetensors`, `.pt` or `.pth` file, `hf:owner/name`, or True for those that the
            zoo knows of. Where they are for another number of classes the last layer is new, which
            is logged as a warning; `module.loaded` tells all about it.
        outputs: names of inner values to give instead (`["layer2", "layer4"]`).

        Raises:
            UsageError: an output that is not in the network; weights that cannot be read or are
                those of another network.
        """
        from striate.backends.torch_module import module

        made = module(self.graph, outputs=outputs, device=device, dtype=dtype)
        if weights is not None:
            from logging import getLogger

            from striate.weights import find_weights, load_into

            found = find_weights(weights, self.card, name=self.name)
            like = None if outputs is None else module(self.graph, device="meta")
            made.loaded = load_into(
                made, found, outputs=self.output[0] or 0, name=self.name, like=like
            )
            for note in made.loaded.notes:
                getLogger("striate").warning("%s: %s", found.origin, note)
        return made

    def onnx(
        self,
        path: str | Path,
        weights: nn.Module | Mapping[str, torch.Tensor] | WeightsSource | None = None,
        *,
        classes: Sequence[str] | None = None,
        preprocessing: Preprocessing | None = None,
        temperature: float | None = None,
    ) -> tuple[Path, ...]:
        """The files written: the network as an ONNX model for any batch, in float32.

        Weights of more than 2 GB stand in a second file, `NAME.data`, beside the model.

        weights: a module of this network (a folded one is written as it is) or its `state_dict`, or
            what `module` takes; None for the weights the text starts with.
        classes, preprocessing: go into the model's metadata; by default those of the weights.
        temperature: goes there too: what outputs are to be divided by before softmax or sigmoid.

        Raises:
            UsageError: weights are missing or of another shape; the file cannot be written.
            GraphError: a layer has no ONNX form, or one for known sizes only.
        """
        from torch import nn

        from striate.backends.onnx_model import save_onnx

        if not isinstance(weights, nn.Module | Mapping):
            weights = self.module(weights=weights)
        loaded = getattr(weights, "loaded", None)
        state = weights.state_dict() if isinstance(weights, nn.Module) else weights
        arrays = {
            key: tensor.detach().float().cpu().numpy()
            for key, tensor in state.items()
            if tensor.is_floating_point()
        }
        record = preprocessing or getattr(loaded, "preprocessing", None)
        graph = getattr(weights, "graph", None)  # a folded module, or one of inner outputs
        return save_onnx(
            path,
            graph if isinstance(graph, Graph) else self.graph,
            arrays,
            name=self.name,
            classes=classes if classes is not None else getattr(loaded, "classes", None),
            preprocessing=record.to_json() if record else None,
            temperature=temperature,
        )

    def source(self) -> str:
        """The network as a Python file that needs nothing but torch, as one would write it by hand.

        Its last class is the network; the keys are those of `module()`.

        Raises:
            UsageError: a layer from outside that a file cannot import.
        """
        from striate.backends.torch_source import source

        paper = self.card.paper if self.card else ""
        return source(self.graph, name=self.name, paper=paper)

    def svg(self, *, depth: int | None = None) -> str:
        """A picture of the structure."""
        from striate.backends.svg import svg

        return svg(self.graph, title=self.name, depth=depth)

    def _repr_svg_(self) -> str:
        return self.svg()

    def __str__(self) -> str:
        return report(self.summary)

    def __repr__(self) -> str:
        inputs = ", ".join(map(str, self.graph.input_types))
        return f"<striate network {self.name}: {inputs} -> {self.graph.output_types[0]}>"


def network(
    spec: str | Piece,
    *,
    input: Sizes | None = None,  # noqa: A002  (the notation's word)
    classes: int | None = None,
) -> Network:
    """The network that a zoo name, a text, the path of a `.cnn` file or a piece stands for.

    input: its sizes, channels first, where the text leaves them open; for a zoo name instead of the
        size it was published for.
    classes: the number of outputs, for a definition that has a parameter of this name and leaves it
        open (`resnet18`, but not `resnet18(classes=7)`).

    >>> network("resnet18(classes=10)", input=(3, 32, 32)).output
    (10,)

    Raises:
        TextError: all mistakes found in the text.
        UsageError: a file that cannot be read, sizes that are none, or `classes` for a network that
            cannot take it and has another number of outputs.
    """
    made, is_taken = _made(spec, input, classes)
    if classes is not None and made.output != (classes,) and not is_taken:
        raise UsageError.of(
            "classes-not-taken",
            f"{made.name} gives {dimensions(made.output)}, and classes={classes} cannot change it",
            "classes= fills a parameter of this name that the text leaves open, as in resnet18; "
            f"in other texts write the last layer as fc({classes})",
        )
    return made


def check_readable(spec: str) -> None:
    """Refuse what stands for no network, whatever its input and its classes will be.

    Raises:
        TextError: mistakes in how the text is written, and names that nothing has.
        UsageError: a file that cannot be read.
    """
    _resolved(spec)
    try:
        _made(spec, None, None)
    except StriateError as wrong:
        # All else may come of the input that is missing here.
        if unknown := [found for found in wrong.diagnostics if found.code == "unknown-name"]:
            raise TextError(*unknown) from None


def network_for(
    spec: str | Piece,
    *,
    input: Sizes | None,  # noqa: A002  (the notation's word)
    classes: int | None,
) -> Network:
    """As `network`, but `classes` may come to nothing: the caller looks at the output."""
    return _made(spec, input, classes)[0]


def _made(spec: str | Piece, given: Sizes | None, classes: int | None) -> tuple[Network, bool]:
    """The network, and whether it takes the number of classes."""
    found = _resolved(str(spec))
    chosen = found.program if classes is None else found.program.giving("classes", classes)
    sizes = given if given is not None else found.input
    inputs = () if sizes is None else (_type(sizes),)
    return Network(found.name, chosen, inputs, found.card), chosen is not found.program


def folded(module: TorchNetwork) -> TorchNetwork:
    """The network for inference alone: fewer layers, the same outputs but for rounding.

    Batch norm becomes part of the convolution or FC beside it, parallel linear branches one layer,
    fixed filters and factors part of the weights; what acts only in training goes. The given
    module stays as it is; the new one has weights of its own, with other keys, and is in eval mode.

    module: what `Network.module` made; whatever its mode, its running statistics are used.

    Source: Ioffe and Szegedy, Batch normalization, 2015, section 3.2; Ding et al., RepVGG, 2021.
    """
    from striate.backends.torch_module import reworked
    from striate.rewrites import simplified

    simple = simplified(module.graph)
    return reworked(module, simple.graph, simple.weights)


def pattern(
    spec: str | Piece,
    *,
    input: Sizes | None = None,  # noqa: A002  (the notation's word)
) -> Pattern:
    """The space of networks that a text with choices stands for.

    >>> pattern("input(3, 32, 32) -> conv({16, 32}) -> relu? -> gap -> fc(10)").count()
    4

    Raises:
        TextError: mistakes in the text that parsing shows.
    """
    found = _resolved(str(spec))
    sizes = input if input is not None else found.input
    return found.program.pattern(() if sizes is None else (_type(sizes),))


class _Resolved:
    """A spec read: the program, the name for people, and the zoo's card and input size if any."""

    def __init__(
        self,
        name: str,
        found: Program,
        input_: Sizes | None = None,
        card: zoo.Card | None = None,
    ) -> None:
        self.name = name
        self.program = found
        self.input = input_
        self.card = card


def _resolved(spec: str) -> _Resolved:
    path = Path(spec)
    if spec.endswith(".cnn"):
        return _from_file(path)
    made = program(Source("<text>", spec))
    called = _zoo_call(made)
    if called is None:
        _offer_zoo(made)
        return _Resolved("network", made)
    family = _family(called.family)
    assert made.network is not None
    sizes = None if made.states_input else called.input
    return _Resolved(called.name, family.calling(made.network), sizes, called)


def _from_file(path: Path) -> _Resolved:
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as problem:
        raise UsageError.of(
            "unreadable-file",
            f"cannot read '{path}': {why_unreadable(problem)}",
            "a network is a zoo name (striate show resnet18), a text, or a .cnn file",
        ) from None
    made = program(Source(str(path), text))
    _offer_zoo(made)
    return _Resolved(path.stem, made)


def _zoo_call(made: Program) -> zoo.Card | None:
    """The card of the network that a spec such as `resnet18(classes=10)` calls and nothing else."""
    name = made.lone_call()
    return None if name is None else zoo.cards().get(name)


def _offer_zoo(made: Program) -> None:
    """Lets a text use networks of the zoo by name: `(net: resnet50, @net.layer3) -> .1`."""
    unknown = made.unknown_names()
    if not unknown:
        return
    cards = zoo.cards()
    made.scope.elsewhere = tuple(cards)
    for name in unknown & cards.keys():
        made.offering(name, _family(cards[name].family))


def _family(name: str) -> Program:
    return program(zoo.family_source(name), beside=zoo.beside)


def _type(sizes: Sizes) -> TensorType:
    legal = all(size is None or 0 < size <= 1_000_000 for size in sizes)
    if not sizes or sizes[0] is None or len(sizes) > 4 or not legal:
        raise UsageError.of(
            "input-sizes",
            f"an input is given as channels and up to three sizes, not {tuple(sizes)}",
            "for example (3, 224, 224), or 3x224x224 on the command line",
        )
    return TensorType.of(*sizes)
