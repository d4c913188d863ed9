"""Names that are not UTF-8."""

from __future__ import annotations

from striate.data.audit.finding import Finding, left_behind
from striate.data.layouts._search import NOT_UTF8

FINDING = Finding(
    code="bad-name",
    severity="warning",
    topic="folder",
    title="names that are not UTF-8",
    sentence="They are left out.",
    advice="rename them",
    check=left_behind(NOT_UTF8, unit="names"),
)
