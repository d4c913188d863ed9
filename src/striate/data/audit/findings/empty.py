"""Empty files."""

from __future__ import annotations

from striate.data.audit.finding import Finding, with_status

FINDING = Finding(
    code="empty",
    severity="error",
    topic="files",
    title="empty files",
    sentence="They have no bytes.",
    advice="copy or download them again, or remove them",
    check=with_status("empty"),
)
