"""Pooling by a p-norm; 2 is L2 pooling."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from striate.nn._checks import (
    Sizes,
    per_axis,
    require_number,
    require_sizes,
    spatial_rank,
    window_count,
)

_NORM_MEANING = "below 1 it is no norm; 1 is the sum of |x|, 2 is L2 pooling, inf the largest |x|"


def lp_pool(
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    *,
    ceil_mode: bool = False,
    norm: float = 2.0,
) -> Tensor:
    """The p-norm of each window, (sum |x|^p)^(1/p).

    x: N×C×L, N×C×H×W or N×C×D×H×W. stride: the kernel where not given. padding: zeros on both
    sides. ceil_mode: a last window may stick out behind, over zeros. norm: p, at least 1, may be
    inf. Each window is divided by its largest |x| first, so nothing overflows or vanishes; the
    gradient of a window of zeros is 0.

    `torch.nn.LPPool2d` differs: it has no padding, takes odd powers of x where the norm takes
    those of |x| (NaN where their sum is negative), overflows in half precision at 256, and with
    ceil_mode enlarges windows that stick out.

    Raises:
        GraphError: nn-rank, nn-axes, nn-kernel-fits, nn-number.

    Source: Sermanet, Chintala and LeCun, "Convolutional Neural Networks Applied to House Numbers
    Digit Classification", 2012, section 2.2, with equal weights within the window.

    >>> lp_pool(torch.tensor([[[3.0, -4.0, 0.0, 0.0]]]), 2).tolist()
    [[[5.0, 0.0]]]
    """
    rank = spatial_rank("lp_pool", x)
    require_number("lp_pool", "norm", norm, 1, _NORM_MEANING)
    windows = _windows(x, kernel_size, stride, padding, ceil_mode)
    inner = tuple(range(-rank, 0))
    if norm == 1:
        return windows.sum(inner)
    if norm == math.inf:
        return windows.amax(inner)
    largest = windows.detach().amax(inner, keepdim=True)
    is_zero = largest == 0
    # Clamped, because infinity divided by itself is no number.
    scale = largest.masked_fill(is_zero, 1).clamp(max=torch.finfo(x.dtype).max)
    sums = (windows / scale).pow(norm).sum(inner, keepdim=True)
    roots = sums.masked_fill(is_zero, 1).pow(1 / norm) * scale
    return roots.masked_fill(is_zero, 0).flatten(-rank).squeeze(-1)


def _windows(
    x: Tensor, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, ceil_mode: bool
) -> Tensor:
    """|x| in windows: N×C×*O×*kernel."""
    rank = x.dim() - 2
    kernels = per_axis("lp_pool", "kernel_size", kernel_size, rank)
    strides = per_axis("lp_pool", "stride", kernel_size if stride is None else stride, rank)
    paddings = per_axis("lp_pool", "padding", padding, rank)
    margins: list[int] = []
    axes = list(zip(x.shape[2:], kernels, strides, paddings, strict=True))
    for length, kernel, step, pad in reversed(axes):
        count = window_count("lp_pool", (length, kernel, step, pad, 1), ceil_mode)
        overhang = (count - 1) * step + kernel - length - pad
        margins += [pad, overhang]
    windows = functional.pad(x, margins).abs()
    for axis, (_, kernel, step, _) in enumerate(axes):
        windows = windows.unfold(2 + axis, kernel, step)
    return windows


class LpPool(nn.Module):
    """Pooling by a p-norm; L2 pooling by default.

    N×C×L, N×C×H×W or N×C×D×H×W to N×C×*O. See `lp_pool` for the settings, how it differs from
    torch's, errors and source.

    >>> LpPool(3, stride=2, padding=1)(torch.randn(1, 8, 14, 14)).shape
    torch.Size([1, 8, 7, 7])
    """

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        norm: float = 2.0,
    ) -> None:
        super().__init__()
        self.kernel_size = require_sizes("LpPool", "kernel_size", kernel_size)
        self.stride = self.kernel_size if stride is None else stride
        require_sizes("LpPool", "stride", self.stride)
        self.padding = require_sizes("LpPool", "padding", padding, 0)
        self.ceil_mode = ceil_mode
        self.norm = require_number("LpPool", "norm", norm, 1, _NORM_MEANING)

    def forward(self, x: Tensor) -> Tensor:
        """Pool x."""
        return lp_pool(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            ceil_mode=self.ceil_mode,
            norm=self.norm,
        )

    def extra_repr(self) -> str:
        """Settings."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"ceil_mode={self.ceil_mode}, norm={self.norm:g}"
        )
