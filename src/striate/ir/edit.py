"""A graph with some of its nodes changed, and without those that nothing needs any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from striate.ir.graph import Graph, Node, Region, Value


def edited(
    graph: Graph,
    *,
    nodes: Mapping[int, Node] | None = None,
    instead: Mapping[Value, Value] | None = None,
    lost: Collection[Value] = (),
    outputs: Iterable[Value] | None = None,
) -> Graph:
    """The graph after a change, with the nodes that its outputs need; its inputs always stay.

    nodes: what stands at an index from now on; its outputs keep their types.
    instead: the value that is read from now on in place of another one.
    lost: values that are no more what they were, so that their names go.
    outputs: the values it gives from now on.
    """
    return _Edit(graph, nodes or {}, instead or {}, frozenset(lost)).graph(outputs)


def without_unneeded(graph: Graph, outputs: Iterable[Value]) -> Graph:
    """The graph with these outputs and the nodes that they need; the others stand in `pruned`."""
    edit, outputs = _Edit(graph, {}, {}, frozenset()), tuple(outputs)
    live = set(edit.live(outputs))
    if outputs == graph.outputs and len(live) == len(graph.nodes):
        return graph
    left_out = [node.path for index, node in enumerate(graph.nodes) if index not in live]
    return replace(edit.graph(outputs), pruned=graph.pruned + tuple(left_out))


class _Edit:
    def __init__(
        self,
        graph: Graph,
        nodes: Mapping[int, Node],
        instead: Mapping[Value, Value],
        lost: frozenset[Value],
    ) -> None:
        self.whole = graph
        self.nodes = nodes
        self.instead = instead
        self.lost = lost
        self.place: dict[int, int] = {}

    def graph(self, outputs: Iterable[Value] | None) -> Graph:
        whole = self.whole
        given = [self.read(value) for value in (whole.outputs if outputs is None else outputs)]
        live = self.live(given)
        self.place = {old: new for new, old in enumerate(live)}
        names = {
            name: self._moved(values)
            for name, values in whole.names.items()
            if self.lost.isdisjoint(values)
        }
        root = replace(
            whole.root, items=tuple(self._kept(whole.root.items)), outputs=self._moved(given)
        )
        return replace(
            whole,
            nodes=tuple(self._renumbered(live)),
            inputs=self._moved(whole.inputs),
            outputs=self._moved(given),
            root=root,
            names={name: values for name, values in names.items() if values},
        )

    def node(self, index: int) -> Node:
        """The node at an index after the change."""
        return self.nodes.get(index, self.whole.nodes[index])

    def read(self, value: Value) -> Value:
        """The value that is read in place of another."""
        while value in self.instead:
            value = self.instead[value]
        return value

    def live(self, outputs: Iterable[Value]) -> list[int]:
        """Indices of the nodes that outputs need, and of all inputs."""
        live = {value.node for value in self.whole.inputs}
        todo = [value.node for value in outputs if value.node not in live]
        while todo:
            index = todo.pop()
            if index not in live:
                live.add(index)
                todo.extend(self.read(value).node for value in self.node(index).inputs)
        return sorted(live)

    def _moved(self, values: Iterable[Value]) -> tuple[Value, ...]:
        """Values under their new numbers; those of nodes left out are left out."""
        kept = [value for value in map(self.read, values) if value.node in self.place]
        return tuple([Value(self.place[value.node], value.port) for value in kept])

    def _renumbered(self, live: Iterable[int]) -> Iterator[Node]:
        owned = set[str]()
        for index in live:
            node = self.node(index)
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
