"""Images of more than 8 bits a channel."""

from __future__ import annotations

from striate.data.audit.finding import Finding, Hits, Scanned, rows_where


def _check(scanned: Scanned) -> Hits:
    return rows_where(scanned.is_ok & (scanned.number("bit_depth", 8) > 8))


FINDING = Finding(
    code="sixteen-bit",
    severity="note",
    topic="pictures",
    title="images of more than 8 bits a channel",
    sentence="They are scaled to 8 bits.",
    advice="stretch their contrast yourself if they use little of the range",
    check=_check,
)
