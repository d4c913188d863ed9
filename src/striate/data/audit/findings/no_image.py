"""Files that are not images."""

from __future__ import annotations

from striate.data.audit.finding import Finding, with_status

FINDING = Finding(
    code="no-image",
    severity="error",
    topic="files",
    title="files that are not images",
    sentence="Their content is something else, whatever their names say.",
    advice="remove them, or save them as JPEG or PNG",
    check=with_status("no-image"),
)
