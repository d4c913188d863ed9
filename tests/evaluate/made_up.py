"""Answers of networks that do not exist."""

from __future__ import annotations

import numpy as np

from striate.evaluate import Answers, Calibration, Circumstances, Subject


def single(images: int, classes: int, *, seed: int = 0, lead: float = 2.0) -> Answers:
    """Logits of chance, with a lead for the truth; each class has images where there are enough."""
    chance = np.random.default_rng(seed)
    labels = chance.permutation(np.arange(images) % classes)
    logits = chance.normal(size=(images, classes)).astype(np.float32)
    logits[np.arange(images), labels] += lead
    return Answers(logits, labels, np.arange(images))


def several(images: int, classes: int, *, seed: int = 0, share: float = 0.3) -> Answers:
    """Logits of chance, higher for labels that are true; an image may have none."""
    chance = np.random.default_rng(seed)
    targets = (chance.random((images, classes)) < share).astype(np.float32)
    logits = (chance.normal(size=(images, classes)) + 2 * targets - 1).astype(np.float32)
    return Answers(logits, targets, np.arange(images))


def circumstances(
    images: int, calibration: Calibration | None = None, *, is_fitted_here: bool = False
) -> Circumstances:
    """Nothing but what must be said."""
    return Circumstances(
        subject=Subject("run", "best", "photos", "val", "net"),
        calibration=calibration,
        is_fitted_here=is_fitted_here,
        selection="macro-F1",
        paths=tuple(f"{number}.png" for number in range(images)),
        content_hashes=(None,) * images,
    )
