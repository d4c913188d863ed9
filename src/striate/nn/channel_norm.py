"""Normalisation over the channels of each position: by mean and deviation, or by size alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from striate.nn._checks import require_channels, require_whole


class LayerNormChannels(nn.Module):
    """Mean 0 and variance 1 over the channels of each position, then scale and shift.

    N×C or N×C×… to the same shape; keys `weight` and `bias`, each C, absent without `affine`.
    The norm of ConvNeXt (LayerNorm2d in torchvision and timm, same keys). Computed on a
    channels-last view by torch's own kernel: an input in `channels_last` is not copied.

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-channels.

    Source: Ba, Kiros and Hinton, "Layer Normalization", 2016; over channels alone as in Liu et al.,
    "A ConvNet for the 2020s", 2022.

    >>> out = LayerNormChannels(2)(torch.tensor([[[1.0], [3.0]]]))
    >>> [round(value, 3) for value in out.flatten().tolist()]
    [-1.0, 1.0]
    """

    def __init__(self, channels: int, eps: float = 1e-6, affine: bool = True) -> None:
        super().__init__()
        self.channels = require_whole("LayerNormChannels", "channels", channels)
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x."""
        require_channels("LayerNormChannels", x, self.channels)
        last = x.movedim(1, -1)
        out = functional.layer_norm(last, (self.channels,), self.weight, self.bias, self.eps)
        return out.movedim(-1, 1)

    def extra_repr(self) -> str:
        """Settings."""
        return f"{self.channels}, eps={self.eps:g}, affine={self.weight is not None}"


class RMSNormChannels(nn.Module):
    """Root mean square 1 over the channels of each position, then a scale.

    N×C or N×C×… to the same shape; key `weight`, C, absent without `affine`. Like
    LayerNormChannels, but no mean is taken away and nothing is added.

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-channels.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019, equation 4, with eps
    inside the root.

    >>> out = RMSNormChannels(2)(torch.tensor([[[1.0], [7.0]]]))  # root of (1 + 49) / 2 is 5
    >>> [round(value, 3) for value in out.flatten().tolist()]
    [0.2, 1.4]
    """

    def __init__(self, channels: int, eps: float = 1e-6, affine: bool = True) -> None:
        super().__init__()
        self.channels = require_whole("RMSNormChannels", "channels", channels)
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x."""
        require_channels("RMSNormChannels", x, self.channels)
        last = x.movedim(1, -1)
        return functional.rms_norm(last, (self.channels,), self.weight, self.eps).movedim(-1, 1)

    def extra_repr(self) -> str:
        """Settings."""
        return f"{self.channels}, eps={self.eps:g}, affine={self.weight is not None}"
