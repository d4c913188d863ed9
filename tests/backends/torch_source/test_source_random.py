"""Random networks as files: the same keys and numbers, laid out the way formatters do."""

from __future__ import annotations

from hypothesis import given, settings

from striate.backends.torch_source import source
from striate.backends.torch_source._format import formatted
from striate.ir import Graph
from tests.backends.torch_source.running import assert_same
from tests.strategies import graphs


@settings(max_examples=60)
@given(graphs())
def test_a_file_is_the_network(graph: Graph) -> None:
    text = assert_same(graph)
    assert formatted(text) == text


@settings(max_examples=20)
@given(graphs())
def test_the_same_network_gives_the_same_file(graph: Graph) -> None:
    assert source(graph) == source(graph)
