"""Which layer's plane is looked at: asked of the graph, or named by the user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from striate.errors import UsageError, did_you_mean, listing
from striate.ir import Graph, Value


@dataclass(frozen=True, slots=True)
class Layer:
    """A value with a plane, on the way to the output.

    name: what it is called in the text. title: the same for people, with the kind of layer where
    the name is only a number. plane: height and width, in positions. others: names of those that
    would have done as well.
    """

    value: Value
    name: str
    title: str
    plane: tuple[int, int]
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.title}, {self.plane[0]}x{self.plane[1]}"


def chosen_layer(graph: Graph, name: str | None = None) -> Layer:
    """The last value with a plane before the output forgets places, or that of a given name.

    Going back from the output, on every way, the first value of more than one position. Of several
    the one computed last.

    Raises:
        UsageError: there is none, or none of this name.
    """
    if name is not None:
        return _named(graph, name)
    found = sorted(_last_planes(graph), reverse=True)
    if not found:
        raise UsageError.of(
            "no-plane",
            "the network has no layer with a plane of several positions on the way to its output",
            "a map of where it looks needs one: a convolution or pooling, not yet of 1x1",
        )
    names = [_name(graph, value) for value in found]
    return _layer(graph, found[0], names[0], others=tuple(names[1:]))


def plane_of(graph: Graph, value: Value) -> tuple[int, int] | None:
    """Height and width of a value, in positions; None where it has no plane of several."""
    match graph.type_of(value).plane:
        case (int(height), int(width)) if height * width > 1:
            return height, width
    return None


def _last_planes(graph: Graph) -> Iterator[Value]:
    """On every way back from the first output, the first value of several positions."""
    inputs = set(graph.inputs)
    todo, seen = [graph.outputs[0]], set[Value]()
    while todo:
        value = todo.pop()
        if value in seen or value in inputs:
            continue
        seen.add(value)
        node = graph.nodes[value.node]
        # Dropout does nothing when the network is asked: what it is given has the better name.
        if plane_of(graph, value) is not None and not node.op.acts_only_in_training:
            yield value
            continue
        pairs = zip(node.inputs, node.windows, strict=True)
        todo += [source for source, window in pairs if not window.unused]


def _layer(graph: Graph, value: Value, name: str, *, others: tuple[str, ...] = ()) -> Layer:
    plane = plane_of(graph, value)
    assert plane is not None
    is_number = name.rpartition(".")[2].isdecimal()
    is_single = graph.nodes[value.node].path == name
    title = f"{name} ({graph.nodes[value.node].op.name})" if is_number and is_single else name
    return Layer(value, name, title, plane, others)


def _named(graph: Graph, name: str) -> Layer:
    known = {
        each: values[0]
        for each, values in graph.named_values.items()
        if len(values) == 1 and plane_of(graph, values[0]) and values[0] not in graph.inputs
    }
    if name in known:
        return _layer(graph, known[name], name)
    if name in graph.named_values:
        raise UsageError.of(
            "layer-without-plane",
            f"the layer '{name}' gives no plane of several positions",
            f"those that do: {listing(list(known), most=30)}",
        )
    raise UsageError.of(
        "unknown-layer",
        f"the network has no layer '{name}'{did_you_mean(name, known)}",
        f"those with a plane: {listing(list(known), most=30)}",
    )


def _name(graph: Graph, value: Value) -> str:
    """The shortest name of a value; where it has none, the path of its node."""
    names = [name for name, values in graph.named_values.items() if values == (value,)]
    return min(names, key=len, default=graph.nodes[value.node].path)
