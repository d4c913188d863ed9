"""Fast gradients of convolutions on small planes are those of torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from striate.train.compute.depthwise import FastGradients
from striate.train.compute.small_planes import fast_on_small_planes, is_worth_it

# Inputs, outputs, height and width of images, kernel, stride, padding.
CASES = [
    (3, 5, (8, 7), (3, 3), (1, 1), (1, 1)),
    (4, 2, (9, 8), (3, 3), (2, 2), (1, 1)),
    (2, 3, (5, 6), (1, 3), (1, 1), (0, 1)),
    (2, 3, (7, 6), (2, 4), (2, 1), (0, 2)),
    (2, 3, (1, 1), (3, 3), (1, 1), (1, 1)),
]


def drawn(*sizes: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(sum(sizes))
    return torch.randn(*sizes, generator=generator, dtype=dtype)


@pytest.mark.parametrize(("inputs", "outputs", "sizes", "kernel", "stride", "padding"), CASES)
def test_gradients_are_those_of_torch(
    inputs: int,
    outputs: int,
    sizes: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> None:
    images = drawn(3, inputs, *sizes).contiguous(memory_format=torch.channels_last)
    weight = drawn(outputs, inputs, *kernel).requires_grad_()
    images.requires_grad_()
    wanted = conv2d(images, weight, None, stride, padding)
    found = fast_on_small_planes(images, weight, stride, padding)
    torch.testing.assert_close(found, wanted)
    share = drawn(*wanted.shape)
    for one, other in zip(
        torch.autograd.grad(found, (images, weight), share),
        torch.autograd.grad(wanted, (images, weight), share),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("side", "dtype"), [(8, "bfloat16"), (9, "bfloat16"), (8, "float32")])
def test_small_planes_in_bfloat16_go_the_fast_way(side: int, dtype: str) -> None:
    kind: torch.dtype = getattr(torch, dtype)
    images = drawn(1, 128, side, side).to(kind).contiguous(memory_format=torch.channels_last)
    weight = drawn(128, 128, 3, 3).to(kind).requires_grad_()
    with FastGradients():
        made = conv2d(images, weight, None, 1, 1)
    assert made.grad_fn is not None
    is_fast = made.grad_fn.name() == "_SmallPlanesBackward"
    assert is_fast == (side == 8 and dtype == "bfloat16")


@pytest.mark.parametrize(
    ("channels", "kernel", "wants"), [(64, 3, True), (128, 1, True), (128, 3, False)]
)
def test_it_is_not_worth_it_for_few_channels_one_place_or_without_gradient(
    channels: int, kernel: int, wants: bool
) -> None:
    images = drawn(1, channels, 8, 8)
    weight = drawn(128, channels, kernel, kernel).requires_grad_(wants)
    assert not is_worth_it(images, weight, (1, 1), (kernel // 2, kernel // 2))


def test_with_autocast_a_bias_is_added_and_weights_get_float32() -> None:
    images = drawn(2, 128, 4, 4, dtype=torch.float32)
    images = images.contiguous(memory_format=torch.channels_last)
    weight = drawn(128, 128, 3, 3, dtype=torch.float32).requires_grad_()
    bias = drawn(128, dtype=torch.float32).requires_grad_()
    wanted = conv2d(images, weight, bias, 1, 1).detach()
    with torch.autocast("cpu", torch.bfloat16), FastGradients():
        made = conv2d(images, weight, bias, 1, 1)
    made.sum().backward()  # type: ignore[no-untyped-call]
    assert made.dtype == torch.bfloat16
    assert weight.grad is not None
    assert bias.grad is not None
    assert weight.grad.dtype == bias.grad.dtype == torch.float32
    # Eight bits of numbers that are sums of 1,152 products.
    torch.testing.assert_close(made.float(), wanted, rtol=0.02, atol=1.0)
