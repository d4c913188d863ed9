"""Calibration error, log-loss and Brier score against slow loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from striate.evaluate.reliability import losses, reliability


def slow_ece(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Equation 3 of Guo et al., with 15 bins, image by image."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(15)]
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        best = max(range(len(row)), key=row.__getitem__)
        bins[min(int(row[best] * 15), 14)].append((row[best], best == label))
    total = 0.0
    for held in bins:
        if held:
            sure = sum(confidence for confidence, _ in held) / len(held)
            right = sum(is_right for _, is_right in held) / len(held)
            total += len(held) / len(labels) * abs(right - sure)
    return total


@pytest.mark.parametrize("seed", range(3))
def test_numbers_agree_with_a_slow_loop_and_scikit_learn(seed: int) -> None:
    chance = np.random.default_rng(seed)
    probabilities = chance.dirichlet(np.ones(4), 150)
    labels = chance.integers(0, 4, 150)
    found = reliability(probabilities, labels)
    hot = np.eye(4)[labels]
    assert found.ece.value == pytest.approx(slow_ece(probabilities, labels))
    assert found.log_loss.value == pytest.approx(log_loss(labels, probabilities))
    assert found.brier.value == pytest.approx(((probabilities - hot) ** 2).sum(axis=1).mean())
    assert sum(one.images for one in found.bins) == 150
    assert [one.low for one in found.bins] == pytest.approx(np.arange(15) / 15)


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    """Of 2,000 images the bootstrap of a mean is its standard error times 1.96 to each side."""
    chance = np.random.default_rng(0)
    probabilities = chance.dirichlet(np.full(3, 2.0), 2000)
    labels = chance.integers(0, 3, 2000)
    found = reliability(probabilities, labels).log_loss
    error = losses(probabilities, labels).std(ddof=1) / 2000**0.5
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.06)


def test_honest_probabilities_may_have_no_error_at_all() -> None:
    chance = np.random.default_rng(0)
    sure = chance.uniform(0.5, 1, 400)
    labels = (chance.random(400) > sure).astype(np.int64)
    found = reliability(np.stack([sure, 1 - sure], axis=1), labels).ece
    assert found.value > 0.01
    assert found.low == 0


def test_far_too_sure_is_told() -> None:
    """Says 99 %, is right in 70 %: the error is 0.29, and its interval holds that, not 0."""
    sure = np.full(400, 0.99)
    labels = (np.arange(400) % 10 >= 7).astype(np.int64)
    found = reliability(np.stack([sure, 1 - sure], axis=1), labels).ece
    assert found.value == pytest.approx(0.29)
    assert 0.2 < found.low < 0.29 < found.high < 0.36


def test_with_several_labels_every_label_is_a_statement() -> None:
    """Two statements of 0.9, one of them true, and two of 0.1, both false."""
    found = reliability(np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([[1.0, 0], [0, 0]]))
    assert found.ece.value == pytest.approx((2 * abs(0.9 - 0.5) + 2 * abs(0.1 - 0)) / 4)
    assert found.log_loss.value == pytest.approx(-np.log([0.9, 0.9, 0.1, 0.9]).mean())
    assert found.bins[13].images == 2


def test_a_certainty_that_is_wrong_has_a_finite_loss() -> None:
    assert np.isfinite(losses(np.array([[1.0, 0.0]]), np.array([1]))).all()
