"""Images that cannot be read: left out by name and counted, refused when they are many."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from striate.data.names import shown
from striate.errors import DataError
from striate.files import replace_text

Advance = Callable[[int], None]


def silent(_: int) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An image that could not be decoded, and why.

    path: in full, as `Manifest.full_name` has it.
    """

    path: str
    reason: str


def refuse_many(unreadable: Sequence[Unreadable], images: int, *, limit: float) -> None:
    """Stop when the share of unreadable images is above `limit` (0..1).

    Raises:
        DataError: it is; names the first few.
    """
    if len(unreadable) <= limit * images:
        return
    first = [f"{shown(bad.path)}: {bad.reason}" for bad in unreadable[:5]]
    rest = [f"... and {len(unreadable) - 5:,} more"] if len(unreadable) > 5 else []
    raise DataError.of(
        "too-many-unreadable",
        f"{len(unreadable):,} of {images:,} images cannot be read; {limit:.1%} are allowed",
        *first,
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
