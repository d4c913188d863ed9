"""The largest of each few neighbouring channels."""

from __future__ import annotations

from torch import Tensor, nn

from striate.nn._checks import require_channels, require_division, require_whole


class Maxout(nn.Module):
    """The largest of each `pieces` neighbouring channels, an activation learned piece by piece.

    N×C or N×C×… to N×(C/pieces) or N×(C/pieces)×….

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-groups, pieces does not divide C.

    Source: Goodfellow et al., "Maxout Networks", 2013, section 3.

    >>> import torch
    >>> Maxout(2)(torch.tensor([[1.0, 5.0, -3.0, -2.0]])).tolist()
    [[5.0, -2.0]]
    """

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = require_whole("Maxout", "pieces", pieces)

    def forward(self, x: Tensor) -> Tensor:
        """The largest of each group of channels."""
        width = require_division("Maxout", require_channels("Maxout", x), self.pieces, "pieces")
        return x.reshape(x.shape[0], width, self.pieces, *x.shape[2:]).amax(2)

    def extra_repr(self) -> str:
        """Settings."""
        return f"pieces={self.pieces}"
