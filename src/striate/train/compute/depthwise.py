"""Convolutions whose gradients are fast on a CPU: depthwise ones, and those on small planes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad
from torch.overrides import TorchFunctionMode

from striate.train.compute.small_planes import fast_on_small_planes, is_worth_it

# oneDNN 3.12 makes weight gradients of depthwise kernels this wide, channels last, ten times
# faster than those of wider ones.
FAST_WIDTH = 3

Sizes = tuple[int, int]


class _Convolution(NamedTuple):
    """The arguments of a `torch.conv2d`."""

    images: Tensor
    weight: Tensor
    bias: Tensor | None = None
    stride: Sequence[int] | int = 1
    padding: Sequence[int] | int | str = 0
    dilation: Sequence[int] | int = 1
    groups: int = 1


class FastGradients(TorchFunctionMode):
    """A block in which slow gradients of convolutions are computed another way.

    They are the same sums in another order. Three cases are slow with oneDNN 3.12 and channels
    last. Of depthwise convolutions the gradient of the images in bfloat16 with a stride (30 times;
    float32 is used for it), and the gradient of weights wider than 3 (6 to 30 times; it is put
    together from narrower ones). Of others, in bfloat16, the gradient of weights on planes of up to
    8×8 (up to 14 times; see `small_planes`).
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is torch.conv2d:
            found = _Convolution(*args, **(kwargs or {}))
            if (fast := _fast(found)) is not None:
                return fast
        return func(*args, **(kwargs or {}))


def _fast(given: _Convolution) -> Tensor | None:
    """Its result with a fast gradient; None where that of torch is as fast."""
    images, weight = given.images, given.weight
    if images.ndim != 4 or images.is_cuda or isinstance(given.padding, str):
        return None
    stride, padding, dilation = map(_pair, (given.stride, given.padding, given.dilation))
    if dilation != (1, 1) or not images.is_contiguous(memory_format=torch.channels_last):
        return None
    dtype = _dtype(images)
    is_short = dtype == torch.bfloat16
    is_depthwise = given.groups == len(weight) > 1 and weight.shape[1] == 1
    is_slow = (max(stride) > 1 and is_short) or weight.shape[3] > FAST_WIDTH
    if is_depthwise and is_slow:
        result: Tensor = _Depthwise.apply(  # type: ignore[no-untyped-call]
            images.to(dtype), weight.to(dtype), stride, padding
        )
    elif given.groups == 1 and is_short and is_worth_it(images, weight, stride, padding):
        result = fast_on_small_planes(images.to(dtype), weight.to(dtype), stride, padding)
    else:
        return None
    return result if given.bias is None else result + given.bias.to(dtype)[:, None, None]


def _dtype(images: Tensor) -> torch.dtype:
    """What the convolution is computed in."""
    if torch.is_autocast_enabled("cpu"):
        return torch.get_autocast_dtype("cpu")
    return images.dtype


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution; images N×C×H×W with channels last, weight C×1×K×K."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, stride: Sizes, padding: Sizes) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.stride, ctx.padding = stride, padding
        return torch.conv2d(images, weight, None, stride, padding, groups=len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        images, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        of_images = of_weight = None
        if ctx.needs_input_grad[0]:
            of_images = _images_gradient(gradient, images, weight, ctx.stride, ctx.padding)
        if ctx.needs_input_grad[1]:
            of_weight = _weight_gradient(gradient, images, weight, ctx.stride, ctx.padding)
        return of_images, of_weight, None, None


def _images_gradient(
    gradient: Tensor, images: Tensor, weight: Tensor, stride: Sizes, padding: Sizes
) -> Tensor:
    dtype = torch.float32 if max(stride) > 1 else images.dtype
    # Only the sizes of the images matter here.
    like = images if dtype == images.dtype else images.new_empty((), dtype=dtype).expand_as(images)
    made = _gradients(
        gradient.to(dtype), like, weight.to(dtype), (stride, padding), [True, False, False]
    )[0]
    return made.to(images.dtype)


def _weight_gradient(
    gradient: Tensor, images: Tensor, weight: Tensor, stride: Sizes, padding: Sizes
) -> Tensor:
    """Put together from the gradients of kernels that are columns of this one."""
    if weight.shape[3] <= FAST_WIDTH:
        mask = [False, True, False]
        return _gradients(gradient, images, weight, (stride, padding), mask)[1]
    parts = []
    for first, columns in _columns(weight.shape[3]):
        # The images that these columns see: from `first - padding` on, and no further than needed.
        left = padding[1] - first
        width = stride[1] * (gradient.shape[3] - 1) + columns
        right = width - images.shape[3] - left
        part = weight[..., first : first + columns].contiguous()
        if min(left, right) <= -images.shape[3]:  # they see the padding only
            parts.append(torch.zeros_like(part))
            continue
        seen = pad(images, (left, right))
        mask = [False, True, False]
        parts.append(_gradients(gradient, seen, part, (stride, (padding[0], 0)), mask)[1])
    return torch.cat(parts, dim=3)


def _columns(width: int) -> list[tuple[int, int]]:
    """First column and number of columns of each part of a kernel: 5 gives (0, 3) and (3, 2)."""
    return [(first, min(FAST_WIDTH, width - first)) for first in range(0, width, FAST_WIDTH)]


def _gradients(
    gradient: Tensor,
    images: Tensor,
    weight: Tensor,
    steps: tuple[Sizes, Sizes],
    mask: list[bool],
) -> tuple[Tensor, Tensor, Tensor]:
    stride, padding = steps
    made: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        gradient, images, weight, None, stride, padding, (1, 1), False, (0, 0), len(weight), mask
    )
    return made


def _pair(sizes: Sequence[int] | int) -> Sizes:
    if isinstance(sizes, int):
        return sizes, sizes
    high, wide = sizes if len(sizes) == 2 else (sizes[0], sizes[0])
    return high, wide
