"""Learned tensors that stand alone are given the batch of the images where nothing else does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from striate.ir.edit import edited
from striate.ir.graph import Graph, Value


def with_batch(graph: Graph) -> Graph:
    """The graph, in which a tensor that is the same for every image is repeated where it must be.

    A source without inputs has a batch of one, and so has what is computed from such sources alone.
    `+` and its like stretch it over the other streams; a concatenation does not, and an output has
    one for each image. There the source reads the network's input, of which it takes the batch.
    """
    alone = _alone(graph)
    if not alone:
        return graph
    reads = [value for value in graph.outputs if value.node in alone]
    for index, node in enumerate(graph.nodes):
        if index not in alone and not node.op.stretches:
            reads += [value for value in node.inputs if value.node in alone]
    image = next(iter(graph.inputs), None)
    if not reads or image is None:
        return graph
    sources = [one for one in _sources(graph, reads) if one > image.node]
    if not sources:
        return graph
    given = (graph.type_of(image),)
    changed = {
        one: replace(graph.nodes[one], inputs=(image,), input_types=given) for one in sources
    }
    return with_batch(edited(graph, nodes=changed))


def _alone(graph: Graph) -> set[int]:
    """Indices of the nodes that read no image, directly or through others."""
    images = {value.node for value in graph.inputs}
    alone: set[int] = set()
    for index, node in enumerate(graph.nodes):
        if index not in images and all(value.node in alone for value in node.inputs):
            alone.add(index)
    return alone


def _sources(graph: Graph, values: Iterable[Value]) -> set[int]:
    """Indices of the nodes without inputs from which these values are computed."""
    found: set[int] = set()
    seen: set[int] = set()
    todo = [value.node for value in values]
    while todo:
        index = todo.pop()
        if index not in seen:
            seen.add(index)
            inputs = graph.nodes[index].inputs
            todo += [value.node for value in inputs]
            found |= set() if inputs else {index}
    return found
