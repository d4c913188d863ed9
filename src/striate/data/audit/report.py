"""The page of a scan: one file, with pictures, that needs neither network nor scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from striate import __version__
from striate.data.audit.counts import counts_line
from striate.data.audit.finding import SEVERITIES, Finding, Found, Scanned
from striate.data.audit.scan import Scan
from striate.data.audit.thumbnails import thumbnails
from striate.data.audit.told import speed_line
from striate.data.manifest import SPLITS, Manifest
from striate.data.names import shown
from striate.files import replace_text
from striate.pages import template

# Bounds that keep the page readable, whatever the number of images and classes.
SHOWN_SINGLE, SHOWN_GROUPS, SHOWN_OF_GROUP = 24, 12, 4
SHOWN_NAMES = 200
SHOWN_CLASSES, OF_CLASS, ALL_CLASSES = 1000, 12, 600


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture of a contact sheet; `address` is empty where it cannot be shown."""

    address: str
    name: str
    labels: str
    split: str
    note: str


@dataclass(frozen=True, slots=True)
class Section:
    """One finding on the page.

    sheets: pictures that belong together; all of them where they are no groups.
    hidden: images or names that are not shown.
    """

    kind: Finding
    counted: str
    details: tuple[str, ...]
    sheets: tuple[tuple[Tile, ...], ...]
    names: tuple[str, ...]
    hidden: int

    @property
    def has_pictures(self) -> bool:
        """Whether some image can be shown."""
        return any(tile.address for tiles in self.sheets for tile in tiles)

    @property
    def is_grouped(self) -> bool:
        """Whether there are groups of pictures that belong together."""
        return len(self.sheets) > 1 or self.kind.topic == "copies"


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: its place, images by split, percent of the largest class, some pictures."""

    number: int
    name: str
    counts: tuple[int, ...]
    total: int
    percent: float
    tiles: tuple[Tile, ...]


def save_report(
    scan: Scan, data: str, path: Path, *, advance: Callable[[int], None] | None = None
) -> None:
    """Write the page, in one step; `advance` is called for every picture."""
    replace_text(path, page(scan, data, advance=advance or (lambda _: None)))


def page(scan: Scan, data: str, *, advance: Callable[[int], None]) -> str:
    """The page as text."""
    chosen = {found.kind.code: _chosen(found) for found in scan.found}
    of_classes = _of_classes(scan.scanned)
    rows = {row for groups in chosen.values() for group in groups for row in group}
    rows |= {row for some in of_classes for row in some}
    wanted = [row for row in sorted(rows) if scan.scanned.is_ok[row]]
    album = _Album(scan.manifest, thumbnails(scan.manifest, wanted, scan.limits, advance))
    splits = [split for split in SPLITS if (scan.manifest.splits == split).any()]
    return template("striate.data.audit", "report.html.j2").render(
        version=__version__,
        data=shown(data),
        counts=counts_line(scan.manifest),
        speed=speed_line(scan),
        images=len(scan.manifest),
        usable=int(scan.scanned.is_ok.sum()),
        severities={name: scan.count(name) for name in SEVERITIES},
        sections=[_section(found, chosen[found.kind.code], album) for found in scan.found],
        splits=splits,
        classes=_class_rows(scan.scanned, splits, of_classes, album),
        hidden_classes=max(0, len(scan.manifest.classes) - SHOWN_CLASSES),
        tables=_tables(scan.scanned),
    )


class _Album:
    """Tiles of images, by row."""

    def __init__(self, manifest: Manifest, addresses: dict[int, str]) -> None:
        self._manifest = manifest
        self._addresses = addresses

    def tile(self, row: int) -> Tile:
        table = self._manifest.table.slice(row, 1).to_pylist()[0]
        size = f"{table['width']}×{table['height']}" if table["width"] else ""
        labels = [shown(self._manifest.classes[place]) for place in table["labels"]]
        return Tile(
            address=self._addresses.get(row, ""),
            name=self._manifest.name(row),
            labels=", ".join(labels),
            split=table["split"],
            note=table["reason"] or " ".join(filter(None, [size, table["mode"]])),
        )


def _chosen(found: Found) -> list[tuple[int, ...]]:
    """Rows whose pictures are shown: those of a group together, single ones each alone."""
    groups = found.hits.groups
    if any(len(group) > 1 for group in groups[:1]):
        return [group[:SHOWN_OF_GROUP] for group in groups[:SHOWN_GROUPS]]
    return [tuple(group) for group in groups[:SHOWN_SINGLE]]


def _section(found: Found, chosen: Sequence[tuple[int, ...]], album: _Album) -> Section:
    hits = found.hits
    tiles = [tuple(album.tile(row) for row in group) for group in chosen]
    if all(len(group) == 1 for group in tiles):
        tiles = [tuple(tile for group in tiles for tile in group)] if tiles else []
    names = tuple(map(shown, hits.names[:SHOWN_NAMES]))
    return Section(
        kind=found.kind,
        counted=hits.counted,
        details=hits.details,
        sheets=tuple(tiles),
        names=names,
        hidden=len(hits.groups) - len(chosen) + len(hits.names) - len(names),
    )


def _of_classes(scanned: Scanned) -> list[list[int]]:
    """Rows of the pictures that stand for each class, spread over its usable images."""
    manifest = scanned.manifest
    count = min(len(manifest.classes), SHOWN_CLASSES)
    each = min(OF_CLASS, max(1, ALL_CLASSES // max(count, 1)))
    flat = manifest.table["labels"].combine_chunks()
    labels = flat.flatten().to_numpy(zero_copy_only=False)
    rows = np.repeat(np.arange(len(manifest)), np.diff(flat.offsets.to_numpy()))
    usable = scanned.is_ok[rows]
    labels, rows = labels[usable], rows[usable]
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(count + 1))
    found = []
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        places = np.unique(np.linspace(start, end - 1, min(each, end - start)).astype(int))
        found.append(rows[order[places]].tolist() if end > start else [])
    return found


def _class_rows(
    scanned: Scanned, splits: Sequence[str], of_classes: Sequence[Sequence[int]], album: _Album
) -> list[ClassRow]:
    manifest = scanned.manifest
    by_split = [manifest.only(split).counts() for split in SPLITS if split in splits]
    totals = manifest.counts()
    largest = max(int(totals.max(initial=0)), 1)
    return [
        ClassRow(
            number=place,
            name=shown(manifest.classes[place]),
            counts=tuple(int(counts[place]) for counts in by_split),
            total=int(totals[place]),
            percent=round(100 * int(totals[place]) / largest, 1),
            tiles=tuple(album.tile(row) for row in rows),
        )
        for place, rows in enumerate(of_classes)
    ]


def _tables(scanned: Scanned) -> dict[str, list[tuple[str, int, float]]]:
    """How often each size, kind of file and colour mode occurs: heading to rows with percents."""
    usable = scanned.is_ok
    modes, depths = scanned.words("mode")[usable], scanned.number("bit_depth", 8)[usable]
    kinds = Counter(
        f"{kind} {mode}, {depth} bit"
        for kind, mode, depth in zip(scanned.formats[usable], modes, depths, strict=True)
    )
    heights, widths = scanned.sizes[usable].T
    sizes = Counter(zip(widths.tolist(), heights.tolist(), strict=True))
    named = Counter({f"{width}×{height}": count for (width, height), count in sizes.items()})
    shorter = np.minimum(heights, widths)
    octaves = Counter(int(place) for place in np.floor(np.log2(np.maximum(shorter, 1))))
    by_octave = [(f"{2**place} to {2 ** (place + 1) - 1}", octaves[place]) for place in octaves]
    by_octave.sort(key=lambda row: int(row[0].split()[0]))
    return {
        "Kinds of file": _percents(kinds.most_common(10)),
        "Shorter side, in pixels": _percents(by_octave),
        "Commonest sizes": _percents(named.most_common(10)),
    }


def _percents(rows: Sequence[tuple[str, int]]) -> list[tuple[str, int, float]]:
    most = max((count for _, count in rows), default=1)
    return [(name, count, round(100 * count / most, 1)) for name, count in rows]
