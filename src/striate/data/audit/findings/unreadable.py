"""Files that cannot be read."""

from __future__ import annotations

from striate.data.audit.finding import Finding, with_status

FINDING = Finding(
    code="unreadable",
    severity="error",
    topic="files",
    title="files that cannot be read",
    sentence="The system refused, or the picture is of a kind that cannot be decoded.",
    advice="change their rights, or save them as JPEG or PNG",
    check=with_status("unreadable"),
)
