"""How many images of which classes and splits there are, in a line."""

from __future__ import annotations

from collections import Counter

from striate.data.manifest import SPLITS, Manifest
from striate.data.names import shown
from striate.errors import listing

NAMED = 6  # classes


def counts_line(manifest: Manifest) -> str:
    """Images, classes and splits of a manifest."""
    splits = Counter(manifest.splits.tolist())
    parts = ", ".join(f"{name} {splits[name]:,}" for name in SPLITS if splits[name])
    names = listing([shown(name) for name in manifest.classes], most=NAMED)
    several = ", several of them an image" if manifest.is_multilabel else ""
    return (
        f"{len(manifest):,} images of {len(manifest.classes):,} classes ({names}){several}; {parts}"
    )
