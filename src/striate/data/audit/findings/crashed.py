"""Images that crash the decoder."""

from __future__ import annotations

from striate.data.audit.finding import Finding, with_status

FINDING = Finding(
    code="crashed",
    severity="error",
    topic="files",
    title="images that crash the decoder",
    sentence="The process that decoded them died, twice.",
    advice="remove them: they would end a training as well",
    check=with_status("crashed"),
)
