"""Scores against numbers worked out by hand, and against scikit-learn and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from striate.evaluate import ClassScore, accuracy_line, class_table, score, wilson

NAMES = ("ant", "bee", "cat")


def logs(predictions: list[int], classes: int = 3, sure: float = 0.8) -> np.ndarray:
    """Log-probabilities whose largest is at the given predictions."""
    rest = (1 - sure) / (classes - 1)
    rows = np.full((len(predictions), classes), rest)
    rows[np.arange(len(predictions)), predictions] = sure
    return np.asarray(np.log(rows))


def test_scores_worked_out_by_hand() -> None:
    # Truth      ant ant ant ant bee bee cat cat
    # Predicted  ant ant ant bee bee cat cat cat
    found = score(logs([0, 0, 0, 1, 1, 2, 2, 2]), np.array([0, 0, 0, 0, 1, 1, 2, 2]), NAMES)
    assert found.accuracy == 6 / 8
    assert found.confusion == ((3, 1, 0), (0, 1, 1), (0, 0, 2))
    ant, bee, cat = found.per_class
    assert (ant.precision, ant.recall, ant.f1) == (3 / 3, 3 / 4, 6 / 7)
    assert (bee.precision, bee.recall, bee.f1) == (1 / 2, 1 / 2, 1 / 2)
    assert (cat.precision, cat.recall, cat.f1) == (2 / 3, 2 / 2, 4 / 5)
    assert found.macro_f1 == pytest.approx((6 / 7 + 1 / 2 + 4 / 5) / 3)
    assert found.log_loss == pytest.approx(-(6 * math.log(0.8) + 2 * math.log(0.1)) / 8)


def test_a_class_that_never_occurs_is_not_averaged() -> None:
    found = score(logs([0, 0, 1]), np.array([0, 0, 1]), NAMES)
    assert found.macro_f1 == 1.0
    assert found.per_class[2] == ClassScore("cat", images=0, predicted=0, correct=0)
    assert (found.per_class[2].precision, found.per_class[2].recall) == (None, None)
    assert found.per_class[2].f1 is None


def test_a_class_that_is_never_right_scores_zero() -> None:
    found = score(logs([0, 0]), np.array([0, 1]), NAMES)
    assert found.per_class[1].f1 == 0.0
    assert found.macro_f1 == pytest.approx((2 / 3 + 0) / 2)


def test_of_equal_probabilities_the_first_class_counts() -> None:
    assert score(np.log(np.full((1, 3), 1 / 3)), np.array([0]), NAMES).accuracy == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_scores_agree_with_scikit_learn(seed: int) -> None:
    from sklearn import metrics

    chance = np.random.default_rng(seed)
    classes = 5
    labels = chance.integers(0, classes, 200)
    probabilities = chance.dirichlet(np.ones(classes), 200)
    probabilities[np.arange(200), labels] += 0.3
    probabilities /= probabilities.sum(1, keepdims=True)
    taken = probabilities.argmax(1)
    found = score(np.log(probabilities), labels, tuple("abcde"))
    precision, recall, f1, images = metrics.precision_recall_fscore_support(labels, taken)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(labels, taken))
    assert found.macro_f1 == pytest.approx(metrics.f1_score(labels, taken, average="macro"))
    assert found.log_loss == pytest.approx(metrics.log_loss(labels, probabilities))
    assert found.confusion == tuple(map(tuple, metrics.confusion_matrix(labels, taken).tolist()))
    assert [one.precision for one in found.per_class] == pytest.approx(list(precision))
    assert [one.recall for one in found.per_class] == pytest.approx(list(recall))
    assert [one.f1 for one in found.per_class] == pytest.approx(list(f1))
    assert [one.images for one in found.per_class] == images.tolist()


@pytest.mark.parametrize(("correct", "images"), [(0, 1), (1, 1), (0, 20), (20, 20), (8, 10)])
def test_the_interval_agrees_with_scipy(correct: int, images: int) -> None:
    from scipy.stats import binomtest  # type: ignore[import-untyped]

    expected = binomtest(correct, images).proportion_ci(0.95, method="wilson")
    found = wilson(correct, images)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_the_interval_never_leaves_zero_to_one() -> None:
    for images in (1, 7, 360, 10_000):
        assert wilson(0, images).low == 0.0
        assert wilson(images, images).high == 1.0
        assert wilson(0, images).high > 0.0
        assert wilson(images, images).low < 1.0


def test_scores_as_text() -> None:
    found = score(logs([0, 0, 1, 1]), np.array([0, 0, 1, 0]), NAMES)
    assert accuracy_line(found) == (
        "accuracy 75.00 % (95 % interval 30.06 to 95.44) on 4 images"  # scipy: 0.300642, 0.954413
    )
    assert class_table(found).splitlines() == [
        "class     images  precision  recall      F1",
        "ant            3      100.0    66.7    80.0",
        "bee            1       50.0   100.0    66.7",
        "cat            0          -       -       -",
        "macro-F1                               73.3",
    ]


def test_of_many_classes_the_worst_are_shown() -> None:
    names = tuple(f"class {number}" for number in range(50))
    labels = np.arange(50)
    predictions = labels.copy()
    predictions[7] = 8
    lines = class_table(score(logs(predictions.tolist(), 50), labels, names)).splitlines()
    assert len(lines) == 1 + 40 + 1 + 1
    assert lines[1].split() == ["class", "7", "1", "-", "0.0", "0.0"]
    assert lines[-2] == "... the 40 of 50 classes with the lowest F1"


def test_long_names_that_end_differently_are_told_apart() -> None:
    names = tuple(f"Lycopersicon esculentum, its variety number {number}" for number in range(3))
    rows = class_table(score(logs([0, 1, 2]), np.arange(3), names)).splitlines()[1:4]
    assert [row.rsplit(maxsplit=4)[0].strip() for row in rows] == [
        f"Lycopersicon esculentum,...iety number {number}" for number in range(3)
    ]


def test_plain_values_hold_everything() -> None:
    values = score(logs([0, 1]), np.array([0, 1]), NAMES).to_json()
    assert values["images"] == 2
    assert values["confusion"] == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert isinstance(values["classes"], list)
    last = values["classes"][2]
    assert isinstance(last, dict)
    assert last["precision"] is None
