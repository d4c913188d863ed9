"""Subsampling behind a fixed low-pass filter."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from striate.errors import GraphError
from striate.nn._checks import (
    Sizes,
    per_axis,
    require_choice,
    require_sizes,
    require_whole,
    shape_text,
    spatial_rank,
)

_CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
_LARGEST_KERNEL = 7
_PADDING_MODES = ("reflect", "replicate", "zeros")


class BlurPool(nn.Module):
    """Subsampling that blurs first, so that shifted images give shifted results.

    N×C×L, N×C×H×W or N×C×D×H×W to N×C×*O, each axis ceil(n / stride) long. The filter is a row of
    Pascal's triangle of kernel_size (1 to 7) numbers along each axis, sum 1, the same for every
    channel; it is no parameter and stands in no state_dict. kernel_size 1 only subsamples. Padding
    is (kernel_size - 1) / 2 on both sides, for even kernels one more behind, as in the paper's
    code; timm's BlurPool2d agrees for stride 2 and odd kernels.

    A max pool becomes `MaxPool2d(k, stride=1)` and BlurPool; a strided convolution the same
    convolution with stride 1, its activation, and BlurPool.

    Raises:
        GraphError: nn-whole-number; nn-blur-kernel, kernel_size is over 7; nn-choice; nn-rank;
            nn-axes; nn-reflect, an axis is not longer than the pixels to reflect.

    Source: Zhang, "Making Convolutional Networks Shift-Invariant Again", 2019, section 3.2.

    >>> BlurPool()(torch.tensor([[[0.0, 0.0, 4.0, 0.0, 0.0]]])).tolist()
    [[[0.0, 2.0, 0.0]]]
    """

    taps: Tensor

    def __init__(
        self, kernel_size: int = 3, stride: Sizes = 2, padding_mode: str = "reflect"
    ) -> None:
        super().__init__()
        self.kernel_size = require_whole("BlurPool", "kernel_size", kernel_size)
        if kernel_size > _LARGEST_KERNEL:
            raise GraphError.of(
                "nn-blur-kernel",
                f"BlurPool: kernel_size is {kernel_size}, expected 1 to {_LARGEST_KERNEL}",
                "3 is the usual choice, 5 blurs more",
            )
        self.stride = require_sizes("BlurPool", "stride", stride)
        self.padding_mode = require_choice("BlurPool", "padding_mode", padding_mode, _PADDING_MODES)
        steps = kernel_size - 1
        row = [math.comb(steps, k) / 2**steps for k in range(kernel_size)]
        self.register_buffer("taps", torch.tensor(row), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Blur and subsample x."""
        rank = spatial_rank("BlurPool", x)
        stride = per_axis("BlurPool", "stride", self.stride, rank)
        kernel = self.taps.to(x.dtype)
        for _ in range(rank - 1):
            kernel = kernel.unsqueeze(-1) * self.taps.to(x.dtype)
        filters = kernel.expand(x.shape[1], 1, *kernel.shape)
        return _CONVOLVE[rank](self._padded(x, rank), filters, stride=stride, groups=x.shape[1])

    def _padded(self, x: Tensor, rank: int) -> Tensor:
        before, after = (self.kernel_size - 1) // 2, self.kernel_size // 2
        if after == 0:
            return x
        if self.padding_mode == "reflect" and min(x.shape[2:]) <= after:
            raise GraphError.of(
                "nn-reflect",
                f"BlurPool: cannot reflect {after} pixel(s) of an input of "
                f"{shape_text(x.shape[2:])} pixels",
                "use a smaller kernel_size, padding_mode='replicate', or pool less before it",
            )
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        return functional.pad(x, (before, after) * rank, mode=mode)

    def extra_repr(self) -> str:
        """Settings."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding_mode={self.padding_mode}"
        )
