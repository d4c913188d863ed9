"""What is measured where each image has one label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from striate.evaluate.averages import averages, wilson_of
from striate.evaluate.classify import Answers
from striate.evaluate.evaluation import ClassEvaluation, RiskCoverage, RiskPoint
from striate.evaluate.intervals import Estimate, share
from striate.evaluate.metrics import confusion_counts
from striate.evaluate.predictions import Predictions
from striate.evaluate.ranking import mean_estimate, rank_estimate, ranked
from striate.evaluate.rejection import area, curve
from striate.evaluate.resampling import percentile, weights

# Above so many classes, the share of images whose truth is among the first five means something.
FEW_CLASSES = 10
TOP = 5
MOST_POINTS = 200


@dataclass(frozen=True)
class Measured:
    """What is measured besides calibration; scores come first, ranks after the losses."""

    scores: Mapping[str, Estimate]
    ranks: Mapping[str, Estimate]
    per_class: tuple[ClassEvaluation, ...]
    confusion: tuple[tuple[int, ...], ...]
    rejection: RiskCoverage | None


@dataclass(frozen=True)
class RankScores:
    """AUROC and average precision of each class, None where it is not defined, and their means."""

    auroc: tuple[Estimate | None, ...]
    average_precision: tuple[Estimate | None, ...]
    means: Mapping[str, Estimate]


def measure(said: Answers, predictions: Predictions, classes: Sequence[str]) -> Measured:
    """The numbers of answers about images with one label each."""
    confusion = confusion_counts(said.labels, predictions.predicted, len(classes))
    accuracy = share(int(confusion.trace()), len(said))
    assert accuracy is not None
    scores = {"accuracy": accuracy, **averages(confusion)}
    if len(classes) > FEW_CLASSES:
        among = share(int((predictions.ranks <= TOP).sum()), len(said))
        assert among is not None
        scores[f"top{TOP}_accuracy"] = among
    truth = said.labels[:, None] == np.arange(len(classes))
    found = rank_scores(said.log_probabilities, truth)
    return Measured(
        scores=scores,
        ranks=found.means,
        per_class=class_evaluations(
            classes,
            (confusion.sum(1), confusion.sum(0), confusion.diagonal()),
            found,
        ),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        rejection=risk_coverage(predictions.confidences, predictions.is_right),
    )


def class_evaluations(
    classes: Sequence[str],
    counts: tuple[np.ndarray, np.ndarray, np.ndarray],
    found: RankScores,
    thresholds: Sequence[float] | None = None,
) -> tuple[ClassEvaluation, ...]:
    """A record for each class. counts: images, predicted, correct, each K."""
    images, predicted, correct = (count.astype(np.int64).tolist() for count in counts)
    return tuple(
        ClassEvaluation(
            name=name,
            images=images[k],
            predicted=predicted[k],
            correct=correct[k],
            precision=share(correct[k], predicted[k]),
            recall=share(correct[k], images[k]),
            f1=f1_estimate(images[k], predicted[k], correct[k]),
            auroc=found.auroc[k],
            average_precision=found.average_precision[k],
            threshold=None if thresholds is None else thresholds[k],
        )
        for k, name in enumerate(classes)
    )


def f1_estimate(images: int, predicted: int, correct: int) -> Estimate | None:
    """The F1 of a class with its interval; None where nothing is of it or taken for it.

    F1 is 2J / (1 + J) of a share J, that of the right ones among all that are of the class or were
    taken for it; its limits are those of J by Wilson.
    """
    whole = images + predicted - correct
    if not whole:
        return None
    low, high = (
        float(2 * end / (1 + end)) for end in wilson_of(np.array(correct), np.array(whole))
    )
    value = 2 * correct / (images + predicted)
    return Estimate(value, min(low, value), max(high, value), "Wilson", whole)


def rank_scores(scores: np.ndarray, truth: np.ndarray) -> RankScores:
    """AUROC and average precision, one class against the others, of scores and truth, N×K.

    The spread of a class with a single image cannot be seen in it; the mean takes such classes for
    a sample of classes like these, whose spread is that between them.
    """
    auroc, precision = _Ranking(len(scores)), _Ranking(len(scores))
    for k in range(truth.shape[1]):
        found, column = ranked(scores[:, k], truth[:, k]), truth[:, k]
        auroc.add(found.auroc, found.auroc_pull, column)
        precision.add(found.average_precision, found.average_precision_pull, column)
    means = {"auroc": auroc.mean(), "average_precision": precision.mean()}
    return RankScores(
        auroc=tuple(auroc.each),
        average_precision=tuple(precision.each),
        means={name: one for name, one in means.items() if one is not None},
    )


class _Ranking:
    """A number of each class, and what is needed for the mean; pulls are added up as they come."""

    def __init__(self, images: int) -> None:
        self.each: list[Estimate | None] = []
        self._values: list[float] = []
        self._pulls = np.zeros(images)
        self._rarest = images
        self._alone: list[tuple[int, float]] = []

    def add(self, value: float, pull: np.ndarray, truth: np.ndarray) -> None:
        """Take in the next class; NaN where the number is not defined for it."""
        self.each.append(rank_estimate(value, pull, truth))
        if np.isnan(value):
            return
        count = int(truth.sum())
        self._values.append(value)
        self._pulls += pull
        self._rarest = min(self._rarest, count)
        if count == 1:
            row = int(truth.argmax())
            self._pulls[row] -= pull[row]
            self._alone.append((row, value))

    def mean(self) -> Estimate | None:
        """The mean over the classes for which it is defined; None where it is for none."""
        if not self._values:
            return None
        pulls, mean = self._pulls.copy(), float(np.mean(self._values))
        for row, value in self._alone:
            pulls[row] += value - mean
        return mean_estimate(self._values, pulls, self._rarest, len(pulls))


def risk_coverage(confidences: np.ndarray, is_right: np.ndarray) -> RiskCoverage:
    """The risk-coverage curve of images, N, and its area with an interval."""
    found = curve(confidences, is_right, most=MOST_POINTS)
    order = np.argsort(-confidences, kind="stable")
    wrong = (~is_right[order]).astype(np.float32)
    parts = []
    for drawn in weights(len(wrong)):
        images = np.cumsum(drawn[:, order], axis=1, dtype=np.float32)
        risk = np.cumsum(drawn[:, order] * wrong, axis=1, dtype=np.float32) / np.maximum(images, 1)
        parts.append((risk * drawn[:, order]).sum(axis=1, dtype=np.float64) / len(wrong))
    rows = zip(found.thresholds, found.answered, found.wrong, strict=True)
    return RiskCoverage(
        area=percentile(area(confidences, is_right), np.concatenate(parts), len(wrong)),
        points=tuple(
            RiskPoint(threshold, answered / found.images, bad / answered)
            for threshold, answered, bad in rows
        ),
    )


def ranks(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Rank of the truth among the classes by logit, from 1; of equal ones the first counts: N."""
    true = logits[np.arange(len(labels)), labels][:, None]
    before = np.arange(logits.shape[1]) < labels[:, None]
    return np.asarray(1 + (logits > true).sum(axis=1) + ((logits == true) & before).sum(axis=1))
