"""Pictures that look alike in several splits."""

from __future__ import annotations

from striate.data.audit.copies import as_hits, only_near, overlap, spread
from striate.data.audit.finding import Finding, Hits, Scanned


def _check(scanned: Scanned) -> Hits:
    groups = only_near(scanned, spread(scanned.near, scanned.split_keys))
    return as_hits(groups, *overlap(scanned, scanned.near))


FINDING = Finding(
    code="alike-two-splits",
    severity="error",
    topic="copies",
    title="pictures that look alike in several splits",
    sentence="Resized, re-encoded, mirrored or cut copies: the score is too good.",
    advice="draw splits that keep copies together: striate split",
    check=_check,
)
