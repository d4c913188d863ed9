"""Parts of pictures drawn by chance, scaled in a third of the time that pillow takes."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn.functional import interpolate

from striate.data.decode import resampled
from striate.data.preprocessing import Box, Preprocessing


def scaled_part(array: np.ndarray, box: Box, record: Preprocessing) -> np.ndarray:
    """A part of a picture scaled to what the network takes: uint8 h×w×C to H×W×C.

    Like `resampled`, by torch: edges of the part are moved to whole pixels, nothing beyond them is
    looked at, and levels may differ by one (by more where a cubic filter overshoots black or
    white). Only for training, where the part is drawn by chance anyway. Where torch has no fast
    way (more than four channels, or a processor without AVX2) it is `resampled` that does it.
    """
    height, width, channels = array.shape
    top, bottom = _whole(box.top, box.bottom, height)
    left, right = _whole(box.left, box.right, width)
    # Copied by numpy: torch would start threads of its own for it in every thread of ours.
    part = np.array(array[top:bottom, left:right])
    if channels > 4 or not _IS_FAST:
        return resampled(part, Box(0, 0, right - left, bottom - top), record)
    down, across = bottom - top, right - left
    # With the strides of channels last also for the one image: else torch gives the channels one
    # after the other, and bringing them together takes longer than scaling.
    strides = (down * across * channels, 1, across * channels, channels)
    scaled = interpolate(
        torch.from_numpy(part).as_strided((1, channels, down, across), strides),
        (record.height, record.width),
        mode=record.interpolation,
        antialias=True,
    )
    return scaled.permute(0, 2, 3, 1)[0].numpy()


_IS_FAST = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")


def _whole(low: float, high: float, size: int) -> tuple[int, int]:
    """The nearest whole pixels from `low` to `high`, at least one, inside 0..size."""
    first = min(max(math.floor(low + 0.5), 0), size - 1)
    return first, min(max(math.floor(high + 0.5), first + 1), size)
