"""Damaged images."""

from __future__ import annotations

from striate.data.audit.finding import Finding, with_status

FINDING = Finding(
    code="damaged",
    severity="error",
    topic="files",
    title="damaged images",
    sentence="A decoder gave up on them.",
    advice="replace or remove them",
    check=with_status("damaged"),
)
