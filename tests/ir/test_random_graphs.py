"""What holds of every graph that can be built."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.ir import Graph, Value, verify
from tests.strategies import graphs


@given(graphs())
def test_what_the_builder_makes_is_sound(graph: Graph) -> None:
    verify(graph)


@given(graphs())
def test_users_are_the_reverse_of_inputs(graph: Graph) -> None:
    pairs = {
        (value.node, reader) for reader, node in enumerate(graph.nodes) for value in node.inputs
    }
    assert pairs == {(index, one) for index, users in enumerate(graph.users) for one in users}


@given(graphs())
def test_every_node_serves_an_output(graph: Graph) -> None:
    needed = {value.node for value in (*graph.outputs, *graph.inputs)}
    for index in reversed(range(len(graph.nodes))):
        assert index in needed
        needed |= {value.node for value in graph.nodes[index].inputs}


@given(graphs())
def test_shared_weights_count_once(graph: Graph) -> None:
    by_path = {node.path: node.weights for node in graph.nodes}
    numbers = [one.count for weights in by_path.values() for one in weights if one.trained]
    assert graph.params == sum(numbers)


@given(graphs(), st.data())
def test_a_stale_type_is_found(graph: Graph, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(graph.nodes) - 1))
    node = graph.nodes[index]
    wrong = replace(
        node, outputs=tuple(one.with_channels(one.channels + 1) for one in node.outputs)
    )
    nodes = (*graph.nodes[:index], wrong, *graph.nodes[index + 1 :])
    with pytest.raises(AssertionError, match=f"node {index} .* has stale output types|stale input"):
        verify(replace(graph, nodes=nodes))


@given(graphs())
def test_reading_a_later_node_is_found(graph: Graph) -> None:
    last = len(graph.nodes) - 1
    wrong = replace(graph.nodes[last], inputs=(Value(last),))
    with pytest.raises(AssertionError, match="reads a later node"):
        verify(replace(graph, nodes=(*graph.nodes[:last], wrong)))
