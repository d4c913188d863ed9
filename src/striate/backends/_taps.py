"""The part of a graph that some of its values need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from striate.errors import UsageError, did_you_mean, listing
from striate.ir import Graph, Node, Region, Value


def tapped(graph: Graph, outputs: Sequence[str]) -> Graph:
    """The graph whose outputs are the values of these names; what they do not need is left out.

    A name is that of a label or `as` in the text, or the path of a container or layer. What is
    called several times gives its last value; a name of several values gives all of them. Inputs
    stay, needed or not, so that the call is the same.

    Raises:
        UsageError: no value has such a name.
    """
    if isinstance(outputs, str) or not outputs:
        raise UsageError.of(
            "no-outputs",
            f"outputs must be a list of names, not {outputs!r}",
            'for example outputs=["layer2", "layer4"]',
        )
    known = _values_by_name(graph)
    for name in outputs:
        if name not in known:
            raise UsageError.of(
                "unknown-output",
                f"the network has no value '{name}'{did_you_mean(name, known)}",
                f"it has: {listing(list(known))}",
            )
    return _only(graph, [value for name in outputs for value in known[name]])


def _values_by_name(graph: Graph) -> dict[str, tuple[Value, ...]]:
    """Containers first, so that a message lists what people mean before single layers."""
    found: dict[str, tuple[Value, ...]] = {}
    for region in graph.root.walk():
        if region.path and region.outputs:
            found[region.path] = region.outputs
    found |= graph.names
    nodes = {
        node.path: tuple(Value(index, port) for port in range(len(node.outputs)))
        for index, node in enumerate(graph.nodes)
        if node.op.is_element
    }
    return found | {path: values for path, values in nodes.items() if path not in found}


def _only(graph: Graph, outputs: Iterable[Value]) -> Graph:
    outputs = tuple(outputs)
    live = {value.node for value in graph.inputs}
    todo = [value.node for value in outputs if value.node not in live]
    while todo:
        index = todo.pop()
        if index not in live:
            live.add(index)
            todo.extend(value.node for value in graph.nodes[index].inputs)
    return _Part(graph, sorted(live)).graph(outputs)


class _Part:
    """Renumbers what is kept of a graph."""

    def __init__(self, graph: Graph, live: list[int]) -> None:
        self.whole = graph
        self.live = live
        self.place = {old: new for new, old in enumerate(live)}

    def graph(self, outputs: tuple[Value, ...]) -> Graph:
        whole = self.whole
        names = {name: self._moved(values) for name, values in whole.names.items()}
        root = replace(
            whole.root, items=tuple(self._kept(whole.root.items)), outputs=self._moved(outputs)
        )
        left_out = [node.path for old, node in enumerate(whole.nodes) if old not in self.place]
        return replace(
            whole,
            nodes=tuple(self._nodes()),
            inputs=self._moved(whole.inputs),
            outputs=self._moved(outputs),
            root=root,
            names={name: values for name, values in names.items() if values},
            pruned=whole.pruned + tuple(left_out),
        )

    def _moved(self, values: Iterable[Value]) -> tuple[Value, ...]:
        place = self.place
        return tuple(Value(place[one.node], one.port) for one in values if one.node in place)

    def _nodes(self) -> Iterator[Node]:
        owned = set[str]()
        for old in self.live:
            node = self.whole.nodes[old]
            shared = node.op.is_element and node.path in owned
            owned.add(node.path)
            yield replace(node, inputs=self._moved(node.inputs), shared=shared)

    def _kept(self, items: Iterable[int | Region]) -> Iterator[int | Region]:
        for item in items:
            if isinstance(item, int):
                if item in self.place:
                    yield self.place[item]
            elif inner := tuple(self._kept(item.items)):
                yield replace(item, items=inner, outputs=self._moved(item.outputs))
