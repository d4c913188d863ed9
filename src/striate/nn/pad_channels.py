"""Zero channels added to reach a width."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from striate.errors import GraphError
from striate.nn._checks import require_channels, require_whole


class PadChannels(nn.Module):
    """Zero channels added on both sides to reach a width: a shortcut without parameters.

    N×C or N×C×… to N×channels×…, half of the new channels before the old ones and half after, an
    odd one after. The option A of CIFAR ResNets subsamples first.

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-wider, the input is wider already.

    Source: He et al., "Deep Residual Learning for Image Recognition", 2015, section 3.3, option A;
    which side the zeros are on is left open there.

    >>> import torch
    >>> PadChannels(5)(torch.tensor([[1.0, 2.0]])).tolist()
    [[0.0, 1.0, 2.0, 0.0, 0.0]]
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = require_whole("PadChannels", "channels", channels)

    def forward(self, x: Tensor) -> Tensor:
        """Add zero channels to x."""
        missing = self.channels - require_channels("PadChannels", x)
        if missing < 0:
            raise GraphError.of(
                "nn-wider",
                f"PadChannels: the input has {x.shape[1]} channels, more than {self.channels}",
                "a projection (a 1x1 convolution) makes it narrower",
            )
        before = missing // 2
        return functional.pad(x, (0, 0) * (x.dim() - 2) + (before, missing - before))

    def extra_repr(self) -> str:
        """Settings."""
        return f"{self.channels}"
