"""Hidden files and folders."""

from __future__ import annotations

from striate.data.audit.finding import Finding, left_behind

FINDING = Finding(
    code="hidden",
    severity="note",
    topic="folder",
    title="hidden files and folders",
    sentence="Names that open with a dot are left out.",
    advice="nothing, if that is what you mean; else rename them",
    check=left_behind("hidden", "made by a system", unit="names"),
)
