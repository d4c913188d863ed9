"""Images outside class folders."""

from __future__ import annotations

from striate.data.audit.finding import Finding, left_behind

FINDING = Finding(
    code="outside-class",
    severity="warning",
    topic="folder",
    title="images outside class folders",
    sentence="They have no class, and are left out.",
    advice="move each into the folder of its class",
    check=left_behind("images outside", unit="images"),
)
