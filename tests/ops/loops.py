"""Slow references for sliding windows: plain loops in double precision, from the definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

Pixels = Sequence[int]


class Steps(NamedTuple):
    """Arguments of a convolution, one number for each axis; `before` is the padding in front."""

    stride: Pixels
    before: Pixels
    dilation: Pixels


def conv(x: Tensor, weight: Tensor, steps: Steps, out: Pixels, groups: int = 1) -> Tensor:
    """C×*plane convolved with w×(C/g)×*kernel, zeros outside, to w×*out."""
    y = torch.zeros(weight.shape[0], *out, dtype=x.dtype)
    width, depth = weight.shape[0] // groups, weight.shape[1]
    for w, position in product(range(weight.shape[0]), _positions(out)):
        for c, tap in product(range(depth), _positions(weight.shape[2:])):
            at = [o * s - p + d * t for o, s, p, d, t in zip(position, *steps, tap, strict=True)]
            if all(0 <= a < n for a, n in zip(at, x.shape[1:], strict=True)):
                channel = w // width * depth + c
                y[(w, *position)] += weight[(w, c, *tap)] * x[(channel, *at)]
    return y


class Window(NamedTuple):
    """Arguments of a pool, one number for each axis."""

    kernel: Pixels
    stride: Pixels
    before: Pixels


def pool(x: Tensor, of_window: Callable[[Tensor], Tensor], window: Window, out: Pixels) -> Tensor:
    """C×*plane to C×*out; `of_window` sees the numbers of a window that lie inside."""
    y = torch.zeros(x.shape[0], *out, dtype=x.dtype)
    for c, channel in enumerate(x):
        for position in _positions(out):
            inside = channel
            for axis, (o, k, s, p) in enumerate(zip(position, *window, strict=True)):
                first, last = max(o * s - p, 0), min(o * s - p + k, channel.shape[axis])
                inside = inside.narrow(axis, first, last - first)
            y[(c, *position)] = of_window(inside)
    return y


def _positions(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return product(*(range(size) for size in sizes))
