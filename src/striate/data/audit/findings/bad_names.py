"""Names that are not UTF-8."""

from __future__ import annotations

from striate.data.audit.finding import Finding, left_behind

FINDING = Finding(
    code="bad-name",
    severity="warning",
    topic="folder",
    title="names that are not UTF-8",
    sentence="They are left out.",
    advice="rename them",
    check=left_behind("names that are not", unit="names"),
)
