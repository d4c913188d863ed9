"""What a trained network says about image files."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from striate.data import (
    Advance,
    Preprocessing,
    UnreadableImageError,
    decode,
    read_file,
    silent,
    usable_cores,
)
from striate.errors import UsageError
from striate.evaluate import Calibration, logits_of
from striate.evaluate.calibration import probabilities
from striate.evaluate.rejection import Cutoff, energies, for_coverage, for_precision

BATCH = 64


@dataclass(frozen=True, slots=True)
class Guess:
    """A class and how probable the network finds it, 0..1."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was said about a file: the most probable classes, best first; or why nothing was.

    labels: the classes that it is said to be of: the best one; none where that is not sure enough;
        where an image may have several, those whose probability reaches their threshold.
    energy: the higher, the less the image is like those of the training. is_unlike: whether it is
        higher than that of 99 % of the validation images; None where that is not known.
    """

    file: str
    guesses: tuple[Guess, ...]
    error: str | None = None
    labels: tuple[str, ...] = ()
    energy: float | None = None
    is_unlike: bool | None = None

    @property
    def best(self) -> str | None:
        """Name of the most probable class; None if the file could not be read."""
        return self.guesses[0].name if self.guesses else None

    @property
    def is_none_of_these(self) -> bool:
        """Whether the file could be read, and is said to be of none of the classes."""
        return self.error is None and not self.labels


@dataclass(frozen=True, slots=True)
class Belief:
    """How far a network is believed.

    calibration: None where its probabilities are taken as they are, and energies mean nothing.
    cutoff: below its threshold, and where an image is unlike those of the training, the answer is
        none of the classes; None believes everything. is_multilabel: whether an image may have
        several labels, or none.
    """

    calibration: Calibration | None = None
    cutoff: Cutoff | None = None
    is_multilabel: bool = False


def belief(
    calibration: Calibration | None,
    *,
    precision: float | None = None,
    coverage: float | None = None,
    is_multilabel: bool = False,
) -> Belief:
    """How to believe a network so that its answers have a wished precision or coverage, 0..1.

    Raises:
        UsageError: the wish cannot be fulfilled.
    """
    if precision is None and coverage is None:
        return Belief(calibration, None, is_multilabel)
    _check_wish(precision, coverage)
    if is_multilabel:
        raise UsageError.of(
            "reject-several-labels",
            "--precision and --coverage are for images with one label each",
            "images that may have several are said to have those whose probability reaches the "
            "threshold of the class, which may be none",
        )
    if calibration is None or calibration.curve is None:
        raise UsageError.of(
            "no-calibration",
            "nothing is known of how far this network may be believed",
            "striate fit measures it on the validation images, and keeps it with the best weights",
            "runs of older versions, published networks and the weights `last` come without",
        )
    if precision is not None:
        return Belief(calibration, for_precision(calibration.curve, precision))
    assert coverage is not None
    return Belief(calibration, for_coverage(calibration.curve, coverage))


def predict(  # noqa: PLR0913  all by name, and most may be left out
    module: nn.Module,
    record: Preprocessing,
    classes: Sequence[str],
    files: Sequence[str | Path],
    *,
    top: int = 5,
    believed: Belief | None = None,
    advance: Advance = silent,
) -> list[Prediction]:
    """The `top` most probable classes of each file, in the order of the files."""
    asked = _Asked(module, record, classes, top, believed or Belief())
    predictions: list[Prediction] = []
    for start in range(0, len(files), BATCH):
        chunk = [str(file) for file in files[start : start + BATCH]]
        predictions += asked.chunk(chunk)
        advance(len(chunk))
    return predictions


@dataclass(frozen=True, slots=True)
class _Asked:
    """A network, and how to put what it says."""

    module: nn.Module
    record: Preprocessing
    classes: Sequence[str]
    top: int
    believed: Belief

    def chunk(self, files: list[str]) -> list[Prediction]:
        """Predictions of a few files at once."""
        images: dict[str, np.ndarray] = {}
        errors: dict[str, str] = {}

        def decoded(file: str) -> np.ndarray | str:
            try:
                return decode(read_file(Path(file), name=file), self.record, name=file)
            except UnreadableImageError as bad:
                return bad.reason

        with ThreadPoolExecutor(min(usable_cores(), len(files))) as pool:
            for file, found in zip(files, pool.map(decoded, files), strict=True):
                if isinstance(found, str):
                    errors[file] = found
                else:
                    images[file] = found
        said: dict[str, Prediction] = {}
        if images:
            batch = torch.from_numpy(np.stack(list(images.values())))
            logits = logits_of(self.module, batch, self.record).numpy()
            said = dict(zip(images, self._said(list(images), logits), strict=True))
        return [said.get(file) or Prediction(file, (), errors[file]) for file in files]

    def _said(self, files: list[str], logits: np.ndarray) -> list[Prediction]:
        several, known = self.believed.is_multilabel, self.believed.calibration
        limit = None if known is None else known.energy_limit
        scaled = logits if known is None else logits / np.float32(known.temperature)
        likely = probabilities(scaled, is_multilabel=several)
        levels = energies(logits, is_multilabel=several)
        rows = []
        for file, row, energy in zip(files, likely, levels.tolist(), strict=True):
            is_unlike = None if limit is None else energy > limit
            labels = self._labels(row, is_unlike=bool(is_unlike))
            rows.append(Prediction(file, self._guesses(row), None, labels, energy, is_unlike))
        return rows

    def _labels(self, likely: np.ndarray, *, is_unlike: bool) -> tuple[str, ...]:
        """The classes that an image is said to be of."""
        known, cutoff = self.believed.calibration, self.believed.cutoff
        if self.believed.is_multilabel:
            stored = None if known is None else known.thresholds
            limits = np.full(len(likely), 0.5) if stored is None else np.asarray(stored)
            return tuple(self.classes[place] for place in np.flatnonzero(likely >= limits).tolist())
        best = int(likely.argmax())
        if cutoff is not None and (is_unlike or likely[best] < cutoff.threshold):
            return ()
        return (self.classes[best],)

    def _guesses(self, likely: np.ndarray) -> tuple[Guess, ...]:
        order = np.argsort(-likely, kind="stable")[: self.top]
        return tuple(Guess(self.classes[place], float(likely[place])) for place in order)


def _check_wish(precision: float | None, coverage: float | None) -> None:
    """Refuse a wish that nothing can fulfil.

    Raises:
        UsageError: both are given, or one is not a share.
    """
    if precision is not None and coverage is not None:
        raise UsageError.of(
            "two-wishes",
            "--precision and --coverage are both given",
            "each of them chooses the threshold: give one",
        )
    for name, wish in (("--precision", precision), ("--coverage", coverage)):
        if wish is not None and not 0 < wish <= 1:
            meant = f": {wish / 100:g}" if 1 < wish <= 100 else ", such as 0.95"
            raise UsageError.of(
                "not-a-share",
                f"{name} {wish:g} is no share above 0 and up to 1",
                f"give one{meant}",
            )
