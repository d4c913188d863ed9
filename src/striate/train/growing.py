"""Smaller images at the beginning of a training, when it learns what is coarse anyway."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from striate.analysis.shapes import legal_sizes
from striate.errors import UsageError
from striate.ir import Graph
from striate.train.settings import Settings

# Share of the training after which images have their full size: statistics of norms and the last
# filters are learned from what the network will be shown.
GROWN = 0.75
# Sides grow in steps of so many pixels.
STEP_PX = 4


def share_of_side(progress: float, settings: Settings) -> float:
    """Side of the images at `progress` in 0..1, as a share of the full one.

    Source: J. Howard, "Training ImageNet in 3 hours for 25 minutes", 2018, progressive resizing;
    M. Tan and Q. Le, "EfficientNetV2", 2021, section 4.

    >>> settings = Settings(epochs=1, size=32, batch=8, lr=0.1, grow_from=0.75)
    >>> [round(32 * share_of_side(progress, settings)) for progress in (0.0, 0.37, 0.38, 0.75, 1.0)]
    [24, 24, 28, 32, 32]
    """
    size, first = settings.size, settings.grow_from * settings.size
    if progress >= GROWN:
        return 1.0
    grown = first + (size - first) * progress / GROWN
    return min(size, first + (grown - first) // STEP_PX * STEP_PX) / size


def scaled(images: Tensor, share: float) -> Tensor:
    """Images, N×C×H×W, with both sides that share of what they are."""
    height, width = (max(1, round(share * side)) for side in images.shape[2:])
    if (height, width) == tuple(images.shape[2:]):
        return images
    small = interpolate(images, (height, width), mode="bilinear", antialias=True)
    return small.contiguous(memory_format=torch.channels_last)


def check_growing(graph: Graph, settings: Settings) -> None:
    """Refuse a network that does not take all the sizes that images grow through.

    Raises:
        UsageError: with what it takes.
    """
    if settings.grow_from == 1:
        return
    shares = {share_of_side(step / 1000, settings) for step in range(1000)}
    sides = sorted({round(share * settings.size) for share in shares})
    legal = legal_sizes(graph)
    if legal is None or legal.fixed_by is not None or any(legal.from_on(s) != s for s in sides):
        raise UsageError.of(
            "growing-sizes",
            f"with --grow-from {settings.grow_from:g} images grow from {sides[0]} to "
            f"{settings.size} pixels, but the network takes: {legal or 'no such size'}",
            "use --grow-from 1, which shows them in full size from the beginning",
        )
