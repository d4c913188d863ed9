"""Classes that a split lacks."""

from __future__ import annotations

from striate.data.audit.finding import Finding, Hits, Scanned
from striate.data.manifest import SPLITS
from striate.data.names import shown


def _check(scanned: Scanned) -> Hits:
    manifest = scanned.manifest
    names = []
    for split in SPLITS:
        part = manifest.only(split)
        if not len(part):
            continue
        counts = part.counts().tolist()
        names += [
            f"{shown(name)} in {split}"
            for name, count in zip(manifest.classes, counts, strict=True)
            if not count
        ]
    return Hits(len(names), "classes", names=tuple(names))


FINDING = Finding(
    code="absent-class",
    severity="warning",
    topic="classes",
    title="classes that a split lacks",
    sentence="What is not trained on is not learnt; what is not tested on has no score.",
    advice="draw splits that hold every class: striate split",
    check=_check,
)
