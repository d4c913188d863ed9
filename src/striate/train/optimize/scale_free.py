"""Filters whose size has no effect, because a norm divides by it."""

from __future__ import annotations

from striate.ir import Graph

# Norms over all that one filter gives, whatever the batch; what they are fed may be of any size.
CANCELLING = frozenset({"bn", "inorm"})
# What a factor passes through unchanged.
PASSING = frozenset({"maxpool", "avgpool"})


def scale_free(graph: Graph) -> frozenset[str]:
    """Names of the weights of convolutions that nothing but norms read, perhaps after pooling.

    True while norms take their statistics from the batch.
    """
    return frozenset(
        f"{node.path}.weight"
        for index, node in enumerate(graph.nodes)
        if node.op.glyph == "conv" and not node.shared and _is_cancelled(graph, index)
    )


def _is_cancelled(graph: Graph, index: int) -> bool:
    """Whether every reader of a layer is a norm, or passes it on to norms alone."""
    if any(value.node == index for value in graph.outputs):
        return False
    readers = graph.users[index]
    return bool(readers) and all(
        graph.nodes[reader].op.name in CANCELLING
        or (graph.nodes[reader].op.name in PASSING and _is_cancelled(graph, reader))
        for reader in readers
    )
