"""Classes with few images."""

from __future__ import annotations

import numpy as np

from striate.data.audit.finding import Finding, Hits, Scanned
from striate.data.names import shown

FEWEST = 10  # readable images to train on


def _check(scanned: Scanned) -> Hits:
    manifest = scanned.manifest
    usable = np.flatnonzero(scanned.is_ok & (manifest.splits == "train"))
    counts = manifest.taken(usable).counts().tolist()
    few = sorted(
        (count, place) for place, count in enumerate(counts) if count < FEWEST and usable.size
    )
    names = tuple(f"{shown(manifest.classes[place])} ({count})" for count, place in few)
    return Hits(len(names), "classes", names=names)


FINDING = Finding(
    code="tiny-class",
    severity="warning",
    topic="classes",
    title=f"classes with fewer than {FEWEST} images to train on",
    sentence="They are hardly learnt, and their scores are chance.",
    advice="add images, or join such classes",
    check=_check,
)
