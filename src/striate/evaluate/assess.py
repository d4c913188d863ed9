"""From what a network said to the record of how right that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from striate.evaluate import several, single
from striate.evaluate.calibration import Calibration, probabilities
from striate.evaluate.classify import Answers
from striate.evaluate.evaluation import CalibrationResult, Evaluation, Outliers, Subject
from striate.evaluate.intervals import share
from striate.evaluate.predictions import Predictions
from striate.evaluate.rejection import energies
from striate.evaluate.reliability import losses, reliability
from striate.evaluate.temperature import FOLDS, cross_fitted, fit_temperature
from striate.evaluate.thresholds import EVEN, best_thresholds
from striate.files import Json


@dataclass(frozen=True)
class Circumstances:
    """What is known of an evaluation besides the answers.

    calibration: stored with the weights; None where they came without. is_fitted_here: whether
        these are the very images that it was made on.
    selection: name of the metric by which the weights were chosen, empty if nobody knows.
    paths, content_hashes: of the images that were answered, in their order.
    marks: what else is kept with the predictions, to know them again.
    unreadable: path and reason of each image that was left out.
    """

    subject: Subject
    calibration: Calibration | None
    is_fitted_here: bool
    selection: str
    paths: tuple[str, ...]
    content_hashes: tuple[bytes | None, ...]
    unreadable: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=dict)
    marks: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Scaled:
    """Answers with what temperature scaling makes of them.

    likely, calibrated: probabilities before and after, N×K. thresholds: the probability after
    scaling from which each image is said to have each label, N×K or K; None where an image has one.
    """

    said: Answers
    likely: np.ndarray
    calibrated: np.ndarray
    temperature: float
    fitted_on: str
    is_cross_fitted: bool
    thresholds: np.ndarray | None


def assess(
    said: Answers, classes: Sequence[str], known: Circumstances
) -> tuple[Evaluation, Predictions]:
    """The record of an evaluation, and a row for every image."""
    scaled = _scaled(said, known)
    calibration = CalibrationResult(
        temperature=scaled.temperature,
        fitted_on=scaled.fitted_on,
        is_cross_fitted=scaled.is_cross_fitted,
        before=reliability(scaled.likely, said.labels),
        after=reliability(scaled.calibrated, said.labels),
    )
    predictions = _predictions(scaled, classes, known)
    if scaled.thresholds is None:
        found = single.measure(said, predictions, classes)
    else:
        thresholds = np.broadcast_to(scaled.thresholds, said.logits.shape)
        found = several.measure(said, predictions, classes, thresholds.mean(axis=0))
    scores = {
        **found.scores,
        "log_loss": calibration.before.log_loss,
        "brier": calibration.before.brier,
        "ece": calibration.before.ece,
        **found.ranks,
    }
    if found.rejection is not None:
        scores["risk_coverage_area"] = found.rejection.area
    evaluation = Evaluation(
        subject=known.subject,
        classes=tuple(classes),
        images=len(said),
        is_multilabel=said.is_multilabel,
        selection=known.selection,
        scores=scores,
        per_class=found.per_class,
        confusion=found.confusion,
        calibration=calibration,
        rejection=found.rejection,
        # On the images that the limit was taken from, 1 % lie above it, whatever the network.
        outliers=None if known.is_fitted_here else _outliers(predictions, known.calibration),
        unreadable=known.unreadable,
        notes=known.notes,
        settings=known.settings,
    )
    return evaluation, predictions


def _scaled(said: Answers, known: Circumstances) -> Scaled:
    """Temperature and thresholds, never found on the image that they are used for."""
    stored, several_labels = known.calibration, said.is_multilabel
    likely = probabilities(said.logits.astype(np.float64), is_multilabel=several_labels)
    if stored is not None and not known.is_fitted_here:
        calibrated = _divided(said, np.full(len(said), stored.temperature))
        thresholds = np.asarray(stored.thresholds) if several_labels else None
        words = f"the {stored.images:,} validation images of the run"
        return Scaled(said, likely, calibrated, stored.temperature, words, False, thresholds)
    calibrated = _divided(said, cross_fitted(said.logits, said.labels))
    if stored is None:
        temperature = fit_temperature(said.logits, said.labels)
        words = f"these images, in {FOLDS} folds: the weights came without a temperature"
    else:
        temperature = stored.temperature
        words = f"these images; the numbers after it are from {FOLDS} folds"
    thresholds = _cross_chosen(calibrated, said.labels) if several_labels else None
    return Scaled(said, likely, calibrated, temperature, words, True, thresholds)


def _divided(said: Answers, temperatures: np.ndarray) -> np.ndarray:
    logits = said.logits.astype(np.float64) / temperatures[:, None]
    return probabilities(logits, is_multilabel=said.is_multilabel)


def _cross_chosen(calibrated: np.ndarray, targets: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Thresholds for every image that were chosen without it, in five folds: N×K."""
    fold = np.random.default_rng(seed).permutation(len(targets)) % FOLDS
    chosen = np.full(calibrated.shape, EVEN)
    for number in range(FOLDS):
        rest = fold != number
        if rest.any():
            chosen[~rest] = best_thresholds(calibrated[rest], targets[rest] > 0)
    return chosen


def _predictions(scaled: Scaled, classes: Sequence[str], known: Circumstances) -> Predictions:
    said, calibrated = scaled.said, scaled.calibrated
    if scaled.thresholds is None:
        predicted = said.logits.argmax(axis=1)
        confidences = calibrated[np.arange(len(said)), predicted]
        ranks = single.ranks(said.logits, said.labels)
    else:
        predicted = (calibrated >= scaled.thresholds).astype(np.float32)
        confidences = np.where(predicted > 0, calibrated, 1 - calibrated).min(axis=1)
        ranks = several.ranks(said.logits, said.labels)
    return Predictions(
        classes=tuple(classes),
        paths=known.paths,
        places=said.places,
        truth=said.labels,
        predicted=predicted,
        probabilities=scaled.likely.astype(np.float32),
        losses=losses(scaled.likely, said.labels),
        ranks=ranks,
        confidences=confidences,
        energies=energies(said.logits, is_multilabel=said.is_multilabel),
        content_hashes=known.content_hashes,
        facts={**known.subject.to_json(), "temperature": scaled.temperature, **known.marks},
    )


def _outliers(said: Predictions, stored: Calibration | None) -> Outliers | None:
    limit = None if stored is None else stored.energy_limit
    if limit is None:
        return None
    above = share(int((said.energies > limit).sum()), len(said))
    assert above is not None
    levels = np.quantile(said.energies, np.linspace(0, 1, 101), method="higher")
    return Outliers(limit, tuple(levels.tolist()), above)
