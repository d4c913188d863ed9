"""Shifts and mirroring of whole batches, as places to read from: no pixel is computed."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from striate.data._pieces import rows_at_once

# What enters at the edges of a moved image: itself mirrored there, or its plain ground.
Edges = Literal["mirror", "ground"]


def shifted(images: Tensor, shifts: np.ndarray, *, edges: Edges) -> Tensor:
    """Every image moved by its shift.

    images: N×H×W×C; the result is like it. shifts: N×2, the first row and column that is seen, at
    most H-1 and W-1 either way. edges: `mirror` as `reflect` padding before a crop; `ground` is the
    median of the outermost pixels of the image, per channel: a plain sheet behind letters stays
    plain, where mirrored strokes would make other letters.
    """
    count, height, width, channels = images.shape
    device = images.device
    offsets = torch.from_numpy(shifts).to(device)
    rows = torch.arange(height, device=device) + offsets[:, :1]
    columns = torch.arange(width, device=device) + offsets[:, 1:]
    starts = torch.arange(count, device=device)[:, None, None] * (height * width)
    inner_rows, inner_columns = _mirrored(rows, height), _mirrored(columns, width)
    places = starts + inner_rows[:, :, None] * width + inner_columns[:, None, :]
    pixels = images.reshape(count * height * width, channels)
    moved = pixels[places.reshape(-1)].reshape(images.shape)
    if edges == "mirror":
        return moved
    is_inside = (rows == inner_rows)[:, :, None] & (columns == inner_columns)[:, None, :]
    return torch.where(is_inside[..., None], moved, grounds(images)[:, None, None, :])


def flip(images: Tensor, flips: np.ndarray) -> None:
    """Mirror those images left and right where `flips`, bool, N, says so, in their own memory.

    images: N×H×W×C, in one piece.
    """
    if images.device.type == "cpu":
        _flip_by_rows(images, flips)
        return
    chosen = torch.from_numpy(np.flatnonzero(flips)).to(images.device)
    images[chosen] = images[chosen].flip(2)


def _flip_by_rows(images: Tensor, flips: np.ndarray) -> None:
    """The same on one core, in pieces that stay in its cache.

    Images that follow each other are taken together, for few calls of torch: each lets go of
    Python's lock, and then waits for the threads that load the next images.
    """
    count, height, width, channels = images.shape
    pixels = images.numpy().reshape(count * height, width, channels)
    firsts = np.flatnonzero(np.diff(flips, prepend=~flips[:1])).tolist()
    with rows_at_once(width * channels) as most:
        for first, last in pairwise([*firsts, count]):
            if not flips[first]:
                continue
            for start in range(first * height, last * height, most):
                run = slice(start, min(start + most, last * height))
                pixels[run] = torch.from_numpy(pixels[run]).flip(1).numpy()


def grounds(images: Tensor) -> Tensor:
    """The median of the outermost pixels of each image N×H×W×C: N×C."""
    sides = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    return torch.cat(sides, dim=1).median(dim=1).values


def _mirrored(places: Tensor, length: int) -> Tensor:
    """Places beyond the ends of an axis, brought back by a mirror at the end pixels."""
    return length - 1 - (length - 1 - places.abs()).abs()
