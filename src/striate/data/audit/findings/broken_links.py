"""Links that lead nowhere."""

from __future__ import annotations

from striate.data.audit.finding import Finding, left_behind
from striate.data.layouts._search import BROKEN_LINKS

FINDING = Finding(
    code="broken-link",
    severity="warning",
    topic="folder",
    title="links that lead nowhere",
    sentence="They are left out.",
    advice="mend or remove them",
    check=left_behind(BROKEN_LINKS, unit="links"),
)
