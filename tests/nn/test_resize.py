"""Interpolation to another size: against a loop, and the choice of torch's mode by rank."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

import striate.nn as snn
from striate.errors import GraphError
from tests.nn.references import double, interpolated, places


def slow_linear(x: Tensor, size: tuple[int, ...], align_corners: bool) -> Tensor:
    """Linear interpolation, one pixel at a time, the border repeated outside."""
    out = torch.zeros(*x.shape[:2], *size, dtype=x.dtype)
    for n, channel, *place in places(out.shape):
        read = []
        for pixel, new, old in zip(place, size, x.shape[2:], strict=True):
            if align_corners:
                source = pixel * (old - 1) / (new - 1)
            else:
                source = (pixel + 0.5) * old / new - 0.5
            read.append(min(max(source, 0), old - 1))
        out[(n, channel, *place)] = interpolated(x[n, channel], read)
    return out


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("mode", ["linear", "bilinear", "trilinear"])
def test_linear_interpolates_along_every_axis(rank: int, align_corners: bool, mode: str) -> None:
    x = double(1, 2, *(3, 4, 2)[:rank])
    size = (6, 3, 5)[:rank]
    found = snn.Resize(size=size, mode=mode, align_corners=align_corners)(x)
    torch.testing.assert_close(found, slow_linear(x, size, align_corners))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_nearest_repeats_pixels(rank: int) -> None:
    x = double(2, 3, *(3, 4, 2)[:rank])
    expected = x
    for axis in range(2, 2 + rank):
        expected = expected.repeat_interleave(2, axis)
    assert torch.equal(snn.Resize(2)(x), expected)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "linear", "area", "bicubic"])
def test_goes_to_the_size_of_the_second_input(mode: str) -> None:
    x = double(2, 3, 4, 4)
    torch_mode = "bilinear" if mode == "linear" else mode
    expected = functional.interpolate(x, (5, 7), mode=torch_mode)
    assert torch.equal(snn.Resize(mode=mode)(x, double(1, 1, 5, 7)), expected)


def test_factors_may_differ_between_axes_and_round_down() -> None:
    assert snn.Resize((0.5, 1.5))(torch.zeros(1, 1, 5, 5)).shape == (1, 1, 2, 7)


def test_factor_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        snn.Resize(0.25)(torch.zeros(1, 1, 8, 3))
    assert str(caught.value) == (
        "error: Resize: 3 pixels times 0.25 leave none  [nn-empty-size]\n"
        "   = help: use a larger scale_factor, or a larger input"
    )


def test_factors_of_another_rank_are_refused() -> None:
    with pytest.raises(GraphError, match="nn-axes") as caught:
        snn.Resize((2.0, 3.0))(torch.zeros(1, 1, 8))
    assert "scale_factor has 2 numbers (2.0, 3.0), expected 1" in str(caught.value)
