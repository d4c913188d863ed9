"""Images outside class folders."""

from __future__ import annotations

from striate.data.audit.finding import Finding, left_behind
from striate.data.layouts._search import OUTSIDE_CLASSES

FINDING = Finding(
    code="outside-class",
    severity="warning",
    topic="folder",
    title="images outside class folders",
    sentence="They have no class, and are left out.",
    advice="move each into the folder of its class",
    check=left_behind(OUTSIDE_CLASSES, unit="images"),
)
