"""Evaluations made by hand, as plain as can be, for tests of the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from striate.data import Manifest
from striate.data.manifest import manifest_table
from striate.evaluate.evaluation import (
    CalibrationResult,
    ClassEvaluation,
    Evaluation,
    Reliability,
    ReliabilityBin,
    RiskCoverage,
    RiskPoint,
    Subject,
)
from striate.evaluate.intervals import Estimate
from striate.evaluate.predictions import Predictions


def drawn(images: int, classes: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, N×K, that are right most of the time, and labels."""
    random = np.random.default_rng(seed)
    labels = np.arange(images) % classes
    logits = random.normal(size=(images, classes)) * 1.5
    logits[np.arange(images), labels] += 4
    powers = np.exp(logits)
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32), labels


def said_of(
    probabilities: np.ndarray,
    truth: np.ndarray,
    classes: Sequence[str],
    paths: Sequence[str] | None = None,
) -> Predictions:
    """What a network said; with several labels, a label from one half on."""
    images = len(truth)
    clipped = np.clip(probabilities.astype(float), 1e-12, 1)
    if truth.ndim == 1:
        predicted = probabilities.argmax(axis=1)
        losses = -np.log(clipped[np.arange(images), truth])
    else:
        predicted = (probabilities >= 0.5).astype(np.float32)
        losses = -np.where(truth > 0, np.log(clipped), np.log(1 - clipped)).mean(axis=1)
    return Predictions(
        classes=tuple(classes),
        paths=tuple(paths or (f"{row}.png" for row in range(images))),
        places=np.arange(images),
        truth=truth,
        predicted=predicted,
        probabilities=probabilities,
        losses=losses,
        ranks=np.ones(images, np.int64),
        confidences=probabilities.max(axis=1).astype(float),
        energies=np.zeros(images),
        content_hashes=(None,) * images,
        facts={},
    )


def number(value: float, images: int = 100) -> Estimate:
    """A number with an interval of a tenth to each side."""
    return Estimate(value, value - 0.1, value + 0.1, "bootstrap", images)


def evaluation_of(said: Predictions, *, split: str = "val", **more: object) -> Evaluation:
    """The record of what was said; intervals and calibration are made up."""
    share = float(said.is_right.mean())
    scores = {
        name: number(share) for name in ("accuracy", "balanced_accuracy", "macro_f1", "ece")
    } | {"log_loss": number(float(said.losses.mean()))}
    bins = tuple(
        ReliabilityBin(low / 10, low / 10 + 0.1, 10, low / 10 + 0.05, number(low / 10 + 0.1))
        for low in range(10)
    )
    before = Reliability(number(0.2), number(0.5), number(0.3), bins)
    after = Reliability(number(0.1), number(0.5), number(0.3), bins)
    points = [RiskPoint(1 - place / 100, place / 100, place / 1000) for place in range(1, 101)]
    values: dict[str, object] = {
        "subject": Subject("runs/photos-1", "best", "photos", split, "resnet18"),
        "classes": said.classes,
        "images": len(said),
        "is_multilabel": said.is_multilabel,
        "selection": "macro-F1",
        "scores": scores,
        "per_class": tuple(_of_class(said, place) for place in range(len(said.classes))),
        "confusion": () if said.is_multilabel else _confusion(said),
        "calibration": CalibrationResult(
            1.3, "the validation images", is_cross_fitted=True, before=before, after=after
        ),
        "rejection": None if said.is_multilabel else RiskCoverage(number(0.05), tuple(points)),
        "outliers": None,
    }
    return Evaluation(**{**values, **more})  # type: ignore[arg-type]


def manifest_of(
    root: Path, paths: Sequence[str], labels: np.ndarray, classes: Sequence[str]
) -> Manifest:
    """Images in files of a folder, all of them held out."""
    columns = {
        "path": list(paths),
        "place": [-1] * len(paths),
        "bytes": [-1] * len(paths),
        "labels": [int(label) for label in labels],
        "split": ["val"] * len(paths),
    }
    return Manifest(str(root), "folder", tuple(classes), manifest_table(columns))


def _of_class(said: Predictions, place: int) -> ClassEvaluation:
    def has(labels: np.ndarray) -> np.ndarray:
        return np.asarray(labels[:, place] > 0 if said.is_multilabel else labels == place)

    true, taken = has(said.truth), has(said.predicted)
    correct = int((true & taken).sum())
    recall = number(correct / true.sum(), int(true.sum())) if true.any() else None
    precision = number(correct / taken.sum(), int(taken.sum())) if taken.any() else None
    return ClassEvaluation(
        said.classes[place],
        int(true.sum()),
        int(taken.sum()),
        correct,
        precision,
        recall,
        recall,
        None,
        number(0.5) if said.is_multilabel else None,
        0.5 if said.is_multilabel else None,
    )


def _confusion(said: Predictions) -> tuple[tuple[int, ...], ...]:
    counts = np.zeros((len(said.classes),) * 2, int)
    for truth, taken in zip(said.truth, said.predicted, strict=True):
        counts[truth, taken] += 1
    return tuple(tuple(map(int, row)) for row in counts)
