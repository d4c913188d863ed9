"""The affine sampler against loops, and where it must be the identity, a shift or a flip."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import striate.nn as snn
from striate.errors import GraphError
from tests.nn.references import double, interpolated, places


def slow_warp(x: Tensor, theta: Tensor, size: tuple[int, ...], align_corners: bool) -> Tensor:
    """Equations 1 and 5 of the paper, one pixel at a time, zeros outside."""
    rank = len(size)
    out = torch.zeros(x.shape[0], x.shape[1], *size, dtype=x.dtype)
    matrix = theta.reshape(-1, rank, rank + 1)
    for n, channel, *place in places(out.shape):
        target = [_unit(p, length, align_corners) for p, length in zip(place, size, strict=True)]
        homogeneous = torch.tensor([*reversed(target), 1.0], dtype=x.dtype)
        source = reversed((matrix[n] @ homogeneous).tolist())
        pixels = [_pixel(u, n_, align_corners) for u, n_ in zip(source, x.shape[2:], strict=True)]
        out[(n, channel, *place)] = interpolated(x[n, channel], pixels)
    return out


def _unit(pixel: int, length: int, align_corners: bool) -> float:
    """A pixel's centre in -1..1."""
    if align_corners:
        return -1 + 2 * pixel / (length - 1) if length > 1 else 0.0
    return -1 + (pixel + 0.5) * 2 / length


def _pixel(unit: float, length: int, align_corners: bool) -> float:
    """A place in -1..1 as a pixel number."""
    if align_corners:
        return (unit + 1) / 2 * (length - 1)
    return (unit + 1) / 2 * length - 0.5


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("grows", [False, True])
def test_equals_slow_loops(rank: int, align_corners: bool, grows: bool) -> None:
    x = double(2, 2, *(4, 5, 3)[:rank])
    size = (3, 4, 5)[:rank] if grows else tuple(x.shape[2:])
    theta = snn.identity_theta(rank) + 0.4 * double(2, rank * (rank + 1))
    found = snn.AffineWarp(size if grows else None, align_corners=align_corners)(x, theta)
    torch.testing.assert_close(found, slow_warp(x, theta, size, align_corners))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("align_corners", [False, True])
def test_identity_theta_changes_nothing(rank: int, align_corners: bool) -> None:
    x = double(2, 3, *(5, 6, 4)[:rank])
    theta = snn.identity_theta(rank).double().expand(2, -1)
    torch.testing.assert_close(snn.affine_warp(x, theta, align_corners=align_corners), x)


def test_rows_of_theta_are_x_then_y() -> None:
    x = double(1, 1, 4, 4)
    two_right = torch.tensor([[1, 0, 1.0, 0, 1, 0]]).double()  # a shift of 1 is half the width
    expected = torch.cat([x[..., 2:], torch.zeros(1, 1, 4, 2)], -1)
    torch.testing.assert_close(snn.affine_warp(x, two_right), expected)


def test_negative_factor_mirrors() -> None:
    x = double(1, 1, 3, 4)
    mirrored = torch.tensor([[[-1, 0, 0], [0, 1, 0]]]).double()
    torch.testing.assert_close(snn.affine_warp(x, mirrored), x.flip(-1))


def test_border_padding_repeats_the_edge() -> None:
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])
    theta = torch.tensor([[1.0, 1.0]])
    found = snn.affine_warp(x, theta, padding_mode="border")
    assert found.flatten().tolist() == [3, 4, 4, 4]


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_gradients_are_right(rank: int) -> None:
    x = double(1, 1, *(4, 3, 3)[:rank]).requires_grad_()
    # Away from the identity, where each place lies on a kink of the interpolation.
    theta = snn.identity_theta(rank).double() + 0.1 + 0.1 * double(1, rank * (rank + 1))
    assert torch.autograd.gradcheck(snn.AffineWarp(), (x, theta.requires_grad_()))


def test_half_precision_keeps_the_pixels_apart() -> None:
    x = torch.randn(1, 1, 2, 300).to(torch.bfloat16)
    found = snn.affine_warp(x, snn.identity_theta(2)[None].to(torch.bfloat16))
    # One rounding to bfloat16, 8 bits.
    torch.testing.assert_close(found, x, rtol=2**-7, atol=1e-3)


def test_theta_of_wrong_length_says_how_many_numbers_end_the_localisation() -> None:
    with pytest.raises(GraphError) as caught:
        snn.AffineWarp()(torch.zeros(2, 3, 8, 8), torch.zeros(2, 4))
    assert str(caught.value) == (
        "error: affine_grid: theta is 2x4, expected 2x6 or 2x2x3 for 2 spatial axes  [nn-theta]\n"
        "   = help: end the localisation network with 6 numbers per example"
    )


def test_theta_of_another_batch_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        snn.AffineWarp()(torch.zeros(2, 3, 8, 8), torch.zeros(1, 6))
    assert str(caught.value) == (
        "error: affine_warp: the input is 2x3x8x8 and theta 1x6, expected as many maps as "
        "examples  [nn-batches]\n"
        "   = help: repeat a single map with theta.expand(len(x), -1)"
    )
