"""Pooling by a p-norm against loops, against torch where torch is right, and in hard places."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import striate.nn as snn
from striate.errors import GraphError
from tests.nn.references import double, places


def slow_pool(x: Tensor, kernel: int, stride: int, out: tuple[int, ...], norm: float) -> Tensor:
    """The definition, one window at a time; windows may stick out."""
    result = torch.zeros(*x.shape[:2], *out, dtype=x.dtype)
    for n, channel, *place in places(result.shape):
        window = x[n, channel]
        for axis, p in enumerate(place):
            length = min(kernel, x.shape[2 + axis] - p * stride)
            window = window.narrow(axis, p * stride, length)
        values = [abs(v) for v in window.flatten().tolist()]
        result[(n, channel, *place)] = (
            max(values) if math.isinf(norm) else sum(v**norm for v in values) ** (1 / norm)
        )
    return result


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("norm", [1, 1.5, 2, 3, math.inf])
def test_equals_slow_loops(rank: int, norm: float) -> None:
    x = double(2, 2, *(7, 6, 5)[:rank])
    found = snn.LpPool(3, stride=2, norm=norm)(x)
    torch.testing.assert_close(found, slow_pool(x, 3, 2, (3, 2, 2)[:rank], norm))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_ceil_mode_pools_what_is_left_at_the_end(rank: int) -> None:
    x = double(1, 2, *(8, 6, 5)[:rank])
    found = snn.LpPool(3, stride=2, ceil_mode=True)(x)
    # ceil((8-3)/2)+1 = 4, ceil((6-3)/2)+1 = 3, ceil((5-3)/2)+1 = 2
    torch.testing.assert_close(found, slow_pool(x, 3, 2, (4, 3, 2)[:rank], 2))


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("size", range(4, 12))
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(2, 2, 1), (3, 2, 1), (2, 3, 1), (3, 2, 0)]
)
def test_sizes_are_those_of_torchs_max_pool(
    size: int, kernel: int, stride: int, padding: int, ceil_mode: bool
) -> None:
    x = double(1, 1, size, 5)
    expected = nn.functional.max_pool2d(x.abs(), kernel, stride, padding, ceil_mode=ceil_mode)
    found = snn.lp_pool(x, kernel, stride, padding, ceil_mode=ceil_mode, norm=math.inf)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("norm", [1, 2, 3])
def test_equals_torch_on_positive_inputs(norm: float) -> None:
    x = double(2, 3, 8, 8).abs()
    torch.testing.assert_close(snn.LpPool(2, norm=norm)(x), nn.LPPool2d(norm, 2)(x))


def test_odd_norm_of_negative_numbers_is_right_where_torch_is_not() -> None:
    x = torch.tensor([[[-3.0, -4.0]]])
    assert snn.LpPool(2, norm=3)(x).item() == pytest.approx((27 + 64) ** (1 / 3))
    assert not nn.LPPool1d(3, 2)(x).item() > 0


@pytest.mark.parametrize("norm", [1, 1.5, 2, 3, math.inf])
def test_gradient_at_a_window_of_zeros_is_zero(norm: float) -> None:
    x = torch.zeros(1, 1, 4, requires_grad=True)
    snn.LpPool(2, norm=norm)(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[[0, 0, 0, 0]]]


@pytest.mark.parametrize("norm", [1, 1.5, 2, 3, math.inf])
def test_gradients_are_right(norm: float) -> None:
    x = double(1, 2, 5, 4).requires_grad_()
    pool = snn.LpPool(3, stride=2, padding=1, ceil_mode=True, norm=norm)
    assert torch.autograd.gradcheck(pool, x)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
@pytest.mark.parametrize("norm", [2, 10])
def test_neither_overflows_nor_vanishes(scale: float, norm: float) -> None:
    pool = snn.LpPool(2, norm=norm)
    x = torch.tensor([[[3.0, -4.0]]])
    # The windows are the same up to the scale: to single precision.
    assert pool(x * scale).item() == pytest.approx(pool(x).item() * scale, rel=1e-5)


def test_half_precision_does_not_overflow_at_300() -> None:
    x = torch.tensor([[[300.0, 400.0]]], dtype=torch.float16)
    assert snn.LpPool(2)(x).item() == 500
    assert nn.LPPool1d(2, 2)(x).item() == math.inf


def test_torch_enlarges_the_last_window_of_ceil_mode() -> None:
    x = torch.tensor([[[0.0, 0.0, 3.0]]])
    assert snn.LpPool(2, ceil_mode=True)(x).flatten().tolist() == [0, 3]
    theirs = nn.LPPool1d(2, 2, ceil_mode=True)(x).flatten().tolist()
    assert theirs == pytest.approx([0, 3 * math.sqrt(2)])


def test_infinity_and_nan_stay_visible() -> None:
    x = torch.tensor([[[math.inf, 1.0, math.nan, 1.0]]])
    first, second = snn.LpPool(2)(x).flatten().tolist()
    assert first == math.inf
    assert math.isnan(second)


def test_norm_below_one_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        snn.LpPool(2, norm=0.5)
    assert str(caught.value) == (
        "error: LpPool: norm is 0.5, expected at least 1  [nn-number]\n"
        "   = help: below 1 it is no norm; 1 is the sum of |x|, 2 is L2 pooling, "
        "inf the largest |x|"
    )


def test_kernel_larger_than_the_input_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        snn.LpPool(3)(torch.zeros(1, 1, 8, 2))
    assert str(caught.value) == (
        "error: lp_pool: the kernel covers 3 pixels, but the axis has 2 + 2*0 of padding  "
        "[nn-kernel-fits]\n"
        "   = help: use a smaller kernel, more padding, or fewer poolings and strides before it"
    )
