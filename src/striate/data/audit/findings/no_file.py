"""Pipes, sockets and devices that are named like images."""

from __future__ import annotations

from striate.data.audit.finding import Finding, left_behind
from striate.data.layouts._search import NO_FILES

FINDING = Finding(
    code="no-file",
    severity="warning",
    topic="folder",
    title="neither files nor folders, though named like images",
    sentence="Pipes, sockets and devices are left out; they are never opened.",
    advice="remove them",
    check=left_behind(NO_FILES, unit="names"),
)
