"""Pictures without contrast."""

from __future__ import annotations

import numpy as np

from striate.data.audit.finding import Finding, Hits, Scanned, rows_where


def _check(scanned: Scanned) -> Hits:
    is_flat = np.asarray(scanned.manifest.table["perceptual_hash"].is_null())
    return rows_where(scanned.is_ok & is_flat)


FINDING = Finding(
    code="flat",
    severity="warning",
    topic="pictures",
    title="pictures without contrast",
    sentence="All their pixels are nearly the same: blank scans, covered lenses, placeholders.",
    advice="remove them, if they are not meant",
    check=_check,
)
