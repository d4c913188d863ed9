"""Dropout of whole channels."""

from __future__ import annotations

from torch import Tensor, nn

from striate.nn._checks import require_share, spatial_rank
from striate.nn._dropping import scaled_mask


class SpatialDropout(nn.Module):
    """Dropout of whole channels, because neighbouring pixels are correlated.

    N×C×L, N×C×H×W or N×C×D×H×W to the same shape. While training each channel of each example is
    zero with probability p, else multiplied by 1/(1-p); in eval mode nothing happens.

    Raises:
        GraphError: nn-share, p is outside 0..1; nn-rank.

    Source: Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015,
    section 3.2.

    >>> import torch
    >>> out = SpatialDropout(0.5)(torch.ones(1, 64, 8, 8))
    >>> sorted(set(out.mean((2, 3)).flatten().tolist()))  # a channel is dropped as a whole
    [0.0, 2.0]
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = require_share("SpatialDropout", p)

    def forward(self, x: Tensor) -> Tensor:
        """Drop channels of x."""
        rank = spatial_rank("SpatialDropout", x)
        if not self.training or self.p == 0:
            return x
        return x * scaled_mask(x, (x.shape[0], x.shape[1], *(1,) * rank), self.p)

    def extra_repr(self) -> str:
        """Settings."""
        return f"p={self.p}"
