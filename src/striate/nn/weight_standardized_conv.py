"""Convolution with standardised filters."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from striate.nn._checks import (
    Sizes,
    per_axis,
    require_channels,
    require_division,
    require_number,
    require_sizes,
    require_whole,
    spatial_rank,
)


def standardized(weight: Tensor, eps: float = 1e-6) -> Tensor:
    """Each filter with mean 0 and variance 1.

    weight: K×C×*kernel; mean and variance (divided by the count) are taken over all but the first
    axis, eps is added to the variance.

    >>> standardized(torch.tensor([[[1.0, 3.0]]]), eps=0.0).tolist()
    [[[-1.0, 1.0]]]
    """
    inner = tuple(range(1, weight.dim()))
    variance, mean = torch.var_mean(weight, inner, correction=0, keepdim=True)
    return (weight - mean) * torch.rsqrt(variance + eps)


class _WeightStandardizedConv(nn.Module):
    """Settings of a convolution with standardised filters; stands before `nn.Conv*d`."""

    rank: int
    weight: Tensor
    bias: Tensor | None

    def __init__(  # noqa: PLR0913 - torch's arguments
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        eps: float = 1e-6,
    ) -> None:
        name = type(self).__name__
        require_whole(name, "groups", groups)
        require_division(name, require_whole(name, "in_channels", in_channels), groups, "groups")
        require_division(name, require_whole(name, "out_channels", out_channels), groups, "groups")
        sizes = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}
        axes = {
            key: per_axis(name, key, require_sizes(name, key, value), self.rank)
            for key, value in sizes.items()
        }
        require_number(name, "eps", eps, 0, "eps keeps a filter of equal weights finite")
        super().__init__(
            in_channels,
            out_channels,
            padding=padding,
            groups=groups,
            bias=bias,
            padding_mode=padding_mode,
            **axes,
        )
        self.eps = eps

    def _check(self, x: Tensor, channels: int) -> None:
        spatial_rank(type(self).__name__, x, self.rank)
        require_channels(type(self).__name__, x, channels)


class WeightStandardizedConv1d(_WeightStandardizedConv, nn.Conv1d):
    """`torch.nn.Conv1d` with standardised filters. N×C×L to N×K×O.

    See `WeightStandardizedConv2d`.

    >>> WeightStandardizedConv1d(4, 8, kernel_size=3, padding=1)(torch.randn(2, 4, 9)).shape
    torch.Size([2, 8, 9])
    """

    rank = 1

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Convolve with standardised filters."""
        self._check(input, self.in_channels)
        out: Tensor = self._conv_forward(input, standardized(self.weight, self.eps), self.bias)
        return out


class WeightStandardizedConv2d(_WeightStandardizedConv, nn.Conv2d):
    """`torch.nn.Conv2d` with standardised filters. N×C×H×W to N×K×H'×W'.

    Each filter has its mean taken away and is divided by its deviation in every forward pass; the
    stored `weight` stays as trained. All other arguments are torch's, `padding` included. For use
    with group norm and small batches. eps is added to the variance: timm's StdConv2d and BiT (the
    authors' code adds 1e-5 to the deviation).

    Raises:
        GraphError: nn-whole-number, nn-axes, nn-groups, nn-number; nn-rank, nn-channels.

    Source: Qiao et al., "Micro-Batch Training with Batch-Channel Normalization and Weight
    Standardization", 2019, equations 5 to 7.

    >>> layer = WeightStandardizedConv2d(4, 8, kernel_size=3, stride=2, padding=1, bias=False)
    >>> layer(torch.randn(2, 4, 8, 8)).shape
    torch.Size([2, 8, 4, 4])
    """

    rank = 2

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Convolve with standardised filters."""
        self._check(input, self.in_channels)
        out: Tensor = self._conv_forward(input, standardized(self.weight, self.eps), self.bias)
        return out


class WeightStandardizedConv3d(_WeightStandardizedConv, nn.Conv3d):
    """`torch.nn.Conv3d` with standardised filters. N×C×D×H×W to N×K×D'×H'×W'.

    See `WeightStandardizedConv2d`.

    >>> WeightStandardizedConv3d(2, 4, kernel_size=1)(torch.randn(1, 2, 3, 4, 5)).shape
    torch.Size([1, 4, 3, 4, 5])
    """

    rank = 3

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Convolve with standardised filters."""
        self._check(input, self.in_channels)
        out: Tensor = self._conv_forward(input, standardized(self.weight, self.eps), self.bias)
        return out
