"""Classes of very different size."""

from __future__ import annotations

import numpy as np

from striate.data.audit.finding import NOTHING, Finding, Hits, Scanned
from striate.data.names import shown

MOST = 10  # times the images of the smallest class


def _check(scanned: Scanned) -> Hits:
    manifest = scanned.manifest
    usable = np.flatnonzero(scanned.is_ok & (manifest.splits == "train"))
    counts = manifest.taken(usable).counts()
    present = np.flatnonzero(counts)
    if len(present) < 2:
        return NOTHING
    most, least = int(counts.argmax()), int(present[counts[present].argmin()])
    ratio = counts[most] / counts[least]
    if ratio <= MOST:
        return NOTHING
    detail = (
        f"{shown(manifest.classes[most])} has {counts[most]:,} images, "
        f"{shown(manifest.classes[least])} {counts[least]:,}: {ratio:.0f} to 1"
    )
    rare = present[counts[present] * MOST < counts[most]]
    names = tuple(shown(manifest.classes[place]) for place in rare[np.argsort(counts[rare])])
    return Hits(len(names), "classes", names=names, details=(detail,))


FINDING = Finding(
    code="unbalanced",
    severity="warning",
    topic="classes",
    title=f"classes with less than a {MOST}th of the images of the largest",
    sentence="Accuracy says little about them; look at their own scores.",
    advice="add images of them; judge by macro-averaged scores",
    check=_check,
)
