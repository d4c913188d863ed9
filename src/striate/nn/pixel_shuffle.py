"""Space to depth and back."""

from __future__ import annotations

import math

from torch import Tensor, nn

from striate.errors import GraphError
from striate.nn._checks import (
    Sizes,
    per_axis,
    require_division,
    require_sizes,
    shape_text,
    spatial_rank,
)


class PixelShuffle(nn.Module):
    """Depth to space: groups of channels laid out as larger images.

    N×(C*r)×L, N×(C*r²)×H×W or N×(C*r³)×D×H×W to N×C×… with every axis r times as long; r =
    upscale_factor, or one factor per axis. For images this is `torch.nn.PixelShuffle`.

    Raises:
        GraphError: nn-whole-number; nn-rank; nn-axes; nn-groups, the factors do not divide C.

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient
    Sub-Pixel Convolutional Neural Network", 2016, equation 4.

    >>> import torch
    >>> PixelShuffle(2)(torch.tensor([[[0, 2], [1, 3]]])).tolist()
    [[[0, 1, 2, 3]]]
    """

    def __init__(self, upscale_factor: Sizes) -> None:
        super().__init__()
        self.upscale_factor = require_sizes("PixelShuffle", "upscale_factor", upscale_factor)

    def forward(self, x: Tensor) -> Tensor:
        """Lay channels out in space."""
        rank = spatial_rank("PixelShuffle", x)
        factors = per_axis("PixelShuffle", "upscale_factor", self.upscale_factor, rank)
        area = math.prod(factors)
        width = require_division("PixelShuffle", x.shape[1], area, "the product of the factors ")
        split = x.reshape(x.shape[0], width, *factors, *x.shape[2:])
        order = [axis for i in range(rank) for axis in (2 + rank + i, 2 + i)]
        sizes = [n * factor for n, factor in zip(x.shape[2:], factors, strict=True)]
        return split.permute(0, 1, *order).reshape(x.shape[0], width, *sizes)

    def extra_repr(self) -> str:
        """Settings."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(nn.Module):
    """Space to depth: blocks of pixels stacked as channels; the inverse of PixelShuffle.

    N×C×L, N×C×H×W or N×C×D×H×W to N×(C*r^rank)×… with every axis r times shorter; r =
    downscale_factor, or one factor per axis. For images this is `torch.nn.PixelUnshuffle`.

    Raises:
        GraphError: nn-whole-number; nn-rank; nn-axes; nn-blocks, an axis is no multiple of r.

    Source: Shi et al., 2016, equation 4, read backwards.

    >>> import torch
    >>> PixelUnshuffle(2)(torch.tensor([[[0, 1, 2, 3]]])).tolist()
    [[[0, 2], [1, 3]]]
    """

    def __init__(self, downscale_factor: Sizes) -> None:
        super().__init__()
        self.downscale_factor = require_sizes(
            "PixelUnshuffle", "downscale_factor", downscale_factor
        )

    def forward(self, x: Tensor) -> Tensor:
        """Stack blocks of pixels as channels."""
        rank = spatial_rank("PixelUnshuffle", x)
        factors = per_axis("PixelUnshuffle", "downscale_factor", self.downscale_factor, rank)
        pairs = list(zip(x.shape[2:], factors, strict=True))
        if any(length % factor for length, factor in pairs):
            raise GraphError.of(
                "nn-blocks",
                f"PixelUnshuffle: {shape_text(x.shape[2:])} pixels do not divide into blocks of "
                f"{shape_text(factors)}",
                "pad or crop the input to a multiple of the block",
            )
        sizes = [length // factor for length, factor in pairs]
        blocks = zip(sizes, factors, strict=True)
        interleaved = [length for block in blocks for length in block]
        split = x.reshape(x.shape[0], x.shape[1], *interleaved)
        order = [*range(3, 3 + 2 * rank, 2), *range(2, 2 + 2 * rank, 2)]
        width = x.shape[1] * math.prod(factors)
        return split.permute(0, 1, *order).reshape(x.shape[0], width, *sizes)

    def extra_repr(self) -> str:
        """Settings."""
        return f"downscale_factor={self.downscale_factor}"
