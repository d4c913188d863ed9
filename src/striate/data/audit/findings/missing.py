"""Files that are not there."""

from __future__ import annotations

from striate.data.audit.finding import Finding, with_status

FINDING = Finding(
    code="missing",
    severity="error",
    topic="files",
    title="files that are not there",
    sentence="The list of images names them, the folder lacks them.",
    advice="put them back, or make the list again",
    check=with_status("missing"),
)
