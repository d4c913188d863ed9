"""The parts of the page as plain values, each from the record of the evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from striate.data.names import shown
from striate.evaluate.evaluation import ClassEvaluation, Evaluation, Reliability, RiskCoverage
from striate.evaluate.intervals import Estimate
from striate.evaluate.predictions import Predictions
from striate.evaluate.report.axes import Axis
from striate.evaluate.report.charts import Bin, Series, histogram, line_chart, reliability
from striate.evaluate.report.matrix import (
    MOST_NUMBERED,
    Pair,
    classes_a_cell,
    confused_pairs,
    heat_map,
    most_confused,
    numbered_matrix,
)
from striate.files import Json

# More classes than this are put in order of F1, and so many of them shown at once.
MOST_CLASSES, MOST_PAIRS = 60, 16
COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5)
HISTOGRAM_BINS = 20

# Scores in words; those in percent are shares.
TITLES = {
    "accuracy": ("accuracy", "share of images whose most probable class is the true one"),
    "balanced_accuracy": ("balanced accuracy", "mean of the recall of all classes"),
    "macro_precision": ("macro precision", "mean of the precision of all classes"),
    "macro_recall": ("macro recall", "mean of the recall of all classes"),
    "macro_f1": ("macro-F1", "mean of the F1 of all classes"),
    "top5_accuracy": ("top-5 accuracy", "the true class is among the five most probable"),
    "log_loss": ("log-loss", "mean of -log(probability of the truth), in nats; 0 is best"),
    "brier": ("Brier score", "mean squared distance of the probabilities from 0 and 1"),
    "ece": ("ECE", "expected calibration error: how far confidence and accuracy are apart"),
    "auroc": ("AUROC", "chance that an image of a class looks more like it than another image"),
    "average_precision": ("average precision", "area under precision over recall, mean of classes"),
    "risk_coverage_area": ("area under risk-coverage", "mean risk over all coverages; 0 is best"),
}
IN_PERCENT = (
    "accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1",
    "top5_accuracy", "ece",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """A score in words: its name, the number, its interval, how that was made, what it means."""

    title: str
    value: str
    interval: str
    method: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class of the table: numbers as written, and recall in percent for a bar."""

    name: str
    images: int
    cells: tuple[tuple[str, str], ...]
    percent: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Which classes are taken for which.

    matrix: with numbers, of all classes or of those most often confused. map: the whole matrix as
    a picture, where the classes are many; else empty. each: how many of them share a point of it,
    along each side.
    """

    matrix: Markup | None
    map: str
    each: int
    classes: int
    pairs: tuple[Pair, ...]
    is_part: bool


@dataclass(frozen=True, slots=True)
class RejectRow:
    """What comes of answering only the surest images."""

    coverage: str
    threshold: str
    right: str


def score_rows(scores: Mapping[str, Estimate], *, is_multilabel: bool) -> list[Score]:
    """All scores in words, in the order of the record."""
    rows = []
    for name, one in scores.items():
        title, meaning = TITLES.get(name, (name.replace("_", " "), ""))
        if name == "accuracy" and is_multilabel:
            title, meaning = "exact match", "share of images with exactly the right labels"
        value, interval = written(name, one)
        rows.append(Score(title, value, interval, told_method(one), meaning))
    return rows


def written(name: str, one: Estimate) -> tuple[str, str]:
    """A score and its interval, in percent or as a number."""
    if name in IN_PERCENT:
        return f"{100 * one.value:.2f} %", f"{100 * one.low:.2f} to {100 * one.high:.2f}"
    return f"{one.value:.4f}", f"{one.low:.4f} to {one.high:.4f}"


def told_method(one: Estimate) -> str:
    """How an interval was made, in a word."""
    return "too few images" if one.method == "none" else one.method


def class_rows(evaluation: Evaluation) -> tuple[list[str], list[ClassRow], list[ClassRow]]:
    """Heads of the columns, the rows to show at once, and the rest.

    Classes are in their own order; where they are many, the worst come first.
    """
    heads = ["precision, %", "recall, %", "F1, %"]
    is_several = evaluation.is_multilabel
    heads += ["average precision", "threshold"] if is_several else []
    found = list(evaluation.per_class)
    if len(found) > MOST_CLASSES:
        found.sort(key=lambda one: 2.0 if one.f1 is None else one.f1.value)
    rows = [_class_row(one, is_several=is_several) for one in found]
    return heads, rows[:MOST_CLASSES], rows[MOST_CLASSES:]


def confusion_of(evaluation: Evaluation) -> Confusion | None:
    """The matrix, small or large; None where images have several labels."""
    if not evaluation.confusion:
        return None
    counts = np.array(evaluation.confusion, np.int64)
    classes = evaluation.classes
    pairs = tuple(confused_pairs(counts, classes, most=MOST_PAIRS))
    if len(classes) <= MOST_NUMBERED:
        matrix: Markup | None = numbered_matrix(counts, classes)
        return Confusion(matrix, "", 1, len(classes), pairs, is_part=False)
    part = most_confused(counts)
    matrix = numbered_matrix(counts, classes, part) if part else None
    each = classes_a_cell(len(classes))
    return Confusion(matrix, heat_map(counts), each, len(classes), pairs, is_part=True)


def reliability_charts(evaluation: Evaluation) -> list[Markup]:
    """The diagram before temperature scaling and, where there is a temperature, after it."""
    found, several = evaluation.calibration, evaluation.is_multilabel
    charts = [reliability(_bins(found.before), title="As the network says", is_multilabel=several)]
    if found.after is not None:
        bins = _bins(found.after)
        charts.append(reliability(bins, title="After scaling", tone="two", is_multilabel=several))
    return charts


def confidence_chart(said: Predictions) -> Markup:
    """How sure the network was of its answers, those that are right and those that are wrong."""
    edges = np.linspace(0, 1, HISTOGRAM_BINS + 1)
    sure = np.clip(said.confidences, 0, 1)
    right, _ = np.histogram(sure[said.is_right], edges)
    wrong, _ = np.histogram(sure[~said.is_right], edges)
    return histogram(
        edges.tolist(),
        [("right", right.tolist()), ("wrong", wrong.tolist())],
        Axis("confidence", 0, 1, is_share=True),
        title="Confidence",
    )


def risk_chart(rejection: RiskCoverage) -> Markup:
    """Share of wrong answers at every coverage."""
    points = sorted((one.coverage, one.risk) for one in rejection.points)
    high = max([risk for _, risk in points] + [0.01])
    return line_chart(
        [Series("risk", points)],
        Axis("coverage: share of images that are answered", 0, 1, is_share=True),
        Axis("wrong among them", 0, min(1.0, high * 1.1), is_share=True),
        title="Risk and coverage",
    )


def reject_rows(rejection: RiskCoverage) -> list[RejectRow]:
    """What comes of answering so many of the images, the surest ones."""
    rows = []
    for wanted in COVERAGES:
        near = min(rejection.points, key=lambda one: abs(one.coverage - wanted), default=None)
        if near is not None and abs(near.coverage - wanted) < 0.03:
            rows.append(
                RejectRow(
                    f"{100 * near.coverage:.1f} %",
                    f"{100 * near.threshold:.1f} %",
                    f"{100 * (1 - near.risk):.2f} %",
                )
            )
    return list(dict.fromkeys(rows))


def settings_rows(settings: Mapping[str, Json]) -> list[tuple[str, str, str]]:
    """Name, value and origin of each setting, those that the user gave first."""
    inner = settings.get("settings")
    found = inner if isinstance(inner, dict) else settings
    rows = []
    for name, one in found.items():
        value, origin = (
            (one.get("value"), one.get("origin")) if isinstance(one, dict) else (one, "")
        )
        rows.append((name.replace("_", " "), _word(value), str(origin or "")))
    return sorted(rows, key=lambda row: row[2] != "option")


def _class_row(one: ClassEvaluation, *, is_several: bool) -> ClassRow:
    cells = [_cell(one.precision), _cell(one.recall), _cell(one.f1)]
    if is_several:
        limit = "–" if one.threshold is None else f"{one.threshold:.3f}"
        cells += [_cell(one.average_precision), (limit, "")]
    percent = 0.0 if one.recall is None else round(100 * one.recall.value, 1)
    return ClassRow(shown(one.name), one.images, tuple(cells), percent)


def _cell(one: Estimate | None) -> tuple[str, str]:
    """A share in percent, and its interval; dashes where it is not defined."""
    if one is None:
        return "–", ""
    return f"{100 * one.value:.1f}", f"{100 * one.low:.1f} to {100 * one.high:.1f}"


def _bins(found: Reliability) -> Sequence[Bin]:
    return [
        Bin(one.confidence, one.right.value, one.right.low, one.right.high, one.images)
        for one in found.bins
        if one.confidence is not None and one.right is not None
    ]


def _word(value: Json) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return shown(str(value))
