"""Files with several pictures."""

from __future__ import annotations

from striate.data.audit.finding import Finding, Hits, Scanned, rows_where


def _check(scanned: Scanned) -> Hits:
    return rows_where(scanned.is_ok & scanned.is_animated)


FINDING = Finding(
    code="animated",
    severity="note",
    topic="pictures",
    title="files with several pictures",
    sentence="Only the first one is used.",
    advice="save the others as files of their own if they matter",
    check=_check,
)
