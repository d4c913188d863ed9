"""What the analysis says a position sees, against where torch's gradient is not zero."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from striate.analysis.extent import extent
from striate.analysis.receptive_field import receptive_field
from striate.backends.torch_module import module
from striate.ir import Graph
from tests.strategies import CHANGING, KEEPING, Call, graphs, sizes_of

HIDES = {"gn", "ln", "softmax", "maxpool", "relu6"}
"""Layers whose gradient may be zero: what they give sums to a constant, or they choose or clip."""
Box = tuple[tuple[int, int], ...]


def shows(call: Call) -> bool:
    """Whether every pixel that the layer sees has a gradient, weights and image being positive."""
    name, settings_ = call
    hangs_over = settings_.get("d", 1) != 1
    return name not in HIDES and not hangs_over


SHOWING = tuple(call for call in KEEPING + CHANGING if shows(call))


@torch.no_grad()
def make_positive(network: nn.Module) -> None:
    """Weights above zero, scaled so that values stay near one and no activation saturates."""
    for weight in network.parameters():
        fan = weight[0].numel() if weight.dim() > 1 else 1
        weight.copy_((torch.rand_like(weight) / 2 + 0.5) / fan)


def gradients(graph: Graph, position: tuple[int, ...]) -> list[Tensor]:
    """For each input, how much each pixel moves the sum of channels at one position."""
    network = module(graph, dtype=torch.float64).eval()
    make_positive(network)
    images = [
        (torch.rand(1, *sizes_of(one), dtype=torch.float64) / 10).requires_grad_()
        for one in graph.input_types
    ]
    output = network(*images)[(0, slice(None), *position)].sum()
    found = torch.autograd.grad(output, images, allow_unused=True, materialize_grads=True)
    return [one[0].abs().amax(0) for one in found]


def box_of(gradient: Tensor) -> Box | None:
    """The smallest box around what is not zero."""
    places = gradient.nonzero()
    if not len(places):
        return None
    low, high = places.amin(0).tolist(), places.amax(0).tolist()
    return tuple(zip(low, high, strict=True))


@settings(max_examples=50)
@given(graphs(layers=SHOWING, most_outputs=1), st.data())
def test_the_extent_of_a_position_is_that_of_its_gradient(
    graph: Graph, data: st.DataObject
) -> None:
    (value,) = graph.outputs
    plane = sizes_of(graph.type_of(value))[1:]
    position = tuple(data.draw(st.integers(0, size - 1)) for size in plane)
    found = [box_of(one) for one in gradients(graph, position)]
    assert list(extent(graph, value, position)) == found


@settings(max_examples=50)
@given(graphs(layers=SHOWING, most_outputs=1), st.data())
def test_the_receptive_field_holds_the_gradient(graph: Graph, data: st.DataObject) -> None:
    (value,) = graph.outputs
    plane = sizes_of(graph.type_of(value))[1:]
    position = tuple(data.draw(st.integers(0, size - 1)) for size in plane)
    fields = receptive_field(graph)[value]
    for field, gradient in zip(fields, gradients(graph, position), strict=True):
        box = box_of(gradient)
        assert (field is None) == (box is None)
        if field is None or box is None:
            continue
        for axis, at, (first, last), size in zip(
            field.largest.axes, position, box, gradient.shape, strict=True
        ):
            span = axis.span(at)
            assert span is not None
            assert span[0] <= first
            assert last <= span[1]
            # A whole axis is cut to the image, so what was padding no longer shows.
            if not axis.is_whole and span[0] >= 0 and span[1] < size:
                assert span == (first, last)
