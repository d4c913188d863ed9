"""The per-layer table as rows of data, folded by block; printing is elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from striate.analysis.cost import CostRecord, GraphCost, add_costs, cost
from striate.analysis.folding import Block, Item, Leaf, Repeat, fold, joined_path
from striate.analysis.receptive_field import Fields, receptive_field
from striate.ir import Graph, Region, TensorType, Value

COMFORTABLE_ROWS = 48
"""Without a given depth, the deepest table of at most so many rows is taken."""


class Row(NamedTuple):
    """One line: a layer, or a block with or without its content below it.

    path: full path; of a folded run the first and last (`layer1.1-2`).
    name: the last part of the path, to be shown indented by `level`.
    title: the layer as the notation writes it, or the definition the block comes from.
    times: how many equal units the line stands for; `cost` is that of all of them.
    inputs: types that enter the first unit; outputs: types that leave the last.
    fields: what the last output sees, per input of the network.
    is_block: True for a container; is_open: its content follows in deeper rows.
    shared: the weights belong to an earlier row.
    """

    path: str
    name: str
    title: str
    level: int
    times: int
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    cost: CostRecord
    fields: Fields
    is_block: bool = False
    is_open: bool = False
    shared: bool = False


class Table(NamedTuple):
    """The rows, and the cost they add up to.

    depth: levels of containers that are open.
    """

    rows: tuple[Row, ...]
    cost: GraphCost
    depth: int


def table(
    graph: Graph, *, depth: int | None = None, fields: dict[Value, Fields] | None = None
) -> Table:
    """The layers of the network in order, repeated blocks folded.

    `depth` 1 shows the top level only; without it the deepest table that is comfortable to read is
    taken. The rows that are not open add up to the totals. `fields` saves asking for the receptive
    fields again.
    """
    maker = _Maker(graph, fields)
    items = fold(graph)
    if depth is not None:
        return Table(tuple(maker.rows(items, 1, depth)), maker.cost, depth)
    deepest = _levels(items)
    depth = 1
    while depth < deepest and _count(items, depth + 1) <= COMFORTABLE_ROWS:
        depth += 1
    return Table(tuple(maker.rows(items, 1, depth)), maker.cost, depth)


def layer_rows(graph: Graph) -> tuple[Row, ...]:
    """One row per node, nothing folded: for machines."""
    maker = _Maker(graph)
    return tuple(maker.leaf([index], 1) for index in range(len(graph.nodes)))


def _levels(items: Sequence[Item]) -> int:
    """Depth at which everything is open."""
    deepest = 1
    for item in items:
        match item:
            case Block():
                deepest = max(deepest, 1 + _levels(item.items))
            case Repeat():
                deepest = max(deepest, _levels(item.items))
    return deepest


def _count(items: Sequence[Item], depth: int) -> int:
    total = 0
    for item in items:
        match item:
            case Leaf():
                total += 1
            case Block():
                total += 1 + (_count(item.items, depth - 1) if depth > 1 else 0)
            case Repeat():
                total += _count(item.items, depth)
    return total


class _Maker:
    """Makes rows; keeps what is asked of the graph once."""

    def __init__(self, graph: Graph, fields: dict[Value, Fields] | None = None) -> None:
        self.graph = graph
        self.cost = cost(graph)
        self.fields = fields or receptive_field(graph)

    def rows(
        self, items: Sequence[Item], level: int, depth: int, copies: Sequence[int] = ()
    ) -> Iterator[Row]:
        """Rows of items; `copies` are the distances in nodes to the further copies of them."""
        for item in items:
            match item:
                case Leaf():
                    yield self.leaf([item.node, *(item.node + one for one in copies)], level)
                case Block():
                    opened = level < depth and bool(item.items)
                    yield self._block(item.region, level, copies, opened=opened)
                    if opened:
                        yield from self.rows(item.items, level + 1, depth, copies)
                case Repeat():
                    yield from self.rows(item.items, level, depth, _distances(item, copies))

    def leaf(self, indices: list[int], level: int) -> Row:
        """The row of one node, or of nodes that stand for each other in equal units."""
        nodes = [self.graph.nodes[index] for index in indices]
        first, last = nodes[0], nodes[-1]
        path = joined_path(first.path, last.path)
        return Row(
            path=path,
            name=_last_part(path),
            title=str(first.op),
            level=level,
            times=len(nodes),
            inputs=first.input_types,
            outputs=last.outputs,
            cost=add_costs(self.cost.nodes[index] for index in indices),
            fields=self.fields[Value(indices[-1])],
            shared=all(node.shared for node in nodes),
        )

    def _block(self, region: Region, level: int, copies: Sequence[int], *, opened: bool) -> Row:
        inside = list(region.nodes())
        distances = (0, *copies)
        every = [index + distance for distance in distances for index in inside]
        outputs = [Value(one.node + distances[-1], one.port) for one in region.outputs]
        last = self.graph.nodes[inside[0] + distances[-1]].path if copies else ""
        path = joined_path(region.path, _same_depth(last, region.path)) if copies else region.path
        return Row(
            path=path,
            name=_last_part(path),
            title=region.title,
            level=level,
            times=len(distances),
            inputs=tuple(self.graph.type_of(value) for value in self._entering(inside)),
            outputs=tuple(map(self.graph.type_of, outputs)),
            cost=add_costs(self.cost.nodes[index] for index in every),
            fields=self.fields[outputs[0]] if outputs else (),
            is_block=True,
            is_open=opened,
        )

    def _entering(self, inside: list[int]) -> list[Value]:
        own = set(inside)
        read = (value for index in inside for value in self.graph.nodes[index].inputs)
        return list(dict.fromkeys(value for value in read if value.node not in own))


def _distances(repeat: Repeat, copies: Sequence[int]) -> list[int]:
    starts = [_start(copy[0]) for copy in repeat.copies]
    own = [start - starts[0] for start in starts]
    return [outer + one for outer in (0, *copies) for one in own][1:]


def _start(raw: int | Region) -> int:
    return next(raw.nodes()) if isinstance(raw, Region) else raw


def _same_depth(path: str, like: str) -> str:
    return ".".join(path.split(".")[: like.count(".") + 1])


def _last_part(path: str) -> str:
    return path.rpartition(".")[2] or path
