"""A graph as calls of containers: what each takes, what it runs, what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from striate.ir import Graph, Region, Value


@dataclass(frozen=True)
class Call:
    """One call of one container.

    path: of the container; empty for the network itself.
    inputs: values from outside that it reads, in order of first reading; for the network, those of
        the graph.
    outputs: its values that are read outside; the ones its region hands on come first.
    items: indices of nodes and inner calls, in order.
    """

    path: str
    title: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    items: tuple[int | Call, ...]

    def walk(self) -> Iterator[Call]:
        """This call and all inside it, outermost first."""
        yield self
        for item in self.items:
            if isinstance(item, Call):
                yield from item.walk()


def calls(graph: Graph) -> Call:
    """The whole graph as the call of its outermost container."""
    return _Reader(graph).root


def inputs_of(graph: Graph, item: int | Call) -> tuple[Value, ...]:
    """Values that one step of a call reads, in order of its arguments."""
    return item.inputs if isinstance(item, Call) else graph.nodes[item].inputs


def outputs_of(graph: Graph, item: int | Call) -> tuple[Value, ...]:
    """Values that one step of a call gives, in order."""
    if isinstance(item, Call):
        return item.outputs
    return tuple(Value(item, port) for port in range(len(graph.nodes[item].outputs)))


def input_name(graph: Graph, value: Value) -> str:
    """The label of an input, or else the last part of its path."""
    labels = (name for name, values in graph.names.items() if values == (value,))
    return next(labels, graph.nodes[value.node].path).rpartition(".")[2]


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.sources = {value.node for value in graph.inputs}

    @cached_property
    def root(self) -> Call:
        graph, region = self.graph, self.graph.root
        return Call("", region.title, graph.inputs, graph.outputs, self._items(region))

    @cached_property
    def last_readers(self) -> dict[Value, int]:
        """For each value that is read at all, the index of its last reader."""
        found = {value: at for at, node in enumerate(self.graph.nodes) for value in node.inputs}
        return found | dict.fromkeys(self.graph.outputs, len(self.graph.nodes))

    def _items(self, region: Region) -> tuple[int | Call, ...]:
        steps: list[int | Call] = []
        for item in region.items:
            if isinstance(item, int):
                if item not in self.sources:
                    steps.append(item)
            elif inner := self._items(item):
                steps.append(self._call(item, inner))
        return tuple(steps)

    def _call(self, region: Region, items: tuple[int | Call, ...]) -> Call:
        inside = [index for index in region.nodes() if index not in self.sources]
        own = set(inside)
        read = dict.fromkeys(value for index in inside for value in self.graph.nodes[index].inputs)
        given = [value for index in inside for value in outputs_of(self.graph, index)]
        ordered = dict.fromkeys([one for one in region.outputs if one.node in own] + given)
        outputs = [one for one in ordered if self.last_readers.get(one, -1) > inside[-1]]
        inputs = tuple(value for value in read if value.node not in own)
        return Call(region.path, region.title, inputs, tuple(outputs), items)
