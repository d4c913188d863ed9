"""Classes that the kind of file gives away."""

from __future__ import annotations

import numpy as np

from striate.data.audit.finding import NOTHING, Finding, Hits, Scanned
from striate.data.names import shown

FEWEST = 20  # images of the class
PURE, WHOLE = 0.99, 0.9  # of the images of a kind, in one class; of the class, of that kind


def _check(scanned: Scanned) -> Hits:
    manifest = scanned.manifest
    if manifest.is_multilabel or len(manifest.classes) < 2:
        return NOTHING
    labels = manifest.labels
    height, width = scanned.sizes.T
    kinds = {
        "kind of file": scanned.formats.astype(str),
        "colour mode": scanned.words("mode").astype(str),
        "size": np.char.add(np.char.add(width.astype(str), "x"), height.astype(str)),
    }
    names = []
    for what, values in kinds.items():
        for place, value in _tell_tales(labels[scanned.is_ok], values[scanned.is_ok]):
            names.append(f"{shown(manifest.classes[place])}: {what} {value}")
    return Hits(len(names), "classes", names=tuple(names))


def _tell_tales(labels: np.ndarray, values: np.ndarray) -> list[tuple[int, str]]:
    """Classes and the value that nearly all of their images have and hardly any others."""
    words, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(words) < 2:
        return []
    found = []
    of_class = np.bincount(labels)
    for code in np.flatnonzero(counts >= WHOLE * FEWEST).tolist():
        by_class = np.bincount(labels[codes.ravel() == code], minlength=len(of_class))
        place = int(by_class.argmax())
        is_pure = by_class[place] >= PURE * counts[code]
        if is_pure and by_class[place] >= WHOLE * of_class[place] and of_class[place] >= FEWEST:
            found.append((place, str(words[code])))
    return found


FINDING = Finding(
    code="tell-tale",
    severity="warning",
    topic="classes",
    title="classes that the file gives away",
    sentence="A network may learn how the files were made instead of what they show.",
    advice="convert all images to one kind, mode or size, or take all from one source",
    check=_check,
)
