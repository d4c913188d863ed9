"""Pictures that look alike."""

from __future__ import annotations

from striate.data.audit.copies import as_hits, only_near, within_a_split
from striate.data.audit.finding import Finding, Hits, Scanned


def _check(scanned: Scanned) -> Hits:
    return as_hits(only_near(scanned, within_a_split(scanned, scanned.near)))


FINDING = Finding(
    code="alike",
    severity="note",
    topic="copies",
    title="pictures that look alike",
    sentence="Resized, re-encoded, mirrored or cut copies, or frames of one film.",
    advice="nothing, or keep one of each; striate split keeps them in one split",
    check=_check,
)
