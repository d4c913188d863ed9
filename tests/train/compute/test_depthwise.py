"""Fast gradients of depthwise convolutions are those of torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d
from torch.overrides import TorchFunctionMode

from striate.train.compute.depthwise import FastGradients

# Channels, and height and width of images, kernel, stride, padding.
CASES = [
    (8, (9, 11), 3, 2, 1),
    (8, (10, 8), 5, 1, 2),
    (8, (10, 8), 5, 2, 2),
    (8, (7, 7), 5, 2, 0),
    (16, (12, 9), 7, 1, 3),
    (16, (9, 10), 7, 3, 1),
    (4, (6, 6), 4, 1, 0),
    # Planes smaller than the kernel: some of its columns never see anything.
    (8, (2, 2), 7, 1, 3),
    (8, (4, 1), 7, 1, 3),
    (8, (1, 3), 9, 2, 4),
    (4, (3, 3), 5, 1, 4),
]


def drawn(channels: int, sizes: tuple[int, int], kernel: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(channels + kernel)
    images = torch.randn(3, channels, *sizes, generator=generator, dtype=torch.float64)
    weight = torch.randn(channels, 1, kernel, kernel, generator=generator, dtype=torch.float64)
    return images, weight


def gradients(
    images: Tensor, weight: Tensor, stride: int, padding: int
) -> tuple[Tensor, Tensor, Tensor]:
    """What a convolution gives, and its gradients for a loss that weighs each output otherwise."""
    images, weight = images.clone().requires_grad_(), weight.clone().requires_grad_()
    made = conv2d(images, weight, None, stride, padding, 1, len(weight))
    weights = torch.linspace(-1, 1, made.numel(), dtype=torch.float64).reshape(made.shape)
    of_images, of_weight = torch.autograd.grad((made.double() * weights).sum(), (images, weight))
    return made.detach(), of_images, of_weight


@pytest.mark.parametrize(("channels", "sizes", "kernel", "stride", "padding"), CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradients_are_those_of_double_precision(
    channels: int,
    sizes: tuple[int, int],
    kernel: int,
    stride: int,
    padding: int,
    dtype: torch.dtype,
) -> None:
    images, weight = (one.to(dtype).double() for one in drawn(channels, sizes, kernel))
    wanted = gradients(images, weight, stride, padding)
    last = images.to(dtype).contiguous(memory_format=torch.channels_last)
    with FastGradients():
        found = gradients(last, weight.to(dtype), stride, padding)
    # Of the largest number: 24 or 8 bits, and sums of some hundred terms.
    tolerance = 1e-5 if dtype == torch.float32 else 0.02
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == dtype
        assert one.shape == other.shape
        assert (one.double() - other).abs().max() / other.abs().max() < tolerance


def test_a_bias_is_added() -> None:
    images, weight = (one.float() for one in drawn(8, (9, 9), 5))
    bias = torch.arange(8.0, requires_grad=True)
    with FastGradients():
        last = images.contiguous(memory_format=torch.channels_last)
        made = conv2d(last, weight, bias, 1, 2, 1, 8)
    torch.testing.assert_close(made, conv2d(images, weight, bias, 1, 2, 1, 8), rtol=1e-4, atol=1e-4)
    made.sum().backward()  # type: ignore[no-untyped-call]
    assert bias.grad is not None
    torch.testing.assert_close(bias.grad, torch.full((8,), 3.0 * 9 * 9))


def test_with_autocast_it_is_computed_in_bfloat16_and_weights_get_float32() -> None:
    images, weight = (one.float() for one in drawn(8, (9, 9), 3))
    weight.requires_grad_()
    last = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16), FastGradients():
        made = conv2d(last, weight, None, 2, 1, 1, 8)
    made.sum().backward()  # type: ignore[no-untyped-call]
    assert made.dtype == torch.bfloat16
    assert weight.grad is not None
    assert weight.grad.dtype == torch.float32


class Seen(TorchFunctionMode):
    """Counts the calls of `conv2d` that are left to torch."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.count += func is torch.conv2d
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "groups"),
    [(3, 1, 1, 8), (5, 1, 2, 8), (5, 1, 1, 4), (5, 1, 1, 1)],
)
def test_what_torch_does_fast_or_else_is_left_to_it(
    kernel: int, stride: int, dilation: int, groups: int
) -> None:
    images = torch.randn(2, 8, 12, 12).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(8, 8 // groups, kernel, kernel)
    with Seen() as seen, FastGradients():
        made = conv2d(images, weight, None, stride, 2, dilation, groups)
    assert seen.count == 1
    assert torch.equal(made, conv2d(images, weight, None, stride, 2, dilation, groups))
