"""Images in CMYK."""

from __future__ import annotations

from striate.data.audit.finding import Finding, Hits, Scanned, rows_where


def _check(scanned: Scanned) -> Hits:
    return rows_where(scanned.is_ok & (scanned.words("mode") == "CMYK"))


FINDING = Finding(
    code="cmyk",
    severity="note",
    topic="pictures",
    title="images in CMYK",
    sentence="They are converted to red, green and blue without a colour profile.",
    advice="save them as RGB if their colours matter",
    check=_check,
)
