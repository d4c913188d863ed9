"""Dropping of whole residual branches."""

from __future__ import annotations

from torch import Tensor, nn

from striate.nn._checks import require_channels, require_choice, require_share
from striate.nn._dropping import scaled_mask


class StochasticDepth(nn.Module):
    """Residual branch that is left out at random (drop path).

    N×… to the same shape. While training the branch is zero with probability p, else multiplied by
    1/(1-p), so that eval mode needs no factor (the paper scales in eval mode instead). mode: "row"
    decides for each example, "batch" once for all (the paper's).

    Raises:
        GraphError: nn-share, p is outside 0..1; nn-choice; nn-no-channels, x has under two axes.

    Source: Huang et al., "Deep Networks with Stochastic Depth", 2016, equations 2 and 5.

    >>> import torch
    >>> out = StochasticDepth(0.5)(torch.ones(256, 3, 2, 2))
    >>> sorted(set(out.mean((1, 2, 3)).tolist()))  # an example keeps all of the branch or nothing
    [0.0, 2.0]
    """

    def __init__(self, p: float = 0.1, mode: str = "row") -> None:
        super().__init__()
        self.p = require_share("StochasticDepth", p)
        self.mode = require_choice("StochasticDepth", "mode", mode, ("row", "batch"))

    def forward(self, x: Tensor) -> Tensor:
        """Leave out x for some examples."""
        require_channels("StochasticDepth", x)
        if not self.training or self.p == 0:
            return x
        decisions = x.shape[0] if self.mode == "row" else 1
        return x * scaled_mask(x, (decisions, *(1,) * (x.dim() - 1)), self.p)

    def extra_repr(self) -> str:
        """Settings."""
        return f"p={self.p}, mode={self.mode}"
