"""How well scores put what is of a class before what is not, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from striate.evaluate.intervals import Z_95, Estimate, wilson


@dataclass(frozen=True, slots=True)
class Ranked:
    """How scores rank images of a class before others.

    auroc: chance that one of the class scores above one that is not; of ties, half. NaN where one
        of both kinds is missing.
    average_precision: mean, over those of the class, of the share of the class among all that score
        as high. NaN where there are none.
    auroc_pull, average_precision_pull: how much each image pulls at the number: its derivative by
        the image's weight, N.
    """

    auroc: float
    average_precision: float
    auroc_pull: np.ndarray
    average_precision_pull: np.ndarray


def ranked(scores: np.ndarray, truth: np.ndarray) -> Ranked:
    """AUROC and average precision of scores, N, for what is true, bool N.

    Source: E. R. DeLong et al., "Comparing the areas under two or more correlated receiver
    operating characteristic curves", Biometrics 44, 1988, for the first and its pulls, whose
    squares add up to the variance given there. That of the average precision is made alike, by the
    infinitesimal jackknife: L. A. Jaeckel, Bell Laboratories Memorandum, 1972.
    """
    _, group = np.unique(scores, return_inverse=True)
    positive = np.bincount(group, weights=truth)
    everything = np.bincount(group).astype(np.float64)
    negative = everything - positive
    p, n = positive.sum(), negative.sum()
    nan = np.full(len(scores), math.nan)
    if not p:
        return Ranked(math.nan, math.nan, nan, nan)
    precision, precision_pull = _precision(positive, everything, p)
    pulls = np.where(truth, precision_pull[0][group], precision_pull[1][group])
    if not n:
        return Ranked(math.nan, precision, nan, pulls)
    below = np.cumsum(negative) - 0.5 * negative
    above = p - np.cumsum(positive) + 0.5 * positive
    area = float((positive @ below) / (p * n))
    # Bessel's correction for each kind, as in the paper.
    pull_of_positive = (below / n - area) / math.sqrt(p * max(p - 1, 1))
    pull_of_negative = (above / p - area) / math.sqrt(n * max(n - 1, 1))
    area_pull = np.where(truth, pull_of_positive[group], pull_of_negative[group])
    return Ranked(area, precision, area_pull, pulls)


def rank_estimate(value: float, pull: np.ndarray, truth: np.ndarray) -> Estimate | None:
    """A number of `ranked` with its interval; None where it is not defined.

    The interval is symmetric for log(x / (1 - x)), which keeps it within 0..1. Where nothing is
    out of order the variance says nothing; the interval is then that of a share of the rarer kind
    without a miss. With fewer than two images of a kind there is none.

    Source: K. Boyd et al., "Area under the precision-recall curve: point estimates and confidence
    intervals", ECML PKDD 2013, section 3.2.
    """
    if math.isnan(value):
        return None
    count = len(truth)
    positive = int(truth.sum())
    rarer = min(positive, count - positive) or positive
    if rarer < 2:
        return Estimate(value, 0.0, 1.0, "none", count)
    return bounded(value, math.sqrt(float(pull @ pull)), rarer, count)


def mean_estimate(values: Sequence[float], pulls: np.ndarray, rarest: int, images: int) -> Estimate:
    """Mean over the classes that have a value, with its interval.

    pulls: sum of those of these classes, N. rarest: images of the class that has fewest.
    """
    value = math.fsum(values) / len(values)
    deviation = math.sqrt(float(pulls @ pulls)) / len(values)
    return bounded(value, deviation, max(rarest, 1), images)


def bounded(value: float, deviation: float, rarer: int, images: int) -> Estimate:
    """An interval within 0..1 around a value with this standard deviation."""
    if deviation <= 1e-12 or value in (0.0, 1.0):
        edge = wilson(rarer, rarer).low
        low, high = (edge, 1.0) if value > 0.5 else (0.0, 1 - edge)
        return Estimate(value, min(low, value), max(high, value), "Wilson", images)
    centre = math.log(value / (1 - value))
    half = Z_95 * deviation / (value * (1 - value))
    low, high = _logistic(centre - half), _logistic(centre + half)
    return Estimate(value, low, high, "jackknife", images)


def _precision(
    positive: np.ndarray, everything: np.ndarray, p: float
) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """Average precision, and the pulls of positives and of others, by group of equal scores."""
    hits = p - np.cumsum(positive) + positive
    taken = everything.sum() - np.cumsum(everything) + everything
    value = float((positive * hits / taken).sum() / p)
    raised = np.cumsum(positive / taken)
    lowered = np.cumsum(positive * hits / taken**2)
    return value, ((hits / taken + raised - lowered - value) / p, -lowered / p)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
