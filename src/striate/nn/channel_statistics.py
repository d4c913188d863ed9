"""One map out of all channels."""

from __future__ import annotations

from torch import Tensor, nn

from striate.nn._checks import require_channels


class ChannelMean(nn.Module):
    """Mean of the channels at each position. N×C or N×C×… to N×1 or N×1×….

    Raises:
        GraphError: nn-no-channels.

    Source: Woo et al., "CBAM", 2018, section 3 (spatial attention).

    >>> import torch
    >>> ChannelMean()(torch.tensor([[1.0, 3.0]])).tolist()
    [[2.0]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Mean over channels."""
        require_channels("ChannelMean", x)
        return x.mean(1, keepdim=True)


class ChannelMax(nn.Module):
    """Largest channel at each position. N×C or N×C×… to N×1 or N×1×….

    Where several are largest they share the gradient.

    Raises:
        GraphError: nn-no-channels.

    Source: Woo et al., "CBAM", 2018, section 3 (spatial attention).

    >>> import torch
    >>> ChannelMax()(torch.tensor([[1.0, 3.0]])).tolist()
    [[3.0]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Largest over channels."""
        require_channels("ChannelMax", x)
        return x.amax(1, keepdim=True)
