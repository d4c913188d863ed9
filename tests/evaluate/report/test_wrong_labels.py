"""Confident learning: against labels that were made wrong, and against a plain loop."""

from __future__ import annotations

import numpy as np

from striate.evaluate.report import wrong_labels
from tests.evaluate.report.judged import drawn


def by_loop(probabilities: np.ndarray, labels: np.ndarray) -> dict[int, int]:
    """Place to suggested class, by the words of the paper, one image at a time."""
    thresholds = {}
    for k in range(probabilities.shape[1]):
        own = [
            float(row[k]) for row, label in zip(probabilities, labels, strict=True) if label == k
        ]
        if own:
            thresholds[k] = sum(own) / len(own)
    found = {}
    for place, (row, label) in enumerate(zip(probabilities, labels, strict=True)):
        reached = {k: float(row[k]) for k, limit in thresholds.items() if row[k] >= limit - 1e-9}
        if not reached:
            continue
        best = max(reached, key=lambda k: reached[k])
        if best != label and reached[best] > row[label]:
            found[place] = best
    return found


def test_a_case_worked_by_hand() -> None:
    """Thresholds: of a (0.9 + 0.8 + 0.1) / 3 = 0.6, of b (0.7 + 0.6 + 0.8) / 3 = 0.7."""
    probabilities = np.array(
        [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7], [0.4, 0.6], [0.2, 0.8]]
    )
    (suspect,) = wrong_labels(probabilities, np.array([0, 0, 0, 1, 1, 1]))
    assert (suspect.place, suspect.label, suspect.suggested) == (2, 0, 1)
    assert abs(suspect.margin - 0.8) < 1e-12


def test_it_agrees_with_a_plain_loop() -> None:
    for seed in range(5):
        probabilities, labels = drawn(150, 6, seed=seed)
        labels[::10] = (labels[::10] + 1) % 6
        found = {one.place: one.suggested for one in wrong_labels(probabilities, labels)}
        assert found == by_loop(probabilities.astype(np.float64), labels)


def test_labels_made_wrong_are_found_first() -> None:
    probabilities, labels = drawn(400, 4)
    is_right = probabilities.argmax(axis=1) == labels
    wrong = np.flatnonzero(is_right)[::15][:20]
    changed = labels.copy()
    changed[wrong] = (changed[wrong] + 1) % 4
    found = wrong_labels(probabilities, changed)
    hits = {one.place: one.suggested for one in found[:30]}
    caught = [place for place in wrong.tolist() if hits.get(place) == labels[place]]
    assert len(caught) >= 14
    assert [one.margin for one in found] == sorted((one.margin for one in found), reverse=True)


def test_a_class_without_images_is_never_suggested() -> None:
    probabilities = np.array([[0.1, 0.2, 0.7], [0.6, 0.1, 0.3], [0.2, 0.7, 0.1]])
    assert all(one.suggested != 2 for one in wrong_labels(probabilities, np.array([0, 0, 1])))


def test_right_labels_raise_no_suspicion() -> None:
    assert wrong_labels(np.eye(3), np.arange(3)) == []
