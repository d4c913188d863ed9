"""Averages over classes against scikit-learn, and how often their intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from striate.evaluate.averages import averages, wilson_of
from striate.evaluate.intervals import wilson
from striate.evaluate.metrics import confusion_counts
from striate.evaluate.single import f1_estimate


@pytest.mark.parametrize("seed", range(3))
def test_averages_agree_with_scikit_learn(seed: int) -> None:
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, 6, 200)
    taken = np.where(chance.random(200) < 0.7, labels, chance.integers(0, 6, 200))
    found = averages(confusion_counts(labels, taken, 6))
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, taken, average="macro"
    )
    assert found["balanced_accuracy"].value == pytest.approx(
        metrics.balanced_accuracy_score(labels, taken)
    )
    assert found["macro_precision"].value == pytest.approx(precision)
    assert found["macro_recall"].value == pytest.approx(recall)
    assert found["macro_f1"].value == pytest.approx(f1)
    for one in found.values():
        assert 0 <= one.low < one.value < one.high <= 1
        assert (one.method, one.images) == ("bootstrap", 200)


def test_classes_that_do_not_occur_as_scikit_learn_counts_them() -> None:
    """Class 2 is predicted but has no images, class 3 is never predicted, class 4 is neither."""
    labels, taken = np.array([0, 0, 1, 3]), np.array([0, 2, 1, 1])
    found = averages(confusion_counts(labels, taken, 5))
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, taken, average="macro", zero_division=0.0
    )
    assert found["macro_precision"].value == pytest.approx(precision)
    assert found["macro_recall"].value == pytest.approx(recall)
    assert found["macro_f1"].value == pytest.approx(f1)
    assert found["balanced_accuracy"].value == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_without_a_mistake_the_interval_is_not_a_point() -> None:
    """Two classes of 10: each recall is 1 down to Wilson's 10/(10 + z²); the mean of two is nearer
    to 1 by the root of two.
    """
    found = averages(np.diag([10, 10]))
    reach = 1 - 10 / (10 + 1.959964**2)
    assert found["balanced_accuracy"].low == pytest.approx(1 - reach / 2**0.5, abs=1e-6)
    assert found["macro_f1"].low < 0.9
    assert found["macro_f1"].high == 1.0


def test_the_same_images_give_the_same_interval() -> None:
    confusion = np.array([[20, 3], [5, 30]])
    assert averages(confusion) == averages(confusion)


def test_intervals_hold_about_as_often_as_they_say() -> None:
    """Of 100 sets of 120 images from a known population."""
    chance = np.random.default_rng(0)
    population = np.array([[0.45, 0.03, 0.02], [0.03, 0.27, 0.0], [0.02, 0.0, 0.18]])
    truth = {name: one.value for name, one in averages((population * 1e6).astype(int)).items()}
    held = dict.fromkeys(truth, 0)
    for _ in range(100):
        counts = chance.multinomial(120, population.ravel()).reshape(3, 3)
        for name, one in averages(counts).items():
            held[name] += one.low <= truth[name] <= one.high
    assert all(count >= 91 for count in held.values()), held


def test_wilson_of_arrays_is_wilson() -> None:
    for part, whole in [(0, 7), (7, 7), (3, 9)]:
        low, high = wilson_of(np.array(part), np.array(whole))
        assert (float(low), float(high)) == pytest.approx(
            (wilson(part, whole).low, wilson(part, whole).high)
        )


def test_the_f1_of_a_class_has_the_limits_of_its_overlap() -> None:
    """8 of 10 images found, 12 taken for it: 8 right of 14; F1 = 16 / 22."""
    found = f1_estimate(10, 12, 8)
    share = wilson(8, 14)
    assert found is not None
    assert found.value == pytest.approx(16 / 22)
    assert found.low == pytest.approx(2 * share.low / (1 + share.low))
    assert found.high == pytest.approx(2 * share.high / (1 + share.high))
    assert f1_estimate(0, 0, 0) is None
