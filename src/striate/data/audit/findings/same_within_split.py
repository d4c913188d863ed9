"""The same file more than once."""

from __future__ import annotations

from striate.data.audit.copies import as_hits, within_a_split
from striate.data.audit.finding import Finding, Hits, Scanned


def _check(scanned: Scanned) -> Hits:
    return as_hits(within_a_split(scanned, scanned.exact))


FINDING = Finding(
    code="same-twice",
    severity="warning",
    topic="copies",
    title="the same file more than once",
    sentence="Copies count double in training and in scores.",
    advice="keep one of each",
    check=_check,
)
