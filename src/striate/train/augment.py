"""Random views of training images, made for a whole batch at once."""

from __future__ import annotations

import torch
from torch import Generator, Tensor


def shift_and_flip(images: Tensor, *, padding: int, flip: bool, chance: Generator) -> Tensor:
    """Every image shifted by up to `padding` pixels each way and, with `flip`, perhaps mirrored.

    images: N×H×W×C of any dtype; the result is like it. What enters at the edges is the image
    mirrored there (as `reflect` padding before a random crop). `padding` is cut to H-1 and W-1.
    """
    count, height, width, _ = images.shape
    rows = _shifted(count, height, min(padding, height - 1), chance)
    columns = _shifted(count, width, min(padding, width - 1), chance)
    if flip:
        is_flipped = torch.rand(count, generator=chance) < 0.5
        columns = torch.where(is_flipped[:, None], columns.flip(1), columns)
    places = torch.arange(count)[:, None, None] * (height * width)
    places = places + rows[:, :, None] * width + columns[:, None, :]
    pixels = images.reshape(count * height * width, -1)
    return pixels[places.reshape(-1)].reshape(images.shape)


def _shifted(count: int, length: int, padding: int, chance: Generator) -> Tensor:
    """Which place of an axis each output place shows, per image: N×length."""
    offsets = torch.randint(-padding, padding + 1, (count, 1), generator=chance)
    places = (torch.arange(length) + offsets).abs()
    return length - 1 - (length - 1 - places).abs()
