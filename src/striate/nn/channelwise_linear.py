"""Dense layer over the channels of each position."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from striate.nn._checks import require_channels, require_whole


class ChannelwiseLinear(nn.Linear):
    """`torch.nn.Linear` over the channels of each position: a 1x1 convolution by another name.

    N×C or N×C×… to N×K or N×K×…. Keys and shapes are those of `torch.nn.Linear`, `weight` K×C and
    `bias` K, so that ConvNeXt's published weights load.

    Raises:
        GraphError: nn-whole-number; nn-no-channels; nn-channels.

    Source: Lin, Chen and Yan, "Network In Network", 2013, section 3.1; as a Linear in Liu et al.,
    "A ConvNet for the 2020s", 2022.

    >>> import torch
    >>> ChannelwiseLinear(4, 8)(torch.randn(2, 4, 5, 5)).shape
    torch.Size([2, 8, 5, 5])
    """

    def __init__(self, in_channels: int, out_channels: int, bias: bool = True) -> None:
        super().__init__(
            require_whole("ChannelwiseLinear", "in_channels", in_channels),
            require_whole("ChannelwiseLinear", "out_channels", out_channels),
            bias,
        )

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Mix the channels of each position."""
        require_channels("ChannelwiseLinear", input, self.in_features)
        mixed = functional.linear(input.movedim(1, -1), self.weight, self.bias)
        return mixed.movedim(-1, 1)
