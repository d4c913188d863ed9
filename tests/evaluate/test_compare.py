"""Several networks on the same images: matching, and what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from striate.errors import DataError, UsageError
from striate.evaluate import assess
from striate.evaluate.compare import aligned, compare
from striate.evaluate.predictions import Predictions
from tests.evaluate.made_up import circumstances, several, single

NAMES = ("a", "b", "c")
HASHES = tuple(bytes([number] * 16) for number in range(60))


def predictions(lead: float = 2.0, images: int = 60) -> Predictions:
    return assess(single(images, 3, lead=lead), NAMES, circumstances(images))[1]


def with_right(said: Predictions, right: int) -> Predictions:
    """The same, with the first so many images right and the others wrong."""
    wrong = (said.truth + 1) % 3
    return replace(said, predicted=np.where(np.arange(len(said)) < right, said.truth, wrong))


def reordered(said: Predictions) -> Predictions:
    """The same rows in another order, with another order of the classes."""
    rows = np.arange(len(said))[::-1]
    columns = np.array([2, 0, 1])
    place = np.argsort(columns)
    return replace(
        said,
        classes=tuple(said.classes[k] for k in columns),
        paths=tuple(said.paths[row] for row in rows),
        places=said.places[rows],
        truth=place[said.truth[rows]],
        predicted=place[said.predicted[rows]],
        probabilities=said.probabilities[rows][:, columns],
        losses=said.losses[rows],
        content_hashes=tuple(said.content_hashes[row] for row in rows),
    )


def test_images_and_classes_are_matched_by_name() -> None:
    said = predictions()
    first, second = aligned(["A", "B"], [said, reordered(said)])
    assert first.paths == second.paths
    np.testing.assert_array_equal(first.truth, second.truth)
    np.testing.assert_array_equal(first.predicted, second.predicted)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    (same,) = compare(["A", "B"], [first, second], ["log-loss"])
    assert same.difference.value == 0


def test_who_is_better_by_how_much_is_said() -> None:
    """54 of 60 right against 30 of 60: 40 points; exact McNemar of 0 in 24: 2 * 0.5**24."""
    said = predictions()
    better, worse = with_right(said, 54), with_right(said, 30)
    (found,) = compare(["A", "B"], [worse, better], ["accuracy"])
    assert found.is_resolved
    assert (found.only_first, found.only_second) == (0, 24)
    assert found.sentence().startswith("B is better than A by 40.0 +/- ")
    assert "points of accuracy (" in found.sentence()
    assert "p below 0.001" in found.sentence()


def test_what_is_not_resolved_says_how_many_images_would_be_needed() -> None:
    said = predictions()
    (found,) = compare(["A", "B"], [with_right(said, 50), with_right(said, 48)], ["accuracy"])
    assert not found.is_resolved
    assert found.sentence().startswith("A is ahead of B by 3.3 +/- ")
    assert "not resolved on 60 images; about " in found.sentence()
    assert found.sentence().endswith(" would be needed")


def test_equal_answers_are_equal_within_something() -> None:
    said = predictions()
    found, other = compare(["A", "B"], [said, said], ["accuracy", "log-loss"])
    assert found.sentence() == (
        f"A and B are equal in accuracy on 60 images, within {100 * 3.8415 / 63.8415:.1f} points"
    )
    assert other.sentence() == "A and B are equal in log-loss, image by image"


def test_several_comparisons_are_corrected() -> None:
    """11 to 2 images: p is 0.0225 alone, and twice that of two comparisons."""
    said = predictions()
    base = replace(said, predicted=said.truth.copy())
    other = said.truth.copy()
    other[:11] = (other[:11] + 1) % 3
    base.predicted[11:13] = (base.truth[11:13] + 1) % 3
    rival = replace(said, predicted=other)
    alone = compare(["A", "B"], [base, rival], ["accuracy"])[0]
    both = compare(["A", "B", "C"], [base, rival, rival], ["accuracy"])
    assert alone.p == pytest.approx(2 * (1 + 13 + 78) / 2**13)
    assert [one.p for one in both] == pytest.approx([2 * alone.p] * 2)


def test_other_images_are_refused_unless_only_common_ones_are_asked_for() -> None:
    said = predictions()
    fewer = aligned(["A", "B"], [said, predictions(images=60)])[0]
    fewer = replace(fewer, paths=tuple(f"x{path}" for path in fewer.paths[:20]) + fewer.paths[20:])
    with pytest.raises(DataError) as refusal:
        aligned(["A", "B"], [said, fewer])
    assert "A: 60, B: 60; in common 40  [other-images]" in str(refusal.value)
    assert "--common (40 images)" in str(refusal.value)
    first, second = aligned(["A", "B"], [said, fewer], is_common=True)
    assert len(first) == len(second) == 40


def test_images_that_share_nothing_are_refused_always() -> None:
    said = predictions()
    other = replace(said, paths=tuple(f"x{path}" for path in said.paths))
    with pytest.raises(DataError, match="in common 0"):
        aligned(["A", "B"], [said, other], is_common=True)


def test_images_or_labels_that_changed_are_refused() -> None:
    said = replace(predictions(), content_hashes=HASHES)
    changed = replace(said, content_hashes=(*HASHES[:59], b"another content."))
    with pytest.raises(DataError, match=r"1 images are not the same for A and B, such as 59\.png"):
        aligned(["A", "B"], [said, changed])
    relabelled = replace(said, truth=np.where(np.arange(60) == 3, 1 - said.truth % 2, said.truth))
    with pytest.raises(DataError, match=r"other labels for A than for B, such as 3\.png"):
        aligned(["A", "B"], [said, relabelled])


def test_one_label_and_several_are_not_compared() -> None:
    other = assess(several(60, 3), NAMES, circumstances(60))[1]
    with pytest.raises(DataError, match="several-labels-and-one"):
        aligned(["A", "B"], [predictions(), other])
    assert compare(["A", "B"], [other, other], ["map"])[0].difference.value == 0


def test_a_metric_that_does_not_fit_is_told() -> None:
    said = predictions()
    with pytest.raises(UsageError, match="mAP is for images with several labels"):
        compare(["A", "B"], [said, said], ["map"])
    with pytest.raises(UsageError, match="did you mean 'accuracy'"):
        compare(["A", "B"], [said, said], ["acuracy"])
