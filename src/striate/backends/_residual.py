"""Which norms close a residual branch, and may start at zero."""

from __future__ import annotations

from striate.ir import Graph, Node


def residual_ends(graph: Graph) -> set[int]:
    """Norms that close a residual branch and are to start with gamma 0."""
    return {
        end
        for node in graph.nodes
        if node.op.name == "+"
        for end in _closing_norms(graph, node)
        if graph.nodes[end].init.zero_gamma
    }


def _closing_norms(graph: Graph, join: Node) -> list[int]:
    """Of the norms that branches of a sum end in, those that may be 0 without stopping the signal.

    The shortest branch carries the signal, be it a wire or a projection with a norm of its own.
    Where two are shortest nobody can say which does, and none is given.
    """
    ends = [_before_drops(graph, value.node) for value in join.inputs]
    norms = [end for end in ends if graph.nodes[end].op.glyph == "norm"]
    if not any(graph.nodes[end].init.zero_gamma for end in norms):
        return []
    behind = [graph.ancestors([end]) for end in ends]
    common = set.intersection(*behind)
    lengths = [len(nodes - common) for nodes in behind]
    shortest = min(lengths)
    if lengths.count(shortest) > 1:
        return []
    return [
        end for end, length in zip(ends, lengths, strict=True) if length > shortest and end in norms
    ]


def _before_drops(graph: Graph, index: int) -> int:
    while graph.nodes[index].op.acts_only_in_training:
        index = graph.nodes[index].inputs[0].node
    return index
