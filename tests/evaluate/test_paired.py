"""Differences on the same images against slow definitions and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest  # type: ignore[import-untyped]
from sklearn.metrics import average_precision_score, f1_score

from striate.evaluate.paired import (
    difference_of_averages,
    difference_of_means,
    difference_of_precision,
    difference_of_shares,
    mcnemar,
)

Z = 1.959963984540054


def slow_statistic(b: int, c: int, n: int, difference: float) -> float:
    """The score test of a difference, its nuisance share found by trying very many."""
    lowest, highest = max(0.0, -difference), (1 - difference) / 2
    q = np.linspace(lowest, highest, 400_001)[1:-1]
    p, rest = q + difference, 1 - 2 * q - difference
    likelihood = b * np.log(p) + c * np.log(q) + (n - b - c) * np.log(np.maximum(rest, 1e-300))
    best = q[likelihood.argmax()]
    return float((b - c - n * difference) / np.sqrt(n * (2 * best + difference - difference**2)))


@pytest.mark.parametrize(("b", "c", "n"), [(12, 2, 50), (5, 5, 100), (1, 9, 30), (0, 3, 20)])
def test_the_ends_of_the_interval_are_where_the_test_just_accepts(b: int, c: int, n: int) -> None:
    found = difference_of_shares(b, c, n)
    assert found.value == pytest.approx((b - c) / n)
    assert slow_statistic(b, c, n, found.interval.low) == pytest.approx(Z, abs=2e-3)
    assert slow_statistic(b, c, n, found.interval.high) == pytest.approx(-Z, abs=2e-3)


@pytest.mark.parametrize(("b", "c"), [(12, 2), (5, 5), (0, 1), (0, 0), (400, 340)])
def test_p_is_the_exact_one(b: int, c: int) -> None:
    expected = binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected)


def test_networks_that_never_differ_may_still_be_different() -> None:
    """Without an image that divides them: z² / (n + z²) to each side."""
    found = difference_of_shares(0, 0, 100)
    reach = Z**2 / (100 + Z**2)
    assert (found.interval.low, found.interval.high) == pytest.approx((-reach, reach))
    assert not found.is_resolved
    assert found.images_needed is None


def test_a_difference_of_means_has_the_interval_of_paired_means() -> None:
    chance = np.random.default_rng(0)
    second = chance.normal(size=1000)
    first = second - 0.1 + 0.5 * chance.normal(size=1000)
    found = difference_of_means(first, second)
    gaps = second - first
    assert found.value == pytest.approx(gaps.mean())
    assert found.half_width == pytest.approx(Z * gaps.std(ddof=1) / 1000**0.5, rel=0.06)
    assert found.is_resolved


def test_intervals_of_means_hold_about_as_often_as_they_say() -> None:
    chance = np.random.default_rng(0)
    held = 0
    for _ in range(100):
        gaps = chance.exponential(size=60) - 0.9
        found = difference_of_means(np.zeros(60), gaps)
        held += found.interval.low <= 0.1 <= found.interval.high
    assert 89 <= held <= 99


@pytest.mark.parametrize("is_several", [False, True])
def test_a_difference_of_macro_f1_agrees_with_scikit_learn(is_several: bool) -> None:
    chance = np.random.default_rng(0)
    truth = chance.integers(0, 4, 300)
    first = np.where(chance.random(300) < 0.9, truth, chance.integers(0, 4, 300))
    second = np.where(chance.random(300) < 0.6, truth, chance.integers(0, 4, 300))
    sides = [np.eye(4)[side] if is_several else side for side in (truth, first, second)]
    found = difference_of_averages("macro_f1", sides[0], sides[1], sides[2], classes=4)
    expected = f1_score(truth, first, average="macro") - f1_score(truth, second, average="macro")
    assert found.value == pytest.approx(expected, abs=1e-6)
    assert found.is_resolved
    mirrored = difference_of_averages("macro_f1", sides[0], sides[2], sides[1], classes=4)
    assert mirrored.value == pytest.approx(-found.value)


def test_a_difference_of_precision_agrees_with_scikit_learn() -> None:
    chance = np.random.default_rng(0)
    truth = (chance.random((200, 3)) < 0.3).astype(np.float32)
    truth[:, 2] = 0
    first, second = (chance.normal(size=(200, 3)) + lead * truth for lead in (2, 1))
    found = difference_of_precision(truth, first, second)
    a, b = (
        average_precision_score(truth[:, :2], scores[:, :2], average="macro")
        for scores in (first, second)
    )
    assert found.value == pytest.approx(a - b)
    assert found.interval.low < a - b < found.interval.high


def test_the_images_needed_notice_the_difference_four_times_in_five() -> None:
    """Shares 10 % and 6 % of images divide two networks; simulate the number that is named."""
    found = difference_of_shares(20, 12, 200)
    needed = found.images_needed
    assert needed is not None
    chance = np.random.default_rng(0)
    drawn = chance.multinomial(needed, [0.10, 0.06, 0.84], 200)
    seen = [difference_of_shares(int(b), int(c), needed).interval.low > 0 for b, c, _ in drawn]
    assert 0.7 < np.mean(seen) < 0.9
