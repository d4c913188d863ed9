"""Images with too many pixels."""

from __future__ import annotations

from striate.data.audit.finding import Finding, with_status

FINDING = Finding(
    code="too-large",
    severity="error",
    topic="files",
    title="images with too many pixels",
    sentence="They are refused before they are decoded: a few kilobytes can unfold to gigabytes.",
    advice="scale them down, or remove them",
    check=with_status("too-large"),
)
