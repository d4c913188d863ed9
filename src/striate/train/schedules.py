"""The learning rate as a function of progress."""

from __future__ import annotations

import math


def warm_up_then_cosine(progress: float, *, warm_up: float) -> float:
    """Share of the highest learning rate at `progress` in 0..1: a line up, half a cosine down.

    `warm_up` is the share of the training spent going up. At the end the rate is zero.

    Source: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
    2017, equation 5 without restarts; the warm-up after P. Goyal et al., "Accurate, large minibatch
    SGD", 2017, section 2.2.

    >>> [round(warm_up_then_cosine(p, warm_up=0.2), 3) for p in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if progress < warm_up:
        return progress / warm_up
    rest = (progress - warm_up) / (1 - warm_up)
    return 0.5 * (1 + math.cos(math.pi * min(rest, 1.0)))
