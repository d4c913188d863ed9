"""Pictures that look alike under several classes."""

from __future__ import annotations

from striate.data.audit.copies import as_hits, only_near, spread
from striate.data.audit.finding import Finding, Hits, Scanned


def _check(scanned: Scanned) -> Hits:
    return as_hits(only_near(scanned, spread(scanned.near, scanned.label_keys)))


FINDING = Finding(
    code="alike-two-labels",
    severity="warning",
    topic="copies",
    title="pictures that look alike under several classes",
    sentence="Resized, re-encoded, mirrored or cut copies with different labels: one may be wrong.",
    advice="look at them in the report, and keep each under one class",
    check=_check,
)
