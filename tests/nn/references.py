"""Slow layers in plain Python loops and double precision, to judge the fast ones by."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


def places(size: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All index tuples of an array of this size, in reading order."""
    return itertools.product(*(range(length) for length in size))


def interpolated(image: Tensor, place: Sequence[float]) -> float:
    """Value of a single-channel image between its pixels, zero outside."""
    below = [math.floor(p) for p in place]
    total = 0.0
    for corner in itertools.product((0, 1), repeat=len(place)):
        index = [low + step for low, step in zip(below, corner, strict=True)]
        if all(0 <= i < length for i, length in zip(index, image.shape, strict=True)):
            shares = [1 - abs(p - i) for p, i in zip(place, index, strict=True)]
            total += math.prod(shares) * float(image[tuple(index)])
    return total


def window_places(
    out: Sequence[int], kernel: Sequence[int], stride: int, padding: int, dilation: int = 1
) -> tuple[int, ...]:
    """Where one kernel point of one output place reads an input, before any offset."""
    return tuple(o * stride - padding + k * dilation for o, k in zip(out, kernel, strict=True))


def double(*shape: int) -> Tensor:
    """Normal random numbers in double precision."""
    return torch.randn(*shape, dtype=torch.float64)
