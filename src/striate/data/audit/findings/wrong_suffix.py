"""Images with another suffix than their content."""

from __future__ import annotations

import numpy as np

from striate.data.audit.finding import Finding, Hits, Scanned, rows_where

# By pillow's word for the kind; a kind that is not here may have any suffix.
SUFFIXES = {
    "JPEG": ("jpg", "jpeg", "jpe", "jfif"),
    "MPO": ("jpg", "jpeg", "jpe", "jfif", "mpo"),
    "PNG": ("png", "apng"),
    "GIF": ("gif",),
    "WEBP": ("webp",),
    "BMP": ("bmp", "dib"),
    "TIFF": ("tif", "tiff"),
    "NPY": ("npy",),
    "PPM": ("ppm", "pgm", "pbm", "pnm", "pfm"),
}


def _check(scanned: Scanned) -> Hits:
    table = scanned.manifest.table
    # Rows of tables and shards have no names of their own.
    is_file = table["place"].to_numpy() < 0
    suffixes = [path.rpartition(".")[2].lower() for path in table["path"].to_pylist()]
    is_wrong = [
        kind is not None and suffix not in SUFFIXES.get(kind, (suffix,))
        for kind, suffix in zip(scanned.formats.tolist(), suffixes, strict=True)
    ]
    return rows_where(is_file & np.asarray(is_wrong, dtype=bool))


FINDING = Finding(
    code="wrong-suffix",
    severity="warning",
    topic="files",
    title="images with another suffix than their content",
    sentence="They are decoded by their content; other programs go by the name.",
    advice="rename them",
    check=_check,
)
