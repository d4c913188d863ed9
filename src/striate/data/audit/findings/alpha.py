"""Images with transparency."""

from __future__ import annotations

from striate.data.audit.finding import Finding, Hits, Scanned, rows_where


def _check(scanned: Scanned) -> Hits:
    return rows_where(scanned.is_ok & scanned.has_alpha)


FINDING = Finding(
    code="alpha",
    severity="note",
    topic="pictures",
    title="images with transparency",
    sentence="They are laid on the background of the preprocessing record, white by default.",
    advice="nothing, if white is right; else lay them on a background of your own",
    check=_check,
)
