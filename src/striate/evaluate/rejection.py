"""Answering only where the network is sure enough, and noticing what it has never seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from striate.errors import BundleError, UsageError
from striate.evaluate.intervals import Estimate, share
from striate.files import Json

# Points of a stored curve; between two of them lies at most a five-hundredth of the images.
MOST_POINTS = 512


@dataclass(frozen=True, slots=True)
class Curve:
    """What comes of answering only where the network is at least so sure, surest first.

    thresholds: of the probability of the predicted class, falling. answered, wrong: images that
    reach each threshold, and those of them that are answered wrongly. images: all of them.
    """

    thresholds: tuple[float, ...]
    answered: tuple[int, ...]
    wrong: tuple[int, ...]
    images: int

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "images": self.images,
            "thresholds": list(self.thresholds),
            "answered": list(self.answered),
            "wrong": list(self.wrong),
        }


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A threshold and what it gave on the validation images.

    precision: share of the answered images that were answered rightly. coverage: share of all
    images that were answered. Chosen on the very images, so both flatter a little.
    """

    threshold: float
    precision: Estimate
    coverage: Estimate

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "threshold": self.threshold,
            "validation_precision": self.precision.to_json(),
            "validation_coverage": self.coverage.to_json(),
        }


def curve(confidences: np.ndarray, is_right: np.ndarray, *, most: int = MOST_POINTS) -> Curve:
    """The curve of images by how sure the network was, N, and whether it was right, bool N.

    Images of equal confidence are answered together or not at all.

    Source: R. El-Yaniv, Y. Wiener, "On the foundations of noise-free selective classification",
    Journal of Machine Learning Research 11, 2010; the confidence is that of D. Hendrycks and
    K. Gimpel, "A baseline for detecting misclassified and out-of-distribution examples", ICLR 2017.
    """
    order = np.argsort(-confidences, kind="stable")
    sure = confidences[order]
    wrong = np.cumsum(~is_right[order])
    ends = np.flatnonzero(np.append(sure[1:] != sure[:-1], True))
    if len(ends) > most:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, most).round().astype(np.int64))]
    return Curve(
        thresholds=tuple(float(value) for value in sure[ends]),
        answered=tuple((ends + 1).tolist()),
        wrong=tuple(wrong[ends].tolist()),
        images=len(sure),
    )


def for_precision(found: Curve, wished: float) -> Cutoff:
    """The threshold that answers most images with at least the wished precision, 0..1.

    One answer more is counted as wrong than was seen, since the threshold is chosen on these very
    images: a few of them cannot show a high precision.

    Raises:
        UsageError: no threshold gives it.
    """
    reached = [
        place
        for place, (answered, wrong) in enumerate(zip(found.answered, found.wrong, strict=True))
        if (wrong + 1) / (answered + 1) <= 1 - wished + 1e-12
    ]
    if reached:
        return _cutoff(found, reached[-1])
    needed = math.ceil(1 / (1 - wished) - 1e-9) - 1 if wished < 1 else None
    best = max(
        1 - (wrong + 1) / (answered + 1)
        for answered, wrong in zip(found.answered, found.wrong, strict=True)
    )
    few = (
        "no number of images shows that nothing is ever wrong"
        if needed is None
        else f"that takes at least {needed:,} answers without a mistake on validation images"
    )
    raise UsageError.of(
        "precision-out-of-reach",
        f"no threshold gives a precision of {100 * wished:.4g} % on the {found.images:,} "
        "validation images",
        few,
        f"the most that can be shown is {math.floor(1000 * best) / 10:.1f} %: "
        f"--precision {math.floor(1000 * best) / 1000:.3g}",
    )


def for_coverage(found: Curve, wished: float) -> Cutoff:
    """The highest threshold that answers at least the wished share of the images, 0..1."""
    enough = (place for place, n in enumerate(found.answered) if n >= wished * found.images - 1e-9)
    return _cutoff(found, next(enough, len(found.answered) - 1))


def area(confidences: np.ndarray, is_right: np.ndarray) -> float:
    """Area under the risk-coverage curve: mean, over all coverages, of the share of wrong answers.

    Of equally sure images the mean over their orders is taken.

    Source: Y. Geifman et al., "Bias-reduced uncertainty estimation for deep neural classifiers",
    ICLR 2019, section 2.
    """
    _, group = np.unique(-confidences, return_inverse=True)
    # Each image of a group of equally sure ones is wrong by the share of wrong ones in the group.
    wrong = (np.bincount(group, ~is_right) / np.bincount(group))[group[np.argsort(group)]]
    return float((np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean())


def energies(logits: np.ndarray, *, is_multilabel: bool = False) -> np.ndarray:
    """How unlike those of the training images are: minus the free energy of their logits: N.

    Source: W. Liu et al., "Energy-based out-of-distribution detection", NeurIPS 2020, equation 4;
    for several labels H. Wang et al., "Can multi-label classification networks know what they don't
    know?", NeurIPS 2021, equation 5.
    """
    values = logits.astype(np.float64)
    if is_multilabel:
        return np.asarray(-np.logaddexp(0, values).sum(axis=1))
    top = values.max(axis=1)
    return np.asarray(-(top + np.log(np.exp(values - top[:, None]).sum(axis=1))))


def curve_from_json(value: Json) -> Curve:
    """What `Curve.to_json` made.

    Raises:
        BundleError: it is something else.
    """
    match value:
        case {
            "images": int(images),
            "thresholds": list(thresholds),
            "answered": list(answered),
            "wrong": list(wrong),
        } if len(thresholds) == len(answered) == len(wrong) > 0:
            return Curve(
                tuple(_numbers(thresholds)),
                tuple(int(one) for one in _numbers(answered)),
                tuple(int(one) for one in _numbers(wrong)),
                images,
            )
    raise damaged("the risk-coverage curve is not what it should be")


def damaged(what: str) -> BundleError:
    """The refusal of a stored record of calibration."""
    return BundleError.of(
        "calibration-damaged", what, "restore best.json from where it came, or train again"
    )


def _numbers(values: list[Json]) -> list[float]:
    numbers = [float(one) for one in values if isinstance(one, int | float)]
    if len(numbers) != len(values):
        raise damaged("the risk-coverage curve holds what is not a number")
    return numbers


def _cutoff(found: Curve, place: int) -> Cutoff:
    answered, wrong = found.answered[place], found.wrong[place]
    precision, coverage = share(answered - wrong, answered), share(answered, found.images)
    assert precision is not None
    assert coverage is not None
    return Cutoff(found.thresholds[place], precision, coverage)
