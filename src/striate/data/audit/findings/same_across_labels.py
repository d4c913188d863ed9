"""The same file under several classes."""

from __future__ import annotations

from striate.data.audit.copies import as_hits, spread
from striate.data.audit.finding import Finding, Hits, Scanned


def _check(scanned: Scanned) -> Hits:
    return as_hits(spread(scanned.exact, scanned.label_keys))


FINDING = Finding(
    code="same-two-labels",
    severity="error",
    topic="copies",
    title="the same file under several classes",
    sentence="One of the labels is wrong, or the classes are not exclusive.",
    advice="keep each under one class",
    check=_check,
)
