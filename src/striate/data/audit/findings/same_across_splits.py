"""The same file in several splits."""

from __future__ import annotations

from striate.data.audit.copies import as_hits, overlap, spread
from striate.data.audit.finding import Finding, Hits, Scanned


def _check(scanned: Scanned) -> Hits:
    groups = spread(scanned.exact, scanned.split_keys)
    return as_hits(groups, *overlap(scanned, scanned.exact))


FINDING = Finding(
    code="same-two-splits",
    severity="error",
    topic="copies",
    title="the same file in several splits",
    sentence="What was trained on is tested on: the score is too good.",
    advice="remove them from one of the splits, or draw new ones: striate split",
    check=_check,
)
