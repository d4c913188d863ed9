"""The record of an evaluation against scikit-learn, number by number."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics

from striate.evaluate import Answers, assess, calibrate, score_answers, selection
from striate.evaluate.temperature import cross_fitted
from striate.evaluate.text import evaluation_lines
from tests.evaluate.made_up import circumstances, several, single

NAMES = tuple("abcdefghijklmno")


def shares(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits.astype(np.float64))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def test_scores_of_one_label_agree_with_scikit_learn() -> None:
    said = single(240, 12)
    classes = NAMES[:12]
    found, _ = assess(said, classes, circumstances(240))
    likely, taken = shares(said.logits), said.logits.argmax(axis=1)
    values = {name: one.value for name, one in found.scores.items()}
    assert values["accuracy"] == pytest.approx(metrics.accuracy_score(said.labels, taken))
    assert values["macro_f1"] == pytest.approx(
        metrics.f1_score(said.labels, taken, average="macro")
    )
    assert values["top5_accuracy"] == pytest.approx(
        metrics.top_k_accuracy_score(said.labels, likely, k=5)
    )
    assert values["log_loss"] == pytest.approx(metrics.log_loss(said.labels, likely))
    assert values["auroc"] == pytest.approx(
        metrics.roc_auc_score(said.labels, likely, multi_class="ovr")
    )
    assert values["average_precision"] == pytest.approx(
        metrics.average_precision_score(np.eye(12)[said.labels], likely)
    )
    confusion = metrics.confusion_matrix(said.labels, taken)
    assert found.confusion == tuple(map(tuple, confusion.tolist()))
    for k, one in enumerate(found.per_class):
        auroc = metrics.roc_auc_score(said.labels == k, likely[:, k])
        assert one.auroc is not None
        assert one.auroc.value == pytest.approx(auroc)


def test_every_number_lies_in_its_interval() -> None:
    found, _ = assess(single(90, 3), NAMES[:3], circumstances(90))
    each = [*found.scores.values()]
    for one in found.per_class:
        each += [x for x in (one.precision, one.recall, one.f1, one.auroc) if x is not None]
    assert all(one.low <= one.value <= one.high for one in each)
    assert all(one.low < one.high for one in each)


def test_the_best_of_five_means_nothing_of_ten_classes() -> None:
    assert "top5_accuracy" not in assess(single(40, 10), NAMES[:10], circumstances(40))[0].scores


def test_other_images_are_scaled_by_the_stored_temperature() -> None:
    calibration = calibrate(single(100, 3, seed=1), NAMES[:3])
    said = single(80, 3)
    found, rows = assess(said, NAMES[:3], circumstances(80, calibration))
    likely = shares(said.logits / calibration.temperature)
    assert found.calibration.after is not None
    assert found.calibration.after.log_loss.value == pytest.approx(
        metrics.log_loss(said.labels, likely)
    )
    assert not found.calibration.is_cross_fitted
    assert found.calibration.fitted_on == "the 100 validation images of the run"
    np.testing.assert_allclose(rows.confidences, likely.max(axis=1), rtol=1e-6)


def test_the_images_it_was_fitted_on_are_scaled_in_folds() -> None:
    said = single(80, 3)
    calibration = calibrate(said, NAMES[:3])
    found, _ = assess(said, NAMES[:3], circumstances(80, calibration, is_fitted_here=True))
    likely = shares(said.logits / cross_fitted(said.logits, said.labels)[:, None])
    assert found.calibration.after is not None
    assert found.calibration.after.log_loss.value == pytest.approx(
        metrics.log_loss(said.labels, likely)
    )
    assert found.calibration.is_cross_fitted
    assert "5 folds" in found.calibration.fitted_on


def test_images_unlike_the_validation_images_are_counted() -> None:
    """Logits near zero have more energy than those of an image that is known."""
    calibration = calibrate(single(200, 3, lead=9.0), NAMES[:3])
    strange = single(40, 3, seed=2, lead=0.0)
    found, _ = assess(strange, NAMES[:3], circumstances(40, calibration))
    assert found.outliers is not None
    assert found.outliers.above.value > 0.9
    assert assess(strange, NAMES[:3], circumstances(40))[0].outliers is None


def test_scores_of_several_labels_agree_with_scikit_learn() -> None:
    said = several(200, 4)
    calibration = calibrate(several(150, 4, seed=1), NAMES[:4])
    found, rows = assess(said, NAMES[:4], circumstances(200, calibration))
    assert calibration.thresholds is not None
    scaled = 1 / (1 + np.exp(-said.logits.astype(np.float64) / calibration.temperature))
    taken = scaled >= np.asarray(calibration.thresholds)
    truth = said.labels > 0
    values = {name: one.value for name, one in found.scores.items()}
    np.testing.assert_array_equal(rows.predicted > 0, taken)
    assert values["accuracy"] == pytest.approx(metrics.accuracy_score(truth, taken))
    assert values["macro_f1"] == pytest.approx(metrics.f1_score(truth, taken, average="macro"))
    assert values["average_precision"] == pytest.approx(
        metrics.average_precision_score(truth, said.logits)
    )
    assert values["auroc"] == pytest.approx(metrics.roc_auc_score(truth, said.logits))
    assert [one.threshold for one in found.per_class] == pytest.approx(calibration.thresholds)
    assert all(one.low < one.value < one.high for one in found.scores.values())
    assert (found.confusion, found.rejection) == ((), None)


@pytest.mark.parametrize("said", [single(1, 3), single(2, 3), several(2, 3), single(30, 2)])
def test_few_images_or_classes_give_plain_json(said: object) -> None:
    assert isinstance(said, Answers)
    count, classes = said.logits.shape
    calibration = calibrate(said, NAMES[:classes])
    known = circumstances(count, calibration, is_fitted_here=True)
    found, _ = assess(said, NAMES[:classes], known)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["images"] == count


def test_the_text_ends_in_what_is_mistaken_most_often() -> None:
    labels, taken = np.array([0, 0, 1, 1, 2, 0]), np.array([0, 1, 1, 0, 2, 1])
    logits = np.eye(3, dtype=np.float32)[taken]
    found, _ = assess(Answers(logits, labels, np.arange(6)), NAMES[:3], circumstances(6))
    first, second = NAMES[:2]
    *_, last = evaluation_lines(found)
    assert last == f"most often mistaken: {first} as {second} (2), {second} as {first} (1)"
    found, _ = assess(Answers(logits, taken, np.arange(6)), NAMES[:3], circumstances(6))
    assert not any("mistaken" in line for line in evaluation_lines(found))


@pytest.mark.parametrize(("classes", "has_matrix"), [(100, True), (101, False)])
def test_a_matrix_of_many_classes_is_left_to_the_predictions(
    classes: int, has_matrix: bool
) -> None:
    said, names = single(2 * classes, classes), [f"class {k}" for k in range(classes)]
    found, rows = assess(said, names, circumstances(2 * classes))
    for record in (found.to_json(), score_answers(said, names).to_json()):
        rowwise = [list(row) for row in found.confusion]
        assert record["confusion"] == (rowwise if has_matrix else None)
    assert len(found.confusion) == classes
    assert sum(found.confusion[3]) == (rows.truth == 3).sum() == 2


def test_the_quick_scores_of_a_training_are_those_of_the_record() -> None:
    said = single(90, 3)
    found, _ = assess(said, NAMES[:3], circumstances(90))
    quick = score_answers(said, NAMES[:3])
    for name, metric in [("macro-f1", "macro_f1"), ("balanced-accuracy", "balanced_accuracy")]:
        assert selection(quick, name) == pytest.approx(found.scores[metric].value)
    assert -selection(quick, "log-loss") == pytest.approx(found.scores["log_loss"].value)
