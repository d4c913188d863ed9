"""Softmax over channels, or across groups of channels."""

from __future__ import annotations

from torch import Tensor, nn

from striate.nn._checks import require_channels, require_division, require_whole


class GroupSoftmax(nn.Module):
    """Softmax over channels, or with `groups` across groups, channel by channel.

    N×C or N×C×… to the same shape. With groups = n the channels are seen as n groups of C/n, and
    the n channels with the same place in their groups sum to 1: split attention.

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-groups, groups does not divide C.

    Source: Zhang et al., "ResNeSt: Split-Attention Networks", 2020, equation 2; Li et al.,
    "Selective Kernel Networks", 2019, equation 5.

    >>> import torch
    >>> GroupSoftmax(2)(torch.zeros(1, 4)).tolist()
    [[0.5, 0.5, 0.5, 0.5]]
    """

    def __init__(self, groups: int | None = None) -> None:
        super().__init__()
        self.groups = None if groups is None else require_whole("GroupSoftmax", "groups", groups)

    def forward(self, x: Tensor) -> Tensor:
        """Softmax of x."""
        channels = require_channels("GroupSoftmax", x)
        if self.groups is None:
            return x.softmax(1)
        width = require_division("GroupSoftmax", channels, self.groups, "groups")
        grouped = x.reshape(x.shape[0], self.groups, width, *x.shape[2:])
        return grouped.softmax(1).reshape(x.shape)

    def extra_repr(self) -> str:
        """Settings."""
        return f"groups={self.groups}"
