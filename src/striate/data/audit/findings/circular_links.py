"""Links in a circle."""

from __future__ import annotations

from striate.data.audit.finding import Finding, left_behind
from striate.data.layouts._search import CIRCLES

FINDING = Finding(
    code="circular-link",
    severity="warning",
    topic="folder",
    title="links in a circle",
    sentence="They lead to a folder that they lie in, and are left out.",
    advice="remove them",
    check=left_behind(CIRCLES, unit="links"),
)
