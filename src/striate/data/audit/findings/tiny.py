"""Images of a few pixels."""

from __future__ import annotations

from striate.data.audit.finding import Finding, Hits, Scanned, rows_where

FEWEST = 8  # pixels of the shorter side


def _check(scanned: Scanned) -> Hits:
    shorter = scanned.sizes.min(axis=1)
    return rows_where((shorter >= 0) & (shorter < FEWEST))


FINDING = Finding(
    code="tiny",
    severity="warning",
    topic="pictures",
    title="images of a few pixels",
    sentence="Their shorter side has less than 8 pixels.",
    advice="remove them: they are icons, tracking pixels or leftovers",
    check=_check,
)
