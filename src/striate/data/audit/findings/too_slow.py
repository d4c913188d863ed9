"""Images that take too long."""

from __future__ import annotations

from striate.data.audit.finding import Finding, with_status

FINDING = Finding(
    code="too-slow",
    severity="error",
    topic="files",
    title="images that take too long",
    sentence="They were given up at the time limit.",
    advice="remove them, or allow more with --seconds",
    check=with_status("too-slow"),
)
