"""Images that cannot be read: left out by name and counted, refused when they are many."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from striate.data.contents import Contents, contents
from striate.data.decode import UnreadableImageError, decode
from striate.data.manifest import Manifest
from striate.data.transforms import Preprocessing
from striate.errors import DataError
from striate.files import replace_text

CHUNK = 64  # images that a thread decodes before it reports

Advance = Callable[[int], None]


def silent(_: int) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An image that could not be decoded, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """What became of decoding a manifest.

    images: uint8, N×H×W×C in the order of `manifest`; None where they were not to be kept.
    manifest: the readable images.
    unreadable: the others.
    """

    images: np.ndarray | None
    manifest: Manifest
    unreadable: tuple[Unreadable, ...] = field(default=())


def decode_all(
    manifest: Manifest, record: Preprocessing, *, keep: bool = True, advance: Advance = silent
) -> Decoded:
    """Decode every image once, in threads; with `keep`, hold them in memory.

    Raises:
        DataError: the data are gone.
    """
    read = contents(manifest)
    shape = (len(manifest) if keep else 0, record.height, record.width, record.channels)
    images = np.empty(shape, np.uint8)
    failed: list[tuple[int, Unreadable]] = []

    def work(places: range) -> list[tuple[int, Unreadable]]:
        target = images[places.start : places.stop] if keep else None
        return _decode_chunk(places, manifest, read, record, target)

    chunks = [
        range(start, min(start + CHUNK, len(manifest))) for start in range(0, len(manifest), CHUNK)
    ]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for places, bad in zip(chunks, pool.map(work, chunks), strict=True):
            failed += bad
            advance(len(places))
    if failed:
        good = np.setdiff1d(np.arange(len(manifest)), [place for place, _ in failed])
        manifest = manifest.taken(good)
        images = images[good] if keep else images
    return Decoded(images if keep else None, manifest, tuple(bad for _, bad in failed))


def refuse_many(unreadable: Sequence[Unreadable], images: int, *, limit: float) -> None:
    """Stop when the share of unreadable images is above `limit` (0..1).

    Raises:
        DataError: it is; names the first few.
    """
    if len(unreadable) <= limit * images:
        return
    shown = [f"{bad.path}: {bad.reason}" for bad in unreadable[:5]]
    rest = [f"... and {len(unreadable) - 5:,} more"] if len(unreadable) > 5 else []
    raise DataError.of(
        "too-many-unreadable",
        f"{len(unreadable):,} of {images:,} images cannot be read; {limit:.1%} are allowed",
        *shown,
        *rest,
        "replace or remove them, or allow more with --max-unreadable",
    )


def save_unreadable(path: Path, unreadable: Sequence[Unreadable]) -> None:
    """Write the list as CSV, in one step."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "reason"])
    writer.writerows([bad.path, bad.reason] for bad in unreadable)
    replace_text(path, text.getvalue())


def _decode_chunk(
    places: range,
    manifest: Manifest,
    read: Contents,
    record: Preprocessing,
    target: np.ndarray | None,
) -> list[tuple[int, Unreadable]]:
    failed = []
    for offset, place in enumerate(places):
        try:
            image = decode(read(place), record)
        except UnreadableImageError as bad:
            failed.append((place, Unreadable(manifest.name(place), bad.reason)))
            continue
        if target is not None:
            target[offset] = image
    return failed
