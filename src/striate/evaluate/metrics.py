"""Scores of a classifier, each with its definition; plain arithmetic on probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from striate.files import Json

# 97.5 % point of the standard normal distribution: two-sided 95 %.
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies with 95 % confidence, given that the images are a fair sample."""

    low: float
    high: float


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

    accuracy: share of images whose most probable class is the true one.
    interval: of the accuracy, by Wilson.
    macro_f1: mean of the F1 of all classes that occur as truth or as prediction.
    log_loss: mean of -log(probability of the true class), in nats.
    confusion: images by true class (row) and predicted class (column).
    """

    images: int
    accuracy: float
    interval: Interval
    macro_f1: float
    log_loss: float
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]

    def summary(self) -> dict[str, float | int]:
        """The totals as plain numbers."""
        return {
            "images": self.images,
            "accuracy": self.accuracy,
            "accuracy_low": self.interval.low,
            "accuracy_high": self.interval.high,
            "macro_f1": self.macro_f1,
            "log_loss": self.log_loss,
        }

    def to_json(self) -> dict[str, Json]:
        """Everything, as plain values; shares that are not defined are null."""
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
        confusion: list[Json] = [list(row) for row in self.confusion]
        return {**self.summary(), "classes": rows, "confusion": confusion}


def score(log_probabilities: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Scores:
    """Scores from the logarithms of probabilities, N×K, and the true labels, N; N at least 1.

    Of equally probable classes the first counts as the prediction.
    """
    assert len(labels) == len(log_probabilities) > 0
    predictions = log_probabilities.argmax(axis=1)
    confusion = confusion_counts(labels, predictions, len(classes))
    correct = int(confusion.trace())
    per_class = tuple(
        ClassScore(name, int(confusion[k].sum()), int(confusion[:, k].sum()), int(confusion[k, k]))
        for k, name in enumerate(classes)
    )
    of_truth = log_probabilities[np.arange(len(labels)), labels].astype(np.float64)
    f1 = [one.f1 for one in per_class if one.f1 is not None]
    return Scores(
        images=len(labels),
        accuracy=correct / len(labels),
        interval=wilson(correct, len(labels)),
        macro_f1=math.fsum(f1) / len(f1),
        log_loss=float(-of_truth.mean()),
        per_class=per_class,
        confusion=tuple(tuple(map(int, row)) for row in confusion),
    )


def confusion_counts(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """Images by true class (row) and predicted class (column): int64, K×K."""
    cells = labels.astype(np.int64) * classes + predictions
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def wilson(correct: int, images: int) -> Interval:
    """95 % interval of a share; stays within 0..1 and is not empty at 0 % or 100 %.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927.

    >>> found = wilson(8, 10)
    >>> round(found.low, 4), round(found.high, 4)
    (0.4902, 0.9433)
    """
    assert 0 <= correct <= images > 0
    share, z2 = correct / images, Z_95**2
    centre = (share + z2 / (2 * images)) / (1 + z2 / images)
    spread = math.sqrt(share * (1 - share) / images + z2 / (4 * images**2)) * Z_95
    half = spread / (1 + z2 / images)
    # At 0 % and 100 % the ends are exact; rounding must not push them past.
    low = 0.0 if correct == 0 else centre - half
    high = 1.0 if correct == images else centre + half
    return Interval(low, high)
