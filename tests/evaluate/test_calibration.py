"""What is stored beside weights of how far they may be believed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import f1_score

from striate.errors import BundleError
from striate.evaluate import Calibration, calibrate
from striate.evaluate.temperature import fit_temperature
from striate.evaluate.thresholds import best_thresholds
from tests.evaluate.made_up import several, single

NAMES = ("a", "b", "c", "d")


def test_it_holds_temperature_curve_and_energies() -> None:
    said = single(200, 4)
    found = calibrate(said, NAMES)
    assert found.images == 200
    assert found.temperature == fit_temperature(said.logits, said.labels)
    assert found.thresholds is None
    assert found.curve is not None
    assert found.curve.answered[-1] == 200
    assert found.curve.wrong[-1] == int((said.logits.argmax(axis=1) != said.labels).sum())
    energy = -np.logaddexp.reduce(said.logits, axis=1)
    assert found.energy_limit is not None
    assert (energy > found.energy_limit).sum() in (1, 2)
    assert calibrate(single(99, 4), NAMES).energy_limit is None
    assert (found.energies[0], found.energies[100]) == pytest.approx((energy.min(), energy.max()))


@pytest.mark.parametrize("said", [single(30, 4), several(30, 4), single(1, 4)])
def test_it_is_read_back_from_json(said: object) -> None:
    from striate.evaluate import Answers

    assert isinstance(said, Answers)
    found = calibrate(said, NAMES)
    text = json.dumps(found.to_json(), allow_nan=False)
    assert Calibration.from_json(json.loads(text)) == found


@pytest.mark.parametrize(
    "change",
    [{"temperature": 0}, {"energies": [1.0]}, {"version": 2}, {"images": None}, {"curve": 3}],
)
def test_what_is_damaged_is_told(change: dict[str, object]) -> None:
    stored = {**calibrate(single(30, 4), NAMES).to_json(), **change}
    with pytest.raises(BundleError, match="calibration-damaged"):
        Calibration.from_json(stored)  # type: ignore[arg-type]


def test_probabilities_are_scaled_by_the_temperature() -> None:
    found = calibrate(single(200, 4), NAMES)
    logits = np.array([[3.0, 1.0, 0.0, -1.0]])
    expected = np.exp(logits / found.temperature)
    np.testing.assert_allclose(found.probabilities(logits), expected / expected.sum())


def test_thresholds_have_the_highest_f1_of_all() -> None:
    chance = np.random.default_rng(0)
    truth = chance.random((60, 3)) < [0.2, 0.5, 0.8]
    likely = np.round(np.clip(chance.normal(0.4, 0.2, (60, 3)) + 0.2 * truth, 0, 1), 2)
    for k, found in enumerate(best_thresholds(likely, truth)):
        taken = likely[:, k] >= np.linspace(0.005, 0.995, 100)[:, None]
        right = (taken & truth[:, k]).sum(axis=1)
        tried = 2 * right / (taken.sum(axis=1) + truth[:, k].sum())
        assert f1_score(truth[:, k], likely[:, k] >= found) == pytest.approx(tried.max())


def test_a_label_that_none_or_all_have_keeps_a_half() -> None:
    truth = np.array([[False, True]] * 5)
    assert best_thresholds(np.full((5, 2), 0.3), truth).tolist() == [0.5, 0.5]


def test_with_several_labels_thresholds_replace_the_curve() -> None:
    found = calibrate(several(100, 4), NAMES)
    assert found.curve is None
    assert found.thresholds is not None
    assert len(found.thresholds) == 4
