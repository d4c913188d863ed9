"""Differences of two networks on the same images, with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from striate.evaluate.averages import Counts
from striate.evaluate.intervals import Z_95, Interval
from striate.evaluate.ranking import ranked
from striate.evaluate.resampling import corrected, weights

# 80 % point of the standard normal distribution: how often a difference is to be noticed.
Z_80 = 0.8416212335729143
ROUNDS = 80


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more one network scores than another.

    value: the first minus the second, or for losses the second minus the first: above 0 the first
    is better. p: how probable as large a difference, or a larger one, is between equal networks.
    method: how the interval and p were made.
    """

    value: float
    interval: Interval
    p: float
    method: str
    images: int

    @property
    def is_resolved(self) -> bool:
        """Whether it is plain which one is better."""
        return not self.interval.low <= 0 <= self.interval.high and self.p < 0.05

    @property
    def half_width(self) -> float:
        """Half the width of the interval."""
        return (self.interval.high - self.interval.low) / 2

    @property
    def images_needed(self) -> int | None:
        """Images on which a difference of this size would be noticed four times in five.

        None where there is none. The width of an interval falls with the root of the images.
        """
        if not self.value:
            return None
        deviations = self.half_width / abs(self.value) * (1 + Z_80 / Z_95)
        return max(self.images + 1, math.ceil(self.images * deviations**2))


def difference_of_shares(only_first: int, only_second: int, images: int) -> Difference:
    """Of the shares of images that two networks get right.

    only_first, only_second: images that only one of them gets right.

    Source: T. Tango, "Equivalence test and confidence interval for the difference in proportions
    for the paired-sample design", Statistics in Medicine 17, 1998, equation 11; p is the exact one
    of Q. McNemar, "Note on the sampling error of the difference between correlated proportions",
    Psychometrika 12, 1947.

    >>> found = difference_of_shares(12, 2, 50)
    >>> round(found.value, 2), found.interval.low > 0
    (0.2, True)
    """
    value = (only_first - only_second) / images
    low = -_reach(only_second, only_first, images)
    high = _reach(only_first, only_second, images)
    p = mcnemar(only_first, only_second)
    return Difference(value, Interval(low, high), p, "Tango; exact McNemar", images)


def mcnemar(only_first: int, only_second: int) -> float:
    """How probable so uneven a division, or a more uneven one, is where both are alike."""
    count, fewer = only_first + only_second, min(only_first, only_second)
    log_half = count * math.log(2)
    terms = (
        math.exp(
            math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1) - log_half
        )
        for k in range(fewer + 1)
    )
    return min(1.0, 2 * math.fsum(terms))


def difference_of_means(first: np.ndarray, second: np.ndarray) -> Difference:
    """Of the means of a number of each image, of which less is better: N each."""
    gaps = second.astype(np.float64) - first
    samples = np.concatenate([drawn @ gaps for drawn in weights(len(gaps))]) / len(gaps)
    return _bootstrapped(float(gaps.mean()), samples, len(gaps))


def difference_of_averages(
    name: str, truth: np.ndarray, first: np.ndarray, second: np.ndarray, *, classes: int
) -> Difference:
    """Of an average over classes of `Counts.averages`.

    truth, first, second: classes of each image, and what two networks take it for: int64, N; or
    N×K of 0 and 1, where images have several labels.
    """
    images = len(truth)
    known = _summed(truth, classes)
    a, b = (
        _averages(known, _summed(taken, classes), _summed(truth, classes, right=taken))
        for taken in (first, second)
    )
    whole = np.ones((1, images), np.float32)
    samples = np.concatenate([a(drawn)[name] - b(drawn)[name] for drawn in weights(images)])
    return _bootstrapped(float(a(whole)[name][0] - b(whole)[name][0]), samples, images)


def difference_of_precision(truth: np.ndarray, first: np.ndarray, second: np.ndarray) -> Difference:
    """Of the mean average precision of two networks' scores, N×K, for what is true, N×K."""
    pulls, value, counted = np.zeros(len(truth)), 0.0, 0
    for k in range(truth.shape[1]):
        if not truth[:, k].any():
            continue
        a, b = (ranked(scores[:, k], truth[:, k] > 0) for scores in (first, second))
        pulls += a.average_precision_pull - b.average_precision_pull
        value += a.average_precision - b.average_precision
        counted += 1
    value, deviation = value / max(counted, 1), math.sqrt(float(pulls @ pulls)) / max(counted, 1)
    p = math.erfc(abs(value) / deviation / math.sqrt(2)) if deviation else 1.0
    interval = Interval(value - Z_95 * deviation, value + Z_95 * deviation)
    return Difference(value, interval, p, "jackknife", len(truth))


def holm(values: Sequence[float]) -> list[float]:
    """Probabilities corrected for there being several of them, in their order.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
    of Statistics 6, 1979.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    found = [0.0] * len(values)
    least = 0.0
    for place, index in enumerate(sorted(range(len(values)), key=lambda each: values[each])):
        least = max(least, min(1.0, (len(values) - place) * values[index]))
        found[index] = least
    return found


Sums = Callable[[np.ndarray], np.ndarray]


def _averages(images: Sums, predicted: Sums, correct: Sums) -> Callable[..., dict[str, np.ndarray]]:
    """What gives the averages over classes for weights of images, S×N."""
    return lambda drawn: Counts(images(drawn), predicted(drawn), correct(drawn)).averages()


def _summed(labels: np.ndarray, classes: int, *, right: np.ndarray | None = None) -> Sums:
    """What sums weights of images, S×N, over those of each class: S×K.

    right: if given, only over those whose label is this too.
    """
    if labels.ndim == 2:
        columns = (labels if right is None else labels * right).astype(np.float32)
        return lambda drawn: drawn @ columns
    rows = np.arange(len(labels)) if right is None else np.flatnonzero(labels == right)
    rows = rows[np.argsort(labels[rows], kind="stable")]
    found, starts = np.unique(labels[rows], return_index=True)

    def summed(drawn: np.ndarray) -> np.ndarray:
        full = np.zeros((len(drawn), classes))
        if len(rows):
            full[:, found] = np.add.reduceat(drawn[:, rows], starts, axis=1, dtype=np.float64)
        return full

    return summed


def _bootstrapped(value: float, samples: np.ndarray, images: int) -> Difference:
    """A difference with what resampled images gave."""
    if not samples.any():
        return Difference(0.0, Interval(0.0, 0.0), 1.0, "bootstrap", images)
    low, high = corrected(value, samples)
    tail = min((samples <= 0).sum(), (samples >= 0).sum())
    p = min(1.0, 2 * (int(tail) + 1) / (len(samples) + 1))
    return Difference(value, Interval(low, high), p, "bootstrap", images)


def _reach(b: int, c: int, n: int) -> float:
    """The largest difference b - c in n that these counts do not contradict."""
    low, high = (b - c) / n, 1.0
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if _tango(b, c, n, middle) >= -Z_95 else (low, middle)
    return low


def _tango(b: int, c: int, n: int, at: float) -> float:
    """Distance of a difference from `at`, in standard deviations that it would have there."""
    middle = -b - c + (2 * n - b + c) * at
    root = math.sqrt(max(middle**2 + 8 * n * c * at * (1 - at), 0.0))
    q = (root - middle) / (4 * n)
    variance = n * (2 * q + at * (1 - at))
    gap = b - c - n * at
    if variance <= 0:
        return 0.0 if gap == 0 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)
