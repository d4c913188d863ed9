"""Channels dealt out across groups."""

from __future__ import annotations

from torch import Tensor, nn

from striate.nn._checks import require_channels, require_division, require_whole


class ChannelShuffle(nn.Module):
    """Channels reordered so that the next grouped layer mixes all groups.

    N×C or N×C×… to the same shape: channel i of group g goes to place i * groups + g.

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-groups, groups does not divide C.

    Source: Zhang et al., "ShuffleNet", 2017, section 3.1.

    >>> import torch
    >>> ChannelShuffle(2)(torch.tensor([[0, 1, 2, 3, 4, 5]])).tolist()
    [[0, 3, 1, 4, 2, 5]]
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = require_whole("ChannelShuffle", "groups", groups)

    def forward(self, x: Tensor) -> Tensor:
        """Reorder the channels of x."""
        channels = require_channels("ChannelShuffle", x)
        width = require_division("ChannelShuffle", channels, self.groups, "groups")
        grouped = x.reshape(x.shape[0], self.groups, width, *x.shape[2:])
        return grouped.transpose(1, 2).reshape(x.shape)

    def extra_repr(self) -> str:
        """Settings."""
        return f"groups={self.groups}"
