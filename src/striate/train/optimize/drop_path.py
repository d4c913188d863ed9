"""Stochastic depth: residual branches that are left out by chance while a network is trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from striate.errors import UsageError
from striate.ir import Graph, Node, Region, Value
from striate.ops.regularization import DropPath

NAME = "drop_path"
"""Under which the layers that are added stand among the parts of their block."""


def with_drop_path(graph: Graph, share: float) -> Graph:
    """The network with its residual branches left out by chance, more often the deeper they lie.

    The last block leaves its branches out in `share` of the images, the first in `share` divided by
    the number of blocks, those between in equal steps. Blocks whose text has a `droppath` already
    have this chance in place of their own. Weights and their names are the same.

    Raises:
        UsageError: no block is residual, so that there is nothing to leave out.

    Source: G. Huang et al., "Deep networks with stochastic depth", 2016, equation 4, for each image
    by itself.
    """
    branches = {index: tuple(residual_branches(graph, index)) for index in range(len(graph.nodes))}
    joins = [index for index, found in branches.items() if found]
    if not joins:
        raise UsageError.of(
            "no-residual-branches",
            "--drop-path leaves out residual branches, but the network has none",
            "leave --drop-path out, or take a residual network such as resnet18; "
            "dropout(0.2) in a text acts on any layer",
        )
    chances = {index: share * (at + 1) / len(joins) for at, index in enumerate(joins)}
    chosen = [(index, chances[index]) for index in joins]
    return _Dropping(graph, [(index, p, branches[index]) for index, p in chosen]).graph()


def residual_branches(graph: Graph, index: int) -> Iterator[Value]:
    """What is added to the signal at a sum that closes a residual block; nothing at other nodes.

    A residual block computes all its branches from one value. The shortest carries the signal, be
    it a wire or a projection; where two are shortest nobody can say which does.
    """
    node = graph.nodes[index]
    if node.op.name != "+" or len(node.inputs) < 2:
        return
    behind = [graph.ancestors([value.node]) for value in node.inputs]
    common = set.intersection(*behind)
    inside = set.union(*behind) - common
    read = {
        value for one in inside for value in graph.nodes[one].inputs if value.node not in inside
    } | {value for value in node.inputs if value.node in common}
    # What reads nothing, such as a bare weight, is no value that a block begins with.
    lengths = [len(nodes - common) for nodes in behind]
    if len(read) != 1 or lengths.count(min(lengths)) > 1:
        return
    for value, length in zip(node.inputs, lengths, strict=True):
        if length > min(lengths):
            yield value


@dataclass
class _Dropping:
    """The graph made anew, with a layer before each sum for each of its branches."""

    whole: Graph
    sums: Iterable[tuple[int, float, tuple[Value, ...]]]
    nodes: list[Node] = field(default_factory=list)
    place: dict[int, int] = field(default_factory=dict)
    chances: dict[str, float] = field(default_factory=dict)

    def graph(self) -> Graph:
        self.wanted = {index: (chance, branches) for index, chance, branches in self.sums}
        self.given = {
            value.node: chance
            for chance, branches in self.wanted.values()
            for value in branches
            if isinstance(self.whole.nodes[value.node].op, DropPath)
        }
        root = self._region(self.whole.root)
        names = {name: self._moved(values) for name, values in self.whole.names.items()}
        return replace(
            self.whole,
            nodes=tuple(self.nodes),
            inputs=self._moved(self.whole.inputs),
            outputs=self._moved(self.whole.outputs),
            root=root,
            names=names,
        )

    def _region(self, region: Region) -> Region:
        items = list[int | Region]()
        added = 0
        for item in region.items:
            if isinstance(item, Region):
                items.append(self._region(item))
                continue
            instead = dict[Value, Value]()
            for value in self._new_branches(item):
                path = ".".join(part for part in (region.path, f"{NAME}{added or ''}") if part)
                instead[value] = self._add(item, value, path)
                items.append(instead[value].node)
                added += 1
            items.append(self._copy(item, instead))
        return replace(region, items=tuple(items), outputs=self._moved(region.outputs))

    def _new_branches(self, index: int) -> Iterator[Value]:
        """Branches of a sum that have no layer of this kind yet."""
        _, branches = self.wanted.get(index, (0.0, ()))
        for value in dict.fromkeys(branches):
            if value.node not in self.given:
                yield value

    def _add(self, index: int, value: Value, path: str) -> Value:
        """Let a branch of a sum be left out."""
        chance = self.chances.setdefault(path, self.wanted[index][0])
        here, kind = self._moved((value,)), (self.whole.type_of(value),)
        shared = any(node.path == path for node in self.nodes)
        self.nodes.append(Node(DropPath(p=chance), here, kind, kind, path, shared=shared))
        return Value(len(self.nodes) - 1)

    def _copy(self, index: int, instead: dict[Value, Value]) -> int:
        node = self.whole.nodes[index]
        inputs = tuple(instead.get(value) or self._moved((value,))[0] for value in node.inputs)
        op = node.op
        if index in self.given and isinstance(op, DropPath):
            op = DropPath(p=self.chances.setdefault(node.path, self.given[index]), mode=op.mode)
        self.place[index] = len(self.nodes)
        self.nodes.append(replace(node, op=op, inputs=inputs))
        return self.place[index]

    def _moved(self, values: Iterable[Value]) -> tuple[Value, ...]:
        return tuple(Value(self.place[value.node], value.port) for value in values)
