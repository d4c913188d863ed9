"""Images that end too early."""

from __future__ import annotations

from striate.data.audit.finding import Finding, with_status

FINDING = Finding(
    code="truncated",
    severity="error",
    topic="files",
    title="images that end too early",
    sentence="The rest of the picture would be grey or black.",
    advice="copy or download them again, or remove them",
    check=with_status("truncated"),
)
