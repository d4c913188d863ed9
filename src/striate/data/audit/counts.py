"""How many images of which classes and splits there are, in a line."""

from __future__ import annotations

from collections import Counter

from striate.data.manifest import SPLITS, Manifest
from striate.data.names import shown
from striate.errors import listing

NAMED = 6  # classes


def counts_line(manifest: Manifest, *, drawn: str | None = None) -> str:
    """Images, classes and splits of a manifest. drawn: the split that was drawn from `train`."""
    splits = Counter(manifest.splits.tolist())
    parts = ", ".join(
        f"{name} {splits[name]:,}{' (drawn from train)' if name == drawn else ''}"
        for name in SPLITS
        if splits[name]
    )
    images, classes = len(manifest), len(manifest.classes)
    names = listing([shown(name) for name in manifest.classes], most=NAMED)
    several = ", several of them an image" if manifest.is_multilabel else ""
    return (
        f"{images:,} image{'s' * (images != 1)} of {classes:,} class{'es' * (classes != 1)} "
        f"({names}){several}; {parts}"
    )
