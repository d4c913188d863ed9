"""Blur pooling against loops and against a hand-worked filter."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

import striate.nn as snn
from striate.errors import GraphError
from tests.nn.references import double, places


def mirrored(index: int, length: int) -> int:
    """An index outside brought back by reflection at the border pixels."""
    index = abs(index)
    return 2 * (length - 1) - index if index >= length else index


def slow_blur(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Weights of Pascal's triangle, one output at a time, borders mirrored."""
    size = x.shape[2:]
    out = torch.zeros(*x.shape[:2], *(-(-n // stride) for n in size), dtype=x.dtype)
    for n, channel, *place in places(out.shape):
        for point in places((kernel,) * len(size)):
            weight = math.prod(math.comb(kernel - 1, k) / 2 ** (kernel - 1) for k in point)
            read = [
                mirrored(o * stride + k - (kernel - 1) // 2, length)
                for o, k, length in zip(place, point, size, strict=True)
            ]
            out[(n, channel, *place)] += weight * x[(n, channel, *read)]
    return out


@pytest.mark.parametrize(("rank", "kernels"), [(1, range(1, 8)), (2, range(1, 8)), (3, (2, 3))])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_equals_slow_loops(rank: int, kernels: range | tuple[int, ...], stride: int) -> None:
    x = double(1, 2, *(8, 5, 4)[:rank])
    for kernel in kernels:
        layer = snn.BlurPool(kernel, stride).double()
        torch.testing.assert_close(layer(x), slow_blur(x, kernel, stride))


def test_binomial_filter_of_three_by_hand() -> None:
    impulse = torch.zeros(1, 1, 3, 3)
    impulse[0, 0, 1, 1] = 16
    assert snn.BlurPool(3, stride=1, padding_mode="zeros")(impulse)[0, 0].tolist() == [
        [1, 2, 1],
        [2, 4, 2],
        [1, 2, 1],
    ]


@pytest.mark.parametrize("padding_mode", ["reflect", "replicate"])
@pytest.mark.parametrize("kernel", range(1, 8))
def test_keeps_a_constant_image(kernel: int, padding_mode: str) -> None:
    out = snn.BlurPool(kernel, padding_mode=padding_mode)(torch.full((1, 2, 9, 8), 3.0))
    assert out.tolist() == torch.full((1, 2, 5, 4), 3.0).tolist()


def test_stride_may_differ_between_axes() -> None:
    x = double(1, 2, 8, 6)
    layer = snn.BlurPool(3, stride=(2, 1)).double()
    torch.testing.assert_close(layer(x), slow_blur(x, 3, 1)[:, :, ::2])


def test_has_no_keys() -> None:
    assert snn.BlurPool().state_dict() == {}
    assert list(snn.BlurPool().parameters()) == []


def test_gradients_are_right() -> None:
    x = double(1, 2, 5, 4).requires_grad_()
    assert torch.autograd.gradcheck(snn.BlurPool(4).double(), x)


def test_too_large_a_kernel_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        snn.BlurPool(8)
    assert str(caught.value) == (
        "error: BlurPool: kernel_size is 8, expected 1 to 7  [nn-blur-kernel]\n"
        "   = help: 3 is the usual choice, 5 blurs more"
    )


def test_nothing_to_reflect_is_said() -> None:
    with pytest.raises(GraphError) as caught:
        snn.BlurPool(5)(torch.zeros(1, 1, 4, 2))
    assert str(caught.value) == (
        "error: BlurPool: cannot reflect 2 pixel(s) of an input of 4x2 pixels  [nn-reflect]\n"
        "   = help: use a smaller kernel_size, padding_mode='replicate', or pool less before it"
    )
