"""Images with a palette."""

from __future__ import annotations

from striate.data.audit.finding import Finding, Hits, Scanned, rows_where


def _check(scanned: Scanned) -> Hits:
    return rows_where(scanned.is_ok & (scanned.words("mode") == "P"))


FINDING = Finding(
    code="palette",
    severity="note",
    topic="pictures",
    title="images with a palette",
    sentence="They have at most 256 colours.",
    advice="nothing, if the others are alike",
    check=_check,
)
