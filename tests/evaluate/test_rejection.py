"""The reject option, worked out by hand on ten images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.errors import BundleError, UsageError
from striate.evaluate.rejection import (
    area,
    curve,
    curve_from_json,
    energies,
    for_coverage,
    for_precision,
)
from striate.files import Json

SURE = np.array([0.99, 0.95, 0.9, 0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.4])
RIGHT = np.array([1, 1, 1, 0, 1, 1, 0, 1, 0, 0], bool)


def test_the_curve_answers_equal_confidences_together() -> None:
    found = curve(SURE, RIGHT)
    assert found.thresholds == (0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
    assert found.answered == (1, 2, 4, 5, 6, 8, 9, 10)
    assert found.wrong == (0, 0, 1, 1, 1, 2, 3, 4)


def test_the_order_of_the_images_changes_nothing() -> None:
    order = np.random.default_rng(0).permutation(10)
    assert curve(SURE[order], RIGHT[order]) == curve(SURE, RIGHT)
    assert area(SURE[order], RIGHT[order]) == pytest.approx(area(SURE, RIGHT))


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    sure = np.linspace(1, 0, 5000)
    found = curve(sure, np.ones(5000, bool), most=100)
    assert len(found.thresholds) == 100
    assert (found.answered[0], found.answered[-1]) == (1, 5000)


def test_a_wished_precision_answers_as_many_as_it_can() -> None:
    """Counting one more as wrong: 6 answered, 1 + 1 wrong of 6 + 1 is 28.6 %; 8: 3 of 9."""
    found = for_precision(curve(SURE, RIGHT), 0.7)
    assert found.threshold == 0.7
    assert (found.precision.value, found.coverage.value) == (5 / 6, 0.6)
    assert for_precision(curve(SURE, RIGHT), 0.66).threshold == 0.6


def test_a_wish_that_images_cannot_show_is_refused() -> None:
    """The best is 2 of 7 wrong at 6 answers: 71.4 %. 95 % takes 19 answers: 1 of 20."""
    with pytest.raises(UsageError) as refusal:
        for_precision(curve(SURE, RIGHT), 0.95)
    assert str(refusal.value) == (
        "error: no threshold gives a precision of 95 % on the 10 validation images  "
        "[precision-out-of-reach]\n"
        "   = help: that takes at least 19 answers without a mistake on validation images\n"
        "   = help: the most that can be shown is 71.4 %: --precision 0.714"
    )
    assert for_precision(curve(SURE, RIGHT), 0.714).threshold == 0.7
    with pytest.raises(UsageError, match="no number of images shows"):
        for_precision(curve(SURE, RIGHT), 1.0)


def test_a_wished_coverage_is_reached() -> None:
    assert for_coverage(curve(SURE, RIGHT), 0.4).threshold == 0.9
    assert for_coverage(curve(SURE, RIGHT), 0.41).threshold == 0.8
    whole = for_coverage(curve(SURE, RIGHT), 1.0)
    assert (whole.threshold, whole.coverage.value) == (0.4, 1.0)


def test_the_area_is_the_mean_risk_over_all_coverages() -> None:
    sure = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, False, True, False])
    assert area(sure, right) == pytest.approx((0 / 1 + 1 / 2 + 1 / 3 + 2 / 4) / 4)


def test_of_ties_the_area_is_the_mean_over_their_orders() -> None:
    """One right and one wrong, equally sure: (0 + 1/2) / 2 or (1 + 1/2) / 2."""
    assert area(np.array([0.5, 0.5]), np.array([True, False])) == pytest.approx(0.5)


def test_energies_are_those_of_torch() -> None:
    logits = np.random.default_rng(0).normal(size=(5, 4)) * 30
    expected = -torch.logsumexp(torch.from_numpy(logits), dim=1)
    np.testing.assert_allclose(energies(logits), expected)
    several = -torch.nn.functional.softplus(torch.from_numpy(logits)).sum(dim=1)
    np.testing.assert_allclose(energies(logits, is_multilabel=True), several)


def test_a_curve_is_read_back() -> None:
    found = curve(SURE, RIGHT)
    assert curve_from_json(found.to_json()) == found
    stored = found.to_json()
    damaged: list[Json] = [None, {}, {**stored, "wrong": [1]}, {**stored, "images": "x"}]
    for damage in damaged:
        with pytest.raises(BundleError, match="calibration-damaged"):
            curve_from_json(damage)
