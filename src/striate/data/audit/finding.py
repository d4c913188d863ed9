"""What a kind of finding is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from striate.data.audit.duplicates import duplicate_groups, exact_pairs
from striate.data.audit.facts import OK
from striate.data.audit.pairs import joined
from striate.data.manifest import SPLITS, Manifest

Severity = Literal["error", "warning", "note"]
Topic = Literal["files", "copies", "classes", "pictures", "folder"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
TOPICS: tuple[Topic, ...] = get_args(Topic)


@dataclass(frozen=True)
class Scanned:
    """All that a scan knows: the manifest with its columns filled, and what it has no column for.

    formats: pillow's word for the kind of each file, None where it is not an image.
    is_animated, has_alpha: of each image.
    left_out: names in the data folder that are no images of the manifest, by reason.
    suffixes: files by suffixes that are not those of images.
    """

    manifest: Manifest
    formats: np.ndarray
    is_animated: np.ndarray
    has_alpha: np.ndarray
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    suffixes: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def status(self) -> np.ndarray:
        """Status of every image."""
        return self.words("status")

    @cached_property
    def is_ok(self) -> np.ndarray:
        """Which images can be decoded."""
        return np.asarray(self.status == OK)

    @cached_property
    def sizes(self) -> np.ndarray:
        """Height and width of every image in pixels, -1 where not known: int64, N×2."""
        columns = [self.manifest.table[name].fill_null(-1) for name in ("height", "width")]
        return np.stack([column.to_numpy() for column in columns], axis=1).astype(np.int64)

    @cached_property
    def exact(self) -> np.ndarray:
        """A number per image, the same for files of the same content."""
        hashes = self.manifest.table["content_hash"].to_numpy()
        return joined(len(self.manifest), exact_pairs(hashes))

    @cached_property
    def near(self) -> np.ndarray:
        """A number per image, the same for pictures that look alike."""
        return duplicate_groups(self.manifest)

    @cached_property
    def label_keys(self) -> np.ndarray:
        """A number per image, the same for images with the same set of labels."""
        if not self.manifest.is_multilabel:
            return self.manifest.labels
        known: dict[tuple[int, ...], int] = {}
        keys = [tuple(sorted(labels)) for labels in self.manifest.label_lists]
        return np.asarray([known.setdefault(key, len(known)) for key in keys])

    @cached_property
    def split_keys(self) -> np.ndarray:
        """Place of every image's split in `SPLITS`."""
        splits = self.manifest.splits
        return np.select([splits == name for name in SPLITS], range(len(SPLITS))).astype(np.int64)

    def words(self, column: str) -> np.ndarray:
        """A column of text, as objects."""
        return np.asarray(self.manifest.table[column].to_numpy(), dtype=object)

    def number(self, column: str, absent: int) -> np.ndarray:
        """A column of whole numbers."""
        values = self.manifest.table[column].fill_null(pa.scalar(absent, pa.int8()))
        return np.asarray(values.to_numpy())


@dataclass(frozen=True, slots=True)
class Hits:
    """What a check has found.

    count: how many, of what `unit` says.
    groups: rows of the manifest, those that belong together in one tuple; single ones alone.
    names: what is no row of the manifest: classes, files beside the images.
    details: sentences with figures.
    """

    count: int
    unit: str = "images"
    groups: tuple[tuple[int, ...], ...] = ()
    names: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    @property
    def rows(self) -> list[int]:
        """All rows concerned."""
        return [row for group in self.groups for row in group]

    @property
    def counted(self) -> str:
        """The count with its unit: `1 class`, `1,200 images`."""
        singular = {"classes": "class"}.get(self.unit, self.unit.removesuffix("s"))
        return f"{self.count:,} {singular if self.count == 1 else self.unit}"


NOTHING = Hits(0)

Check = Callable[[Scanned], Hits]


@dataclass(frozen=True, slots=True)
class Finding:
    """A kind of finding: one file in `findings`.

    code: stable, kebab-case.
    severity: `error` spoils a training or its figures; `warning` may; `note` is good to know.
    title: what was found, in the plural, as a heading.
    sentence: what it means.
    advice: what to do about it.
    """

    code: str
    severity: Severity
    topic: Topic
    title: str
    sentence: str
    advice: str
    check: Check


@dataclass(frozen=True, slots=True)
class Found:
    """A kind of finding that applies, and where."""

    kind: Finding
    hits: Hits


def rows_where(chosen: np.ndarray, *details: str) -> Hits:
    """The images for which the array is true, each alone."""
    rows = np.flatnonzero(chosen).tolist()
    return Hits(len(rows), groups=tuple((row,) for row in rows), details=details)


def with_status(code: str) -> Check:
    """A check for images whose status is this."""
    return lambda scanned: rows_where(scanned.status == code)


def left_behind(*reasons: str, unit: str = "files") -> Check:
    """A check for what `Search` left out of a folder, for these reasons."""

    def check(scanned: Scanned) -> Hits:
        names = [name for reason in reasons for name in scanned.left_out.get(reason, ())]
        return Hits(len(names), unit, names=tuple(names))

    return check
