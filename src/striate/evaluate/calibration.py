"""What the validation images tell of how far a network may be believed; stored with its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from striate.evaluate.classify import Answers
from striate.evaluate.rejection import Curve, curve, curve_from_json, damaged, energies
from striate.evaluate.temperature import fit_temperature
from striate.evaluate.thresholds import best_thresholds
from striate.files import Json

VERSION = 1
# Share of the validation images that look like those of the training.
USUAL = 0.99
# Of fewer, the highest energy says little of where the hundredth part of all would begin.
FEWEST_FOR_ENERGY = 100


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far a network may be believed, from its validation images.

    images: how many they were. temperature: what logits are divided by before they become
    probabilities. curve: what comes of answering only where it is sure; None where images have
    several labels. energies: those at 0, 1, ... 100 % of the images; see `rejection.energies`.
    thresholds: the probability from which an image is said to have each label; None where an image
    has just one.
    """

    images: int
    temperature: float
    curve: Curve | None
    energies: tuple[float, ...]
    thresholds: tuple[float, ...] | None = None

    @property
    def energy_limit(self) -> float | None:
        """The energy below which 99 % of the validation images are; None if they are too few."""
        return self.energies[round(100 * USUAL)] if self.images >= FEWEST_FOR_ENERGY else None

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities, N×K, of logits, N×K."""
        return probabilities(logits / self.temperature, is_multilabel=self.thresholds is not None)

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "version": VERSION,
            "images": self.images,
            "temperature": self.temperature,
            "curve": None if self.curve is None else self.curve.to_json(),
            "energies": list(self.energies),
            "thresholds": None if self.thresholds is None else list(self.thresholds),
        }

    @classmethod
    def from_json(cls, value: Json) -> Calibration:
        """What `to_json` made.

        Raises:
            BundleError: it is something else.
        """
        match value:
            case {
                "version": 1,
                "images": int(images),
                "temperature": int() | float() as temperature,
                "curve": stored,
                "energies": list(found),
                "thresholds": None | list() as thresholds,
            } if len(found) == 101 and 0 < temperature < math.inf:
                return cls(
                    images=images,
                    temperature=float(temperature),
                    curve=None if stored is None else curve_from_json(stored),
                    energies=_floats(found),
                    thresholds=None if thresholds is None else _floats(thresholds),
                )
        raise damaged("the record of calibration is not what it should be")


def calibrate(said: Answers, classes: Sequence[str]) -> Calibration:
    """What to store beside weights, from what they say about the validation images."""
    assert said.logits.shape[1] == len(classes)
    temperature = fit_temperature(said.logits, said.labels)
    likely = probabilities(said.logits / temperature, is_multilabel=said.is_multilabel)
    levels = np.quantile(
        energies(said.logits, is_multilabel=said.is_multilabel),
        np.linspace(0, 1, 101),
        method="higher",
    )
    found, thresholds = None, None
    if said.is_multilabel:
        thresholds = tuple(best_thresholds(likely, said.labels > 0).tolist())
    else:
        found = curve(likely.max(axis=1), likely.argmax(axis=1) == said.labels)
    return Calibration(len(said), temperature, found, tuple(levels.tolist()), thresholds)


def probabilities(logits: np.ndarray, *, is_multilabel: bool) -> np.ndarray:
    """Probabilities of logits, N×K, in the precision of these."""
    if is_multilabel:
        return np.asarray(np.exp(-np.logaddexp(0, -logits)))
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _floats(values: list[Json]) -> tuple[float, ...]:
    numbers = tuple(float(one) for one in values if isinstance(one, int | float))
    if len(numbers) != len(values):
        raise damaged("the record of calibration holds what is not a number")
    return numbers
