"""AUROC and average precision against scikit-learn, their variances against slow definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from striate.evaluate.intervals import wilson
from striate.evaluate.ranking import rank_estimate, ranked
from striate.evaluate.single import rank_scores


def made(seed: int, images: int = 60, *, levels: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores, with ties if they have so many levels, and truths."""
    chance = np.random.default_rng(seed)
    truth = chance.random(images) < 0.3
    scores = chance.normal(size=images) + truth
    return (np.round(scores * levels) if levels else scores), truth


@pytest.mark.parametrize(("seed", "levels"), [(0, 0), (1, 0), (2, 2), (3, 1)])
def test_values_agree_with_scikit_learn(seed: int, levels: int) -> None:
    scores, truth = made(seed, levels=levels)
    found = ranked(scores, truth)
    assert found.auroc == pytest.approx(roc_auc_score(truth, scores))
    assert found.average_precision == pytest.approx(average_precision_score(truth, scores))


@pytest.mark.parametrize("levels", [0, 2])
def test_the_variance_of_the_auroc_is_that_of_delong(levels: int) -> None:
    """The sample variances of both kinds' placements, each divided by its number."""
    scores, truth = made(5, levels=levels)
    kernel = [
        [1.0 if a > b else 0.5 if a == b else 0.0 for b in scores[~truth]] for a in scores[truth]
    ]
    placements = np.asarray(kernel)
    rows, columns = placements.mean(axis=1), placements.mean(axis=0)
    expected = rows.var(ddof=1) / len(rows) + columns.var(ddof=1) / len(columns)
    assert (ranked(scores, truth).auroc_pull ** 2).sum() == pytest.approx(expected)


@pytest.mark.parametrize("levels", [0, 2])
def test_a_pull_is_the_derivative_by_the_weight_of_the_image(levels: int) -> None:
    scores, truth = made(6, levels=levels)
    pulls = ranked(scores, truth).average_precision_pull
    for image in range(0, 60, 7):
        values = []
        for change in (-1e-5, 1e-5):
            weights = np.ones(60)
            weights[image] += change
            values.append(average_precision_score(truth, scores, sample_weight=weights))
        assert pulls[image] == pytest.approx((values[1] - values[0]) / 2e-5, abs=1e-7)


def test_intervals_of_the_auroc_hold_about_as_often_as_they_say() -> None:
    """Two normal distributions one deviation apart: the AUROC is Φ(1/√2). Of 400 sets."""
    chance = np.random.default_rng(0)
    expected = 0.5 * (1 + math.erf(0.5))
    truth = np.arange(100) < 30
    held = 0
    for _ in range(400):
        found = ranked(chance.normal(size=100) + truth, truth)
        one = rank_estimate(found.auroc, found.auroc_pull, truth)
        assert one is not None
        held += one.low <= expected <= one.high
    assert 368 <= held <= 392


def test_what_is_in_perfect_order_is_not_certain_to_be() -> None:
    scores, truth = np.arange(20.0), np.arange(20) >= 15
    found = ranked(scores, truth)
    one = rank_estimate(found.auroc, found.auroc_pull, truth)
    assert one is not None
    assert (one.value, one.low, one.high) == (1.0, wilson(5, 5).low, 1.0)


def test_a_single_image_of_a_class_gives_no_interval() -> None:
    scores, truth = np.arange(20.0), np.arange(20) == 15
    found = ranked(scores, truth)
    one = rank_estimate(found.auroc, found.auroc_pull, truth)
    assert one is not None
    assert (one.method, one.low, one.high) == ("none", 0.0, 1.0)


def test_a_class_without_images_or_with_all_of_them_has_no_auroc() -> None:
    for truth in (np.zeros(4, bool), np.ones(4, bool)):
        found = ranked(np.arange(4.0), truth)
        assert rank_estimate(found.auroc, found.auroc_pull, truth) is None
    assert found.average_precision == 1.0
    assert rank_scores(np.zeros((4, 1)), np.zeros((4, 1), bool)).means == {}


def test_classes_of_one_image_each_are_a_sample_of_classes() -> None:
    """Average precisions of 1/rank; the interval of their mean is that of 12 independent numbers,
    by the delta method on the scale of log(x / (1 - x)).
    """
    chance = np.random.default_rng(0)
    scores = chance.normal(size=(12, 12)) + 2 * np.eye(12)
    found = rank_scores(scores, np.eye(12, dtype=bool)).means["average_precision"]
    ranks = (scores >= np.diag(scores)).sum(axis=0)
    value, error = (1 / ranks).mean(), (1 / ranks).std() / 12**0.5
    half = 1.96 * error / (value * (1 - value))
    centre = math.log(value / (1 - value))
    assert found.value == pytest.approx(value)
    width = 1 / (1 + math.exp(-centre - half)) - 1 / (1 + math.exp(-centre + half))
    # Images pull at other classes as well, if less.
    assert found.high - found.low == pytest.approx(width, rel=0.1)
