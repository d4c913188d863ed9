"""Images turned by their EXIF tag."""

from __future__ import annotations

from striate.data.audit.finding import Finding, Hits, Scanned, rows_where


def _check(scanned: Scanned) -> Hits:
    return rows_where(scanned.is_ok & (scanned.number("orientation", 1) > 1))


FINDING = Finding(
    code="rotated",
    severity="note",
    topic="pictures",
    title="images turned by their EXIF tag",
    sentence="They are turned upright before anything else, here as in training and prediction.",
    advice="nothing; other programs may show them otherwise",
    check=_check,
)
