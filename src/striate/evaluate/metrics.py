"""Scores of a classifier, each with its definition; plain arithmetic on probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from striate.errors import UsageError, did_you_mean
from striate.evaluate.classify import Answers
from striate.evaluate.intervals import Interval, wilson
from striate.evaluate.ranking import ranked
from striate.files import Json
from striate.options import Metric

# Metrics that the best weights can be chosen by, as the options name them, in their order.
SELECTIONS: tuple[str, ...] = get_args(Metric)
# Those that people write otherwise.
_WRITTEN = {"macro-f1": "macro-F1", "map": "mAP"}

# Classes whose confusion matrix is written down in numbers.
MOST_IN_RECORD = 100


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class fared.

    images: how many truly are of it. predicted: how many were taken for it. correct: both.
    """

    name: str
    images: int
    predicted: int
    correct: int

    @property
    def precision(self) -> float | None:
        """Share of those taken for it that are of it; None where nothing was taken for it."""
        return self.correct / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Share of its images that were found; None where it has no images."""
        return self.correct / self.images if self.images else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall, 0 if nothing is right; None if never seen."""
        either = self.images + self.predicted
        return 2 * self.correct / either if either else None


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores over a set of images.

    accuracy: share of images whose most probable class is the true one; where images have several
        labels, share of those with exactly the right ones.
    interval: of the accuracy, by Wilson.
    balanced_accuracy: mean of the recall of all classes that have images.
    macro_f1: mean of the F1 of all classes that occur as truth or as prediction.
    log_loss: mean of -log(probability of the true class), in nats; where images have several
        labels, mean of the same over images and classes.
    mean_average_precision: mean over the classes that have images; None where images have one
        label.
    confusion: images by true class (row) and predicted class (column); empty where images have
        several labels.
    """

    images: int
    accuracy: float
    interval: Interval
    balanced_accuracy: float
    macro_f1: float
    log_loss: float
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    mean_average_precision: float | None = None

    def summary(self) -> dict[str, float | int]:
        """The totals as plain numbers."""
        several = (
            {} if self.mean_average_precision is None else {"mAP": self.mean_average_precision}
        )
        return {
            "images": self.images,
            "accuracy": self.accuracy,
            "accuracy_low": self.interval.low,
            "accuracy_high": self.interval.high,
            "balanced_accuracy": self.balanced_accuracy,
            "macro_f1": self.macro_f1,
            "log_loss": self.log_loss,
            **several,
        }

    def to_json(self) -> dict[str, Json]:
        """Everything, as plain values; shares that are not defined are null.

        So is the confusion of more classes than `MOST_IN_RECORD`.
        """
        rows: list[Json] = [
            {
                "class": one.name,
                "images": one.images,
                "predicted": one.predicted,
                "correct": one.correct,
                "precision": one.precision,
                "recall": one.recall,
                "f1": one.f1,
            }
            for one in self.per_class
        ]
        return {**self.summary(), "classes": rows, "confusion": matrix_json(self.confusion)}


def written(metric: str) -> str:
    """A metric of `SELECTIONS` as it is written in a sentence."""
    return _WRITTEN.get(metric, metric)


def selection(scores: Scores, name: str) -> float:
    """The metric `name` of `SELECTIONS` as a number of which more is better.

    Raises:
        UsageError: there is no such metric, or these images do not have it.
    """
    check_selection(name, is_multilabel=scores.mean_average_precision is not None)
    match name:
        case "macro-f1":
            return scores.macro_f1
        case "accuracy":
            return scores.accuracy
        case "balanced-accuracy":
            return scores.balanced_accuracy
        case "log-loss":
            return -scores.log_loss
    assert scores.mean_average_precision is not None
    return scores.mean_average_precision


def check_selection(name: str, *, is_multilabel: bool) -> None:
    """Refuse a metric that is none of `SELECTIONS`, or that images with one label do not have.

    Raises:
        UsageError: it is one of these.
    """
    if name not in SELECTIONS:
        raise UsageError.of(
            "unknown-metric",
            f"there is no metric '{name}'{did_you_mean(name, SELECTIONS)}",
            f"the metrics are: {', '.join(SELECTIONS)}",
        )
    if name == "map" and not is_multilabel:
        raise UsageError.of(
            "metric-of-several-labels",
            "mAP is for images with several labels; these have one each",
            f"the other metrics are: {', '.join(SELECTIONS[:-1])}",
        )


def score_answers(said: Answers, classes: Sequence[str]) -> Scores:
    """Scores of what a network said, whether images have one label or several."""
    if said.is_multilabel:
        return score_several(said.logits, said.labels, classes)
    return score(said.log_probabilities, said.labels, classes)


def score(log_probabilities: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Scores:
    """Scores from the logarithms of probabilities, N×K, and the true labels, N; N at least 1.

    Of equally probable classes the first counts as the prediction.
    """
    assert len(labels) == len(log_probabilities) > 0
    predictions = log_probabilities.argmax(axis=1)
    confusion = confusion_counts(labels, predictions, len(classes))
    correct = int(confusion.trace())
    per_class = _class_scores(classes, confusion.sum(1), confusion.sum(0), confusion.diagonal())
    of_truth = log_probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return Scores(
        images=len(labels),
        accuracy=correct / len(labels),
        interval=wilson(correct, len(labels)),
        balanced_accuracy=_mean([one.recall for one in per_class]),
        macro_f1=_mean([one.f1 for one in per_class]),
        log_loss=float(-of_truth.mean()),
        per_class=per_class,
        confusion=tuple(tuple(map(int, row)) for row in confusion),
    )


def score_several(
    logits: np.ndarray,
    targets: np.ndarray,
    classes: Sequence[str],
    thresholds: np.ndarray | None = None,
) -> Scores:
    """Scores where images have several labels, or none: logits and targets (0 or 1) are N×K.

    thresholds: logit above which an image is said to have a label; K, or N×K. By default 0, at
    which a label is as probable as not.
    """
    assert len(targets) == len(logits) > 0
    taken = logits > (0.0 if thresholds is None else thresholds)
    truth = targets > 0
    right = int((taken == truth).all(axis=1).sum())
    per_class = _class_scores(classes, truth.sum(0), taken.sum(0), (taken & truth).sum(0))
    precision = [average_precision(logits[:, k], truth[:, k]) for k in range(len(classes))]
    signed = np.where(truth, logits, -logits).astype(np.float64)
    return Scores(
        images=len(logits),
        accuracy=right / len(logits),
        interval=wilson(right, len(logits)),
        balanced_accuracy=_mean([one.recall for one in per_class]),
        macro_f1=_mean([one.f1 for one in per_class]),
        log_loss=float(np.logaddexp(0, -signed).mean()),
        per_class=per_class,
        confusion=(),
        mean_average_precision=_mean(precision),
    )


def average_precision(scores: np.ndarray, truth: np.ndarray) -> float | None:
    """Mean, over the true ones, of the precision among all that score as high; None without any.

    Equal scores are taken together. scores: N. truth: bool, N.
    """
    return ranked(scores, truth).average_precision if truth.any() else None


def _class_scores(
    classes: Sequence[str], images: np.ndarray, predicted: np.ndarray, correct: np.ndarray
) -> tuple[ClassScore, ...]:
    counts = zip(classes, images.tolist(), predicted.tolist(), correct.tolist(), strict=True)
    return tuple(ClassScore(*row) for row in counts)


def _mean(values: Sequence[float | None]) -> float:
    """Mean of those that are defined; 0 where none is."""
    defined = [value for value in values if value is not None]
    return math.fsum(defined) / len(defined) if defined else 0.0


def matrix_json(confusion: Sequence[Sequence[int]]) -> Json:
    """A confusion matrix as plain rows; None where it would be most of a record.

    A thousand classes make a million numbers, nearly all of them 0.
    """
    return [list(row) for row in confusion] if len(confusion) <= MOST_IN_RECORD else None


def confusion_counts(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """Images by true class (row) and predicted class (column): int64, K×K."""
    cells = labels.astype(np.int64) * classes + predictions
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)
