"""Hidden files and folders."""

from __future__ import annotations

from striate.data.audit.finding import Finding, left_behind
from striate.data.layouts._search import HIDDEN, MADE_BY_SYSTEM

FINDING = Finding(
    code="hidden",
    severity="note",
    topic="folder",
    title="hidden files and folders",
    sentence="Names that open with a dot are left out.",
    advice="nothing, if that is what you mean; else rename them",
    check=left_behind(HIDDEN, MADE_BY_SYSTEM, unit="names"),
)
