"""Parts of pictures drawn by chance, scaled in a third of the time that pillow takes."""

from __future__ import annotations

import math
import threading
from typing import NamedTuple

import numpy as np
import torch

from striate.data.decode import resampled
from striate.data.preprocessing import Box, Preprocessing


class Part(NamedTuple):
    """Whole pixels of a picture, at least one, from its upper left corner."""

    left: int
    top: int
    right: int
    bottom: int


def nearest_part(box: Box, height: int, width: int) -> Part:
    """The whole pixels nearest to a part of a picture of `height`×`width`, inside it."""
    left, right = _whole(box.left, box.right, width)
    top, bottom = _whole(box.top, box.bottom, height)
    return Part(left, top, right, bottom)


def scale_part(array: np.ndarray, part: Part, record: Preprocessing, target: np.ndarray) -> None:
    """Write a part of a picture, scaled to what the network takes, to its place in a batch.

    Like `resampled`, by torch: nothing beyond the part is looked at, and levels may differ by one
    (by more where a cubic filter overshoots black or white). Only for training, where the part is
    drawn by chance anyway. Where torch has no fast way (more than four channels, or a processor
    without AVX2) it is `resampled` that does it.

    array: uint8, h×w×C. target: uint8, H×W×C, in one piece.
    """
    left, top, right, bottom = part
    channels = array.shape[2]
    # Copied by numpy: torch would start threads of its own for it in every thread of ours.
    seen = _SCRATCH.room(bottom - top, right - left, channels)
    seen[...] = array[top:bottom, left:right]
    if channels > 4 or not _IS_FAST:
        target[...] = resampled(seen, Box(0, 0, right - left, bottom - top), record)
        return
    # What `interpolate` calls, which has no way to write where one wants. The same operation of
    # `torch.ops` takes 6 µs more.
    scale = getattr(torch._C._nn, _OPERATIONS[record.interpolation])
    size = (record.height, record.width)
    scale(_channels_last(seen), size, False, None, None, out=_channels_last(target))


class _Scratch(threading.local):
    """Memory of each thread for one part, used again: new memory would first be cleared."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def room(self, height: int, width: int, channels: int) -> np.ndarray:
        """An array of this shape, good until the same thread asks for the next."""
        size = height * width * channels
        if self._memory.size < size:
            self._memory = np.empty(size, np.uint8)
        return self._memory[:size].reshape(height, width, channels)


_SCRATCH = _Scratch()
_OPERATIONS = {"bilinear": "_upsample_bilinear2d_aa", "bicubic": "_upsample_bicubic2d_aa"}


def _channels_last(array: np.ndarray) -> torch.Tensor:
    """An image H×W×C, in one piece, as a batch of one, 1×C×H×W, in the same memory.

    With the strides of channels last also for the one image, as `reshape` gives them: else torch
    gives the channels one after the other, and bringing them together takes longer than scaling.
    By numpy, since every call of torch lets go of Python's lock, which other threads wait for.
    """
    return torch.from_numpy(array.reshape(1, *array.shape).transpose(0, 3, 1, 2))


_IS_FAST = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")


def _whole(low: float, high: float, size: int) -> tuple[int, int]:
    """The nearest whole pixels from `low` to `high`, at least one, inside 0..size."""
    first = min(max(math.floor(low + 0.5), 0), size - 1)
    return first, min(max(math.floor(high + 0.5), first + 1), size)
