"""Extents at borders, worked out by hand; `tests/backends` compares them with gradients."""

from __future__ import annotations

from striate.analysis.extent import extent
from tests.analysis.graphs import Sketch, chain


def test_padding_is_cut_off_at_the_border() -> None:
    graph = chain((1, 8, 8), ("conv", 1, 5))
    assert extent(graph, graph.outputs[0], (0, 4)) == (((0, 2), (2, 6)),)


def test_padding_between_layers_does_not_reach_back_into_the_image() -> None:
    # Position 0 of the 1x1 behind one pixel of padding is padding: it sees nothing.
    graph = chain((1, 8), ("conv", 1, 1, 1, 1), ("conv", 1, 1))
    assert extent(graph, graph.outputs[0], (0,)) == (None,)
    assert extent(graph, graph.outputs[0], (1,)) == (((0, 0),),)


def test_branches_are_joined() -> None:
    sketch = Sketch(1, 9)
    left = sketch("conv", 1, 3, to=sketch.input)
    both = sketch("+", to=[left, sketch("conv", 1, 5, to=sketch.input)])
    graph = sketch.graph(both)
    assert extent(graph, both, (4,)) == (((2, 6),),)


def test_a_flat_value_has_one_position() -> None:
    graph = chain((1, 6, 4), ("conv", 1), ("gap",), ("fc", 3))
    assert extent(graph, graph.outputs[0], ()) == (((0, 5), (0, 3)),)
