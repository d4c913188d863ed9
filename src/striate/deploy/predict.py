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
from striate.evaluate import log_probabilities_of

BATCH = 64


@dataclass(frozen=True, slots=True)
class Guess:
    """A class and how probable the network finds it, 0..1."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was said about a file: the most probable classes, best first; or why nothing was."""

    file: str
    guesses: tuple[Guess, ...]
    error: str | None = None

    @property
    def best(self) -> str | None:
        """Name of the most probable class; None if the file could not be read."""
        return self.guesses[0].name if self.guesses else None


def predict(
    module: nn.Module,
    record: Preprocessing,
    classes: Sequence[str],
    files: Sequence[str | Path],
    *,
    top: int = 5,
    advance: Advance = silent,
) -> list[Prediction]:
    """The `top` most probable classes of each file, in the order of the files."""
    predictions: list[Prediction] = []
    for start in range(0, len(files), BATCH):
        chunk = [str(file) for file in files[start : start + BATCH]]
        predictions += _predict_chunk(module, record, classes, chunk, top)
        advance(len(chunk))
    return predictions


def _predict_chunk(
    module: nn.Module, record: Preprocessing, classes: Sequence[str], files: list[str], top: int
) -> list[Prediction]:
    images: dict[str, np.ndarray] = {}
    errors: dict[str, str] = {}

    def decoded(file: str) -> np.ndarray | str:
        try:
            return decode(read_file(Path(file), name=file), record, name=file)
        except UnreadableImageError as bad:
            return bad.reason

    with ThreadPoolExecutor(min(usable_cores(), len(files))) as pool:
        for file, found in zip(files, pool.map(decoded, files), strict=True):
            if isinstance(found, str):
                errors[file] = found
            else:
                images[file] = found
    guesses: dict[str, tuple[Guess, ...]] = {}
    if images:
        batch = torch.from_numpy(np.stack(list(images.values())))
        probabilities = log_probabilities_of(module, batch, record).exp().numpy()
        rows = zip(images, probabilities, strict=True)
        guesses = {file: _best(row, classes, top) for file, row in rows}
    return [Prediction(file, guesses.get(file, ()), errors.get(file)) for file in files]


def _best(probabilities: np.ndarray, classes: Sequence[str], top: int) -> tuple[Guess, ...]:
    order = np.argsort(-probabilities, kind="stable")[:top]
    return tuple(Guess(classes[place], float(probabilities[place])) for place in order)
