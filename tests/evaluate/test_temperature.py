"""Temperatures against scipy's minimum of the same loss."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]
from scipy.special import log_expit, log_softmax  # type: ignore[import-untyped]

from striate.evaluate.temperature import COLDEST, HOTTEST, cross_fitted, fit_temperature
from tests.evaluate.made_up import several, single


def slow_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The minimum of the mean loss, its truth lowered as Platt does, by golden section."""
    count, classes = logits.shape
    spread = 1 / (count + 2)
    values = logits.astype(np.float64)

    def loss(temperature: float) -> float:
        if labels.ndim == 2:
            target = (1 - spread) * labels + spread / 2
            yes, no = log_expit(values / temperature), log_expit(-values / temperature)
            return float(-(target * yes + (1 - target) * no).mean())
        target = (1 - spread) * np.eye(classes)[labels] + spread / classes
        return float(-(target * log_softmax(values / temperature, axis=1)).sum(axis=1).mean())

    bounds, options = (COLDEST, HOTTEST), {"xatol": 1e-9}
    return float(minimize_scalar(loss, bounds=bounds, method="bounded", options=options).x)


@pytest.mark.parametrize("lead", [0.5, 2.0, 6.0])
def test_it_has_the_least_loss_as_scipy_finds_it(lead: float) -> None:
    said = single(120, 5, lead=lead)
    expected = slow_temperature(said.logits, said.labels)
    assert fit_temperature(said.logits, said.labels) == pytest.approx(expected, rel=1e-4)


def test_it_has_the_least_loss_with_several_labels() -> None:
    said = several(150, 4)
    expected = slow_temperature(said.logits, said.labels)
    assert fit_temperature(said.logits, said.labels) == pytest.approx(expected, rel=1e-4)


def test_a_known_temperature_is_found_again() -> None:
    """Labels drawn from the very probabilities, then logits three times too large."""
    chance = np.random.default_rng(0)
    logits = chance.normal(size=(20_000, 3)) * 2
    drawn = np.exp(log_softmax(logits, axis=1)).cumsum(axis=1)
    labels = (chance.random((20_000, 1)) > drawn[:, :2]).sum(axis=1)
    assert fit_temperature(3 * logits, labels) == pytest.approx(3, rel=0.03)


def test_images_that_are_all_right_do_not_become_certainties() -> None:
    logits = np.tile(np.array([[2.0, 0.0]]), (10, 1))
    found = fit_temperature(logits, np.zeros(10, np.int64))
    # The target is 1 - 1/12 + 1/24 of the first class: logit log(23) at a distance of 2 / T.
    assert 2 / found == pytest.approx(np.log(23), rel=1e-4)


def test_logits_that_say_nothing_keep_within_bounds() -> None:
    for logits in (np.zeros((6, 2)), np.array([[50.0, 0], [0, 50.0]] * 3)):
        labels = np.array([1, 0] * 3)
        assert COLDEST <= fit_temperature(logits, labels) <= HOTTEST


def test_each_image_is_scaled_by_a_temperature_found_without_it() -> None:
    """An image with a wrong label of great certainty heats all folds but its own."""
    said = single(50, 3, lead=3.0)
    said.logits[7] = (9.0, 0.0, -9.0)
    said.labels[7] = 2
    found = cross_fitted(said.logits, said.labels)
    assert len(set(found.round(9))) == 5
    assert found[7] == found.min()
    others = np.flatnonzero(found != found[7])
    expected = slow_temperature(said.logits[others], said.labels[others])
    assert found[7] == pytest.approx(expected, rel=1e-4)


def test_a_single_image_keeps_its_logits() -> None:
    assert cross_fitted(np.array([[1.0, 0.0]]), np.array([0])).tolist() == [1.0]


@pytest.mark.parametrize("height", [1e3, 1e20])
def test_logits_of_any_height_give_a_temperature_without_a_warning(height: float) -> None:
    for said in (single(30, 3), several(30, 3)):
        found = fit_temperature(said.logits * np.float32(height), said.labels)
        assert COLDEST <= found <= HOTTEST
