"""Images far from square."""

from __future__ import annotations

from striate.data.audit.finding import Finding, Hits, Scanned, rows_where

MOST = 5  # times the shorter side


def _check(scanned: Scanned) -> Hits:
    longer, shorter = scanned.sizes.max(axis=1), scanned.sizes.min(axis=1)
    return rows_where((shorter > 0) & (longer > MOST * shorter))


FINDING = Finding(
    code="extreme-aspect",
    severity="warning",
    topic="pictures",
    title="images far from square",
    sentence="The longer side is over 5 times the shorter: a centre crop shows little of them.",
    advice="cut them into parts, or train with another rule of resizing",
    check=_check,
)
