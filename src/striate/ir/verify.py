"""What must be true of every graph; run after each rewrite in tests and under STRIATE_CHECK=1."""

from __future__ import annotations

from striate.ir.graph import Graph


def verify(graph: Graph) -> None:
    """Passes over a sound graph in silence.

    Raises:
        AssertionError: a promise of the graph is broken; the message names the node.
    """
    owners: dict[str, int] = {}
    for index, node in enumerate(graph.nodes):
        where = f"node {index} ({node.op} at '{node.path}')"
        assert all(value.node < index for value in node.inputs), f"{where} reads a later node"
        types = tuple(map(graph.type_of, node.inputs))
        assert node.input_types == types, f"{where} has stale input types"
        assert node.op.infer(types) == node.outputs, f"{where} has stale output types"
        if node.op.is_element:
            owner = owners.setdefault(node.path, index)
            assert node.shared == (owner != index), f"{where}: shared is not what the paths say"
    inside = list(graph.root.nodes())
    assert inside == list(range(len(graph.nodes))), (
        "the regions do not hold each node once in order"
    )
    assert all(value.node < len(graph.nodes) for value in graph.outputs), (
        "an output is not in the graph"
    )
