"""Unit length over the channels of each position, times a learned scale."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from striate.nn._checks import require_channels, require_whole


class L2Normalize(nn.Module):
    """Channels of each position scaled to length 1, then by a learned factor per channel.

    N×C or N×C×… to the same shape: weight * x / max(norm of x over channels, eps). Key `weight`,
    C, all equal to `scale` at the start.

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-channels.

    Source: Liu, Rabinovich and Berg, "ParseNet", 2015, section 3.3; scale 20 as in Liu et al.,
    "SSD", 2016, section 3.1.

    >>> L2Normalize(2, scale=10.0)(torch.tensor([[3.0, 4.0]])).tolist()
    [[6.0, 8.0]]
    """

    def __init__(self, channels: int, scale: float = 20.0, eps: float = 1e-12) -> None:
        super().__init__()
        self.channels = require_whole("L2Normalize", "channels", channels)
        self.scale = float(scale)
        self.eps = eps
        self.weight = nn.Parameter(torch.full((channels,), self.scale))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x."""
        require_channels("L2Normalize", x, self.channels)
        factors = self.weight.view(1, -1, *(1,) * (x.dim() - 2))
        return functional.normalize(x, dim=1, eps=self.eps) * factors

    def extra_repr(self) -> str:
        """Settings."""
        return f"{self.channels}, scale={self.scale:g}, eps={self.eps:g}"
