"""Random views of training images, made for a whole batch at once."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Generator, Tensor

# What enters at the edges of a shifted image: itself mirrored there, or its plain ground.
Edges = Literal["mirror", "ground"]


def shift_and_flip(
    images: Tensor, *, padding: int, edges: Edges, flip: bool, chance: Generator
) -> Tensor:
    """Every image shifted by up to `padding` pixels each way and, with `flip`, perhaps mirrored.

    images: uint8, N×H×W×C; the result is like it. edges: `mirror` as `reflect` padding before a
    random crop; `ground` is the median of the outermost pixels of the image, per channel: a plain
    sheet behind letters stays plain, where mirrored strokes would make other letters.
    `padding` is cut to H-1 and W-1.
    """
    count, height, width, channels = images.shape
    rows = _shifted(count, height, min(padding, height - 1), chance)
    columns = _shifted(count, width, min(padding, width - 1), chance)
    if flip:
        is_flipped = torch.rand(count, generator=chance) < 0.5
        columns = torch.where(is_flipped[:, None], columns.flip(1), columns)
    starts = torch.arange(count)[:, None, None] * (height * width)
    inner_rows, inner_columns = _mirrored(rows, height), _mirrored(columns, width)
    places = starts + inner_rows[:, :, None] * width + inner_columns[:, None, :]
    pixels = images.reshape(count * height * width, channels)
    moved = pixels[places.reshape(-1)].reshape(images.shape)
    if edges == "mirror":
        return moved
    is_inside = (rows == inner_rows)[:, :, None] & (columns == inner_columns)[:, None, :]
    return torch.where(is_inside[..., None], moved, _ground(images)[:, None, None, :])


def _shifted(count: int, length: int, padding: int, chance: Generator) -> Tensor:
    """Which place of an axis each output place shows, per image, also beyond the ends: N×length."""
    offsets = torch.randint(-padding, padding + 1, (count, 1), generator=chance)
    return torch.arange(length) + offsets


def _mirrored(places: Tensor, length: int) -> Tensor:
    """Places beyond the ends of an axis, brought back by a mirror at the end pixels."""
    return length - 1 - (length - 1 - places.abs()).abs()


def _ground(images: Tensor) -> Tensor:
    """The median of the outermost pixels of each image: N×C."""
    sides = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    return torch.cat(sides, dim=1).median(dim=1).values
