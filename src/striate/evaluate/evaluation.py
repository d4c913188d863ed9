"""All that is known of how a network fared on a set of images: the record behind reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from striate.evaluate.intervals import Estimate
from striate.evaluate.metrics import matrix_json
from striate.files import Json


@dataclass(frozen=True, slots=True)
class ClassEvaluation:
    """How one class fared.

    images: how many truly are of it. predicted: how many were taken for it. correct: both.
    Numbers that are not defined, such as the precision of a class that nothing was taken for, are
    None. threshold: the probability from which an image is said to have this label; None where an
    image has just one.
    """

    name: str
    images: int
    predicted: int
    correct: int
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None
    auroc: Estimate | None
    average_precision: Estimate | None
    threshold: float | None = None

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "class": self.name,
            "images": self.images,
            "predicted": self.predicted,
            "correct": self.correct,
            "precision": value_of(self.precision),
            "recall": value_of(self.recall),
            "f1": value_of(self.f1),
            "auroc": value_of(self.auroc),
            "average_precision": value_of(self.average_precision),
            "threshold": self.threshold,
            "intervals": {
                name: None if one is None else one.to_json()
                for name, one in (
                    ("precision", self.precision),
                    ("recall", self.recall),
                    ("f1", self.f1),
                    ("auroc", self.auroc),
                    ("average_precision", self.average_precision),
                )
            },
        }


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Images of which the network was about equally sure.

    low, high: ends of the bin. confidence: mean probability of the predicted class. right: share
    of them that were predicted rightly, None in an empty bin.
    """

    low: float
    high: float
    images: int
    confidence: float | None
    right: Estimate | None

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "low": self.low,
            "high": self.high,
            "images": self.images,
            "confidence": self.confidence,
            "right": None if self.right is None else self.right.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far probabilities are what they say.

    ece: expected calibration error. bins: of equal width, from 0 to 1.
    """

    ece: Estimate
    log_loss: Estimate
    brier: Estimate
    bins: tuple[ReliabilityBin, ...]

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "ece": self.ece.to_json(),
            "log_loss": self.log_loss.to_json(),
            "brier": self.brier.to_json(),
            "bins": [one.to_json() for one in self.bins],
        }


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """Probabilities as the network gives them, and after temperature scaling.

    temperature: what logits are divided by. fitted_on: on which images it was found, in words.
    is_cross_fitted: whether these are the very images that it was found on, so that each was
        scaled by a temperature found on the others. after: None where no temperature is known.
    """

    temperature: float | None
    fitted_on: str
    is_cross_fitted: bool
    before: Reliability
    after: Reliability | None

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "temperature": self.temperature,
            "fitted_on": self.fitted_on,
            "cross_fitted": self.is_cross_fitted,
            "before": self.before.to_json(),
            "after": None if self.after is None else self.after.to_json(),
        }


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """What comes of answering only where the network is at least this sure.

    threshold: of the probability of the predicted class. coverage: share of images answered.
    risk: share of those that are answered wrongly.
    """

    threshold: float
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """The reject option: risk at every coverage, surest images first; at most 200 points.

    area: mean risk over all coverages; 0 is best.
    """

    area: Estimate
    points: tuple[RiskPoint, ...]

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "area": self.area.to_json(),
            "points": [[one.threshold, one.coverage, one.risk] for one in self.points],
        }


@dataclass(frozen=True, slots=True)
class Outliers:
    """How many images look unlike those of the training, by the energy of their logits.

    limit: energy above which one counts as such; that of 99 % of the validation images lies below.
    quantiles: energies of these images at 0, 1, ... 100 %. above: share above the limit.
    """

    limit: float
    quantiles: tuple[float, ...]
    above: Estimate

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "limit": self.limit,
            "quantiles": list(self.quantiles),
            "above": self.above.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Subject:
    """What was evaluated on what.

    run: as the user named it. weights: best, last, or where they come from. data: the root of the
    images. split: train, val, test or `all images`. network: its name.
    """

    run: str
    weights: str
    data: str
    split: str
    network: str

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "run": self.run,
            "weights": self.weights,
            "data": self.data,
            "split": self.split,
            "network": self.network,
        }


@dataclass(frozen=True)
class Evaluation:
    """How a network fared on a set of images.

    scores: name to number, in the order to show them; keys are `accuracy`, `balanced_accuracy`,
        `macro_precision`, `macro_recall`, `macro_f1`, `top5_accuracy` (above 10 classes),
        `log_loss`, `brier`, `ece`, `auroc`, `average_precision` (mean over classes),
        `risk_coverage_area`; the last three only where they are defined. Where images have several
        labels, `accuracy` is the share of images with exactly the right ones.
    selection: name of the metric by which `best` was chosen.
    confusion: images by true class (row) and predicted class (column); empty where images have
        several labels.
    unreadable: path and reason of each image that was left out.
    notes: what a reader must know, one sentence each.
    settings: of the training, as in `settings.json`; empty for published networks.
    """

    subject: Subject
    classes: tuple[str, ...]
    images: int
    is_multilabel: bool
    selection: str
    scores: Mapping[str, Estimate]
    per_class: tuple[ClassEvaluation, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: CalibrationResult
    rejection: RiskCoverage | None
    outliers: Outliers | None
    unreadable: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Everything, as plain values; the totals once more as plain numbers.

        The confusion of more classes than `MOST_IN_RECORD` is null: the predictions tell it.
        """
        accuracy = self.scores["accuracy"]
        return {
            **self.subject.to_json(),
            "images": self.images,
            "several_labels": self.is_multilabel,
            "selection": self.selection,
            **{name: one.value for name, one in self.scores.items()},
            "accuracy_low": accuracy.low,
            "accuracy_high": accuracy.high,
            "scores": {name: one.to_json() for name, one in self.scores.items()},
            "classes": [one.to_json() for one in self.per_class],
            "confusion": matrix_json(self.confusion),
            "calibration": self.calibration.to_json(),
            "risk_coverage": None if self.rejection is None else self.rejection.to_json(),
            "outliers": None if self.outliers is None else self.outliers.to_json(),
            "unreadable": [path for path, _ in self.unreadable],
            "notes": list(self.notes),
            "settings": dict(self.settings),
        }


def value_of(one: Estimate | None) -> float | None:
    """The number alone."""
    return None if one is None else one.value
