"""The learning rate as a function of progress."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from striate.options import Schedule
from striate.train.settings import Settings

# Where one-cycle begins, and where it ends, as shares of its highest rate.
ONE_CYCLE_START = 1 / 25
ONE_CYCLE_END = 1e-4 / 25


def rate(progress: float, settings: Settings) -> float:
    """Share of the highest learning rate at `progress` in 0..1 of the training.

    `settings.warm_up` is the share spent going up, `settings.schedule` the name of what follows.
    Where only the head learns at first, the rate runs once for that and once for the rest.
    """
    progress, frozen = min(max(progress, 0.0), 1.0), settings.freeze
    if 0 < frozen < 1:
        progress = progress / frozen if progress < frozen else (progress - frozen) / (1 - frozen)
    return SCHEDULES[settings.schedule](progress, settings.warm_up)


def cosine(progress: float, warm_up: float) -> float:
    """A line up from 0, half a cosine down to 0.

    Source: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
    2017, equation 5 without restarts; the warm-up after P. Goyal et al., "Accurate, large minibatch
    SGD", 2017, section 2.2.

    >>> [round(cosine(p, 0.2), 3) for p in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return _climb(progress, warm_up, lambda rest: 0.5 * (1 + math.cos(math.pi * rest)))


def linear(progress: float, warm_up: float) -> float:
    """A line up from 0, a line down to 0.

    Source: A. Defazio et al., "Optimal linear decay learning rate schedules and further
    refinements", 2023, section 3; the warm-up as above.

    >>> [round(linear(p, 0.2), 3) for p in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return _climb(progress, warm_up, lambda rest: 1 - rest)


def constant(progress: float, warm_up: float) -> float:
    """A line up from 0, then the highest rate to the end.

    >>> [round(constant(p, 0.2), 3) for p in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 1.0, 1.0]
    """
    return _climb(progress, warm_up, lambda rest: 1.0)


def one_cycle(progress: float, warm_up: float) -> float:
    """Half a cosine up from 1/25, half a cosine down to 4e-6.

    Both halves are cosines and momentum stays as it is, unlike in the paper, which has lines and
    lowers momentum while the rate is high; the shares at both ends are those of torch's OneCycleLR.

    Source: L. Smith and N. Topin, "Super-convergence: very fast training of neural networks using
    large learning rates", 2018, section 3.

    >>> [round(one_cycle(p, 0.2), 3) for p in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """
    if progress < warm_up:
        return _half_cosine(ONE_CYCLE_START, 1.0, progress / warm_up)
    return _half_cosine(1.0, ONE_CYCLE_END, _rest(progress, warm_up))


def _climb(progress: float, warm_up: float, after: Callable[[float], float]) -> float:
    """A line up during the warm-up, then `after` of the share of the rest that is done."""
    return progress / warm_up if progress < warm_up else after(_rest(progress, warm_up))


def _rest(progress: float, warm_up: float) -> float:
    """Share of what follows the warm-up; 1 at the end also where nothing follows it."""
    return (progress - warm_up) / (1 - warm_up) if warm_up < 1 else 1.0


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))


SCHEDULES: Final[dict[Schedule, Callable[[float, float], float]]] = {
    "cosine": cosine,
    "one-cycle": one_cycle,
    "linear": linear,
    "constant": constant,
}
