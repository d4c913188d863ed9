"""Parameters, multiply-accumulates and activation bytes, per node and in all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from striate.ir import Graph, Node
from striate.quantities import CONVENTION, flops

BYTES_PER_NUMBER = 4
"""float32, what torch computes in unless told otherwise."""


class CostRecord(NamedTuple):
    """What one node, or a stretch of nodes, costs for one image.

    params: trained numbers; those of a shared module are counted at its first use.
    buffers: saved but not trained numbers (running statistics).
    macs, flops: multiply-accumulates and twice that; None where a size is unknown.
    other: operations outside of them; None where a size is unknown.
    activation_bytes: size of all that the nodes put out; None where a size is unknown.
    """

    params: int
    buffers: int
    macs: int | None
    other: int | None
    activation_bytes: int | None

    @property
    def flops(self) -> int | None:
        """Floating-point operations by the convention of `striate.quantities`."""
        return None if self.macs is None else flops(self.macs)


class GraphCost(NamedTuple):
    """The cost of every node and of the whole network.

    nodes: one record per node, in order of execution; `total` is their sum.
    unknown: paths of the nodes whose size, and so whose work, is not known.
    uncounted: paths of layers that own weights but state no work (foreign layers, as a rule).
    convention: what counts as a MAC and a FLOP, in one sentence.
    """

    nodes: tuple[CostRecord, ...]
    total: CostRecord
    unknown: tuple[str, ...]
    uncounted: tuple[str, ...]
    convention: str = CONVENTION


def cost(graph: Graph, *, bytes_per_number: int = BYTES_PER_NUMBER) -> GraphCost:
    """What the network costs for one image, per node and in all."""
    nodes = tuple(node_cost(node, bytes_per_number=bytes_per_number) for node in graph.nodes)
    pairs = list(zip(graph.nodes, nodes, strict=True))
    return GraphCost(
        nodes,
        add_costs(nodes),
        unknown=tuple(node.path for node, one in pairs if one.macs is None),
        uncounted=tuple(node.path for node, one in pairs if _states_no_work(node, one)),
    )


def node_cost(node: Node, *, bytes_per_number: int = BYTES_PER_NUMBER) -> CostRecord:
    """What one node costs for one image; params and buffers are 0 where its module is shared."""
    weights = () if node.shared else node.weights
    params = sum(one.count for one in weights if one.trained)
    buffers = sum(one.count for one in weights if not one.trained)
    work = node.cost
    elements = [one.elements for one in node.outputs]
    known = [one for one in elements if one is not None]
    return CostRecord(
        params,
        buffers,
        macs=work.macs if work.known else None,
        other=work.other if work.known else None,
        activation_bytes=sum(known) * bytes_per_number if len(known) == len(elements) else None,
    )


def add_costs(records: Iterable[CostRecord]) -> CostRecord:
    """The sum; a quantity that one of them does not know is not known of the sum."""
    records = tuple(records)
    return CostRecord(
        sum(one.params for one in records),
        sum(one.buffers for one in records),
        _sum(one.macs for one in records),
        _sum(one.other for one in records),
        _sum(one.activation_bytes for one in records),
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for one in counts:
        if one is None:
            return None
        total += one
    return total


def _states_no_work(node: Node, record: CostRecord) -> bool:
    is_layer = node.op.glyph != "source" and node.op.is_element
    return is_layer and bool(node.weights) and record.macs == 0 and record.other == 0
