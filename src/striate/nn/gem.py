"""Global pooling by a generalised mean with a learned exponent."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from striate.nn._checks import require_channels, require_number, require_whole, spatial_rank


class GeM(nn.Module):
    """Generalised mean over all positions, (mean x^p)^(1/p), p learned.

    N×C×L, N×C×H×W or N×C×D×H×W to N×C×1, N×C×1×1 or N×C×1×1×1. p = 1 is the mean; the larger p,
    the nearer the maximum. One p for all channels (key `p`, shape 1), or with `channels` one for
    each. Values below eps count as eps, so place it after an activation that is not negative.

    Raises:
        GraphError: nn-rank; nn-channels; nn-number, p or eps is too small.

    Source: Radenović, Tolias and Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation",
    2018, equation 3.

    >>> torch.allclose(GeM(p=1.0)(torch.ones(2, 3, 4, 4)), torch.ones(2, 3, 1, 1))
    True
    """

    def __init__(self, p: float = 3.0, channels: int | None = None, eps: float = 1e-6) -> None:
        super().__init__()
        require_number("GeM", "p", p, 1e-3, "p = 1 is the mean, p = 3 the usual start")
        self.eps = require_number("GeM", "eps", eps, 1e-12, "eps keeps the powers above zero")
        self.channels = None if channels is None else require_whole("GeM", "channels", channels)
        self.p = nn.Parameter(torch.full((channels or 1,), float(p)))

    def forward(self, x: Tensor) -> Tensor:
        """Pool x to one value per channel."""
        rank = spatial_rank("GeM", x)
        require_channels("GeM", x, self.channels)
        positions = tuple(range(2, 2 + rank))
        exponent = self.p.view(1, -1, *(1,) * rank)
        positive = x.clamp(min=self.eps)
        # Divided by the largest, or half precision overflows at 40^3.
        largest = positive.detach().amax(positions, keepdim=True)
        mean = (positive / largest).pow(exponent).mean(positions, keepdim=True)
        return largest * mean.pow(1 / exponent)

    def extra_repr(self) -> str:
        """Settings."""
        return f"channels={self.channels}, eps={self.eps:g}"
