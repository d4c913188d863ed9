"""Decoded pictures kept from one epoch to the next and from one run to the next."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from bisect import bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from striate.data import _segment
from striate.data._keys import picture_keys
from striate.data._segment import ROW, Segment, create, open_segment, total_bytes
from striate.data.contents import contents
from striate.data.decode import Picture, UnreadableImageError, header, picture, resampled
from striate.data.manifest import Manifest
from striate.data.preprocessing import Box, Preprocessing
from striate.errors import DataError
from striate.files import Json, cache_folder, memory_bytes, nearest, replace_json
from striate.quantities import byte_size

VERSION = 1
HEAD = "cache.json"

# Sets this small are decoded in a moment; they are kept in memory and leave nothing on disk.
SMALL_BYTES = 16 * 2**20
# All caches in the default folder together; the least recently used make room.
LIMIT_BYTES = 64 * 2**30
# What a cache leaves free on the disk: a tenth of it, but not more than this.
MARGIN_BYTES = 10 * 2**30

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Store:
    """Where pictures are kept, and whether those that are there are made anew.

    where: `auto` (the user's cache folder, bounded), `off`, or a folder.
    """

    where: str = "auto"
    is_rebuilt: bool = False


class Cache:
    """Decoded pictures of one data set and one way of decoding.

    side: None for pictures as the network sees them, H×W×C of the record; else whole pictures
        whose shorter side is at most so long, for views to be cut from.
    folder: where they are; None in memory.
    failure: why nothing more is written, once that is so.
    """

    def __init__(
        self, segments: Sequence[Segment], channels: int, side: int | None, folder: Path | None
    ) -> None:
        self.side = side
        self.channels = channels
        self.folder = folder
        self.failure: str | None = None
        self._segments = list(segments)
        self._starts = np.cumsum([0, *(len(segment.table) for segment in segments)])
        self._first_slots: list[int] = self._starts[:-1].tolist()
        keys = np.concatenate([segment.table["key"] for segment in segments])
        is_empty = np.concatenate([segment.sums == 0 for segment in segments])
        # Of several pictures with one key, those that are there come first.
        self._order = np.lexsort((is_empty, keys))
        self._keys = keys[self._order]
        self._checks = np.concatenate([segment.table["check"] for segment in segments])

    def slots(self, manifest: Manifest) -> np.ndarray:
        """Where each image of a manifest is kept: int64, N; -1 where it has no place."""
        key, check = picture_keys(manifest)
        return self._found(key, check)

    def _found(self, key: np.ndarray, check: np.ndarray) -> np.ndarray:
        if not len(self._keys):
            return np.full(len(key), -1, np.int64)
        near = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        slots: np.ndarray = self._order[near]
        is_same = (self._keys[near] == key) & (self._checks[slots] == check)
        return np.where(is_same, slots, -1).astype(np.int64)

    def holds(self, slots: np.ndarray) -> bool:
        """Whether all these pictures are there and whole."""
        if (slots < 0).any():
            return False
        return all(segment.holds(rows) for segment, rows, _ in self._by_segment(slots))

    def has(self, slots: np.ndarray) -> np.ndarray:
        """Which of these pictures were written at some time, as booleans; sums are not compared."""
        found = np.zeros(len(slots), bool)
        known = np.flatnonzero(slots >= 0)
        for segment, rows, mine in self._by_segment(slots[known]):
            found[known[mine]] = segment.sums[rows] != 0
        return found

    def gather(self, slots: np.ndarray, target: np.ndarray) -> None:
        """Copy pictures that `holds` found, all of one size, into `target`: N×H×W×C."""
        size = math.prod(target.shape[1:])
        flat = target.reshape(len(target), size)
        for segment, rows, mine in self._by_segment(slots):
            pixels = segment.pixels.reshape(-1, size)
            if len(rows) == len(slots):
                # A mode other than the default writes without a second array in between.
                pixels.take(rows, axis=0, out=flat, mode="clip")
            else:
                flat[mine] = pixels[rows]

    def read(self, slot: int) -> np.ndarray | None:
        """A picture, h×w×C, not to be written to; None where it is not there or not whole."""
        if slot < 0:
            return None
        segment, row = self._place(slot)
        return segment.read(row)

    def picture(self, slot: int) -> Picture | None:
        """A whole picture with its size in its file, as `read`."""
        if slot < 0:
            return None
        segment, row = self._place(slot)
        kept = segment.read(row)
        return None if kept is None else Picture(kept, *segment.full_size(row))

    def sizes(self, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Height and width of pictures in their files, and as they are kept: N×2 each."""
        rows = np.empty(len(slots), ROW)
        for segment, mine, places in self._by_segment(slots):
            rows[places] = segment.table[mine]
        full = np.stack([rows["full_height"], rows["full_width"]], axis=1)
        return full, np.stack([rows["height"], rows["width"]], axis=1)

    def write(self, slot: int, picture: np.ndarray) -> None:
        """Keep a picture; where that fails, `failure` says why and nothing more is written."""
        if slot < 0 or self.failure is not None:
            return
        segment, row = self._place(slot)
        size = (int(segment.table["height"][row]), int(segment.table["width"][row]))
        if picture.shape[:2] != size:
            return  # the file is another one than when its size was read
        try:
            segment.write(row, picture)
        except OSError as error:
            self.failure = error.strerror or type(error).__name__

    def close(self) -> None:
        """Let go of the files that were written to."""
        for segment in self._segments:
            segment.close()

    def _place(self, slot: int) -> tuple[Segment, int]:
        if len(self._segments) == 1:
            return self._segments[0], slot
        number = bisect_right(self._first_slots, slot) - 1
        return self._segments[number], slot - self._first_slots[number]

    def _by_segment(self, slots: np.ndarray) -> list[tuple[Segment, np.ndarray, np.ndarray]]:
        """Each segment with its rows and where they come from in `slots`."""
        if len(self._segments) == 1:
            return [(self._segments[0], slots, np.arange(len(slots)))]
        numbers = np.searchsorted(self._starts, slots, side="right") - 1
        places = [(number, np.flatnonzero(numbers == number)) for number in np.unique(numbers)]
        return [(self._segments[n], slots[mine] - self._starts[n], mine) for n, mine in places]


def open_cache(
    manifest: Manifest,
    record: Preprocessing,
    store: Store | None = None,
    *,
    side: int | None = None,
    tell: Tell = lambda _: None,
) -> Cache | None:
    """The cache of a data set, made where it is not there; None where there is to be none.

    Tells where it lies and how large it will be before anything is written. It is filled by a
    loader, while that decodes.

    Raises:
        DataError: the folder that was named cannot be written to.
    """
    store = store or Store()
    if store.where == "off" or not len(manifest):
        return None
    rows = _rows(manifest, record, side)
    size = total_bytes(rows, record.channels)
    if store.where == "auto" and size <= SMALL_BYTES:
        return Cache([Segment(rows, record.channels, None)], record.channels, side, None)
    home = cache_folder() if store.where == "auto" else Path(store.where)
    folder = home / _name(manifest, record, side)
    try:
        if store.is_rebuilt:
            shutil.rmtree(folder, ignore_errors=True)
        return _on_disk(folder, rows, record, side, tell, is_bounded=store.where == "auto")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if store.where != "auto":
            raise DataError.of(
                "cache-folder",
                f"decoded images cannot be kept in {home} ({reason})",
                "name another folder with --cache, or turn it off: --cache off",
            ) from error
        tell(f"no cache: {home} cannot be written to ({reason})")
        return _in_memory(rows, record, side)


def kept_size(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width of a picture whose shorter side is `side`; none is enlarged."""
    shorter = min(height, width)
    if shorter <= side:
        return height, width
    return max(1, round(height * side / shorter)), max(1, round(width * side / shorter))


def shrunk(content: bytes, record: Preprocessing, side: int) -> Picture:
    """A whole picture in the record's colours whose shorter side is at most `side`.

    Raises:
        UnreadableImageError: as `decode`.
    """
    full = picture(content, record, at_least=(side, side))
    height, width = kept_size(full.height, full.width, side)
    found = Box(0, 0, full.array.shape[1], full.array.shape[0])
    kept = resampled(full.array, found, replace(record, height=height, width=width))
    return full._replace(array=kept)


def _rows(manifest: Manifest, record: Preprocessing, side: int | None) -> np.ndarray:
    """The table of a segment with all images of a manifest, each once, in its order."""
    rows = np.zeros(len(manifest), ROW)
    rows["key"], rows["check"] = picture_keys(manifest)
    if side is None:
        rows["height"], rows["width"] = record.height, record.width
    else:
        sizes = _sizes(manifest)
        rows["full_height"], rows["full_width"] = sizes[:, 0], sizes[:, 1]
        kept = [kept_size(height, width, side) for height, width in sizes.tolist()]
        rows["height"], rows["width"] = np.asarray(kept, np.int64).T
        rows = rows[rows["height"] > 0]
    _, first = np.unique(rows["key"], return_index=True)
    return _laid_out(rows[np.sort(first)], record.channels)


def _laid_out(rows: np.ndarray, channels: int) -> np.ndarray:
    rows["offset"] = _segment.offsets(rows["height"], rows["width"], channels)
    return rows


def _sizes(manifest: Manifest) -> np.ndarray:
    """Height and width of every image, scanned or by its head: N×2; 0 where that is damaged."""
    known = np.stack([manifest.column("height"), manifest.column("width")], axis=1)
    sizes = np.nan_to_num(known.astype(np.float64)).astype(np.int64)
    unknown = np.flatnonzero(sizes[:, 0] <= 0)
    if not len(unknown):
        return sizes
    read = contents(manifest)

    def size(place: int) -> tuple[int, int]:
        try:
            head = header(read(place))
        except UnreadableImageError:
            return (0, 0)
        return head.height, head.width

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(size, unknown.tolist()))
    sizes[unknown] = np.asarray(found, np.int64)
    return sizes


def _on_disk(
    folder: Path,
    rows: np.ndarray,
    record: Preprocessing,
    side: int | None,
    tell: Tell,
    *,
    is_bounded: bool,
) -> Cache | None:
    """The cache in a folder, with a new segment for what is not there.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    channels = record.channels
    files = sorted(folder.glob("*" + _segment.TABLE)) if folder.is_dir() else []
    segments = [found for file in files if (found := open_segment(file, channels))]
    missing = rows
    if segments:
        there = Cache(segments, channels, side, folder)
        missing = rows[there._found(rows["key"], rows["check"]) < 0]
        (folder / HEAD).touch()  # the last use, for making room
    if len(missing):
        missing = _laid_out(missing, channels)
        size = total_bytes(missing, channels)
        refusal = _refusal(folder.parent, size, keep=folder, is_bounded=is_bounded)
        if refusal and not segments:
            tell(f"no cache of decoded images: {byte_size(size)} {refusal}")
            return _in_memory(rows, record, side)
        if not refusal:
            tell(
                f"decoded images are kept for the next epochs and runs: {byte_size(size)} in "
                f"{folder}; --cache off leaves that out"
            )
            segments.append(_new_segment(folder, missing, record, side))
    else:
        tell(f"decoded images are read from {folder}")
    return Cache(segments, channels, side, folder)


def _new_segment(
    folder: Path, rows: np.ndarray, record: Preprocessing, side: int | None
) -> Segment:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_json(folder / HEAD, _settings(record, side))
    name = hashlib.blake2b(rows.tobytes(), digest_size=8).hexdigest()
    return create(rows, record.channels, folder / name)


def _in_memory(rows: np.ndarray, record: Preprocessing, side: int | None) -> Cache | None:
    """Pictures kept in memory where they take less than a quarter of it."""
    if total_bytes(rows, record.channels) >= memory_bytes() // 4:
        return None
    return Cache([Segment(rows, record.channels, None)], record.channels, side, None)


def _refusal(home: Path, size: int, *, keep: Path, is_bounded: bool) -> str | None:
    """Why so many bytes more must not be written, or None; makes room where that helps."""
    if is_bounded and size > LIMIT_BYTES:
        return f"are more than the {byte_size(LIMIT_BYTES)} for caches; --cache DIR allows them"
    if is_bounded:
        _make_room(home, size, keep=keep)
    disk = shutil.disk_usage(nearest(home))
    margin = min(MARGIN_BYTES, disk.total // 10)
    if size > disk.free - margin:
        return f"would leave less than {byte_size(margin)} free on the disk of {home}"
    return None


def _make_room(home: Path, size: int, *, keep: Path) -> None:
    """Remove the least recently used caches until `size` more stay within the limit."""
    heads = sorted(home.glob(f"*/{HEAD}"), key=lambda head: head.stat().st_mtime)
    sizes = {head.parent: sum(f.stat().st_size for f in head.parent.iterdir()) for head in heads}
    total = sum(sizes.values())
    for folder, held in sizes.items():
        if total + size <= LIMIT_BYTES:
            return
        if folder != keep:
            shutil.rmtree(folder, ignore_errors=True)
            total -= held


def _settings(record: Preprocessing, side: int | None) -> dict[str, Json]:
    """All that pixels depend on, besides the files."""
    values = record.to_json()
    for name in ("mean", "deviation"):
        del values[name]
    if side is not None:
        for name in ("height", "width", "resize", "crop_share"):
            del values[name]
    versions: dict[str, Json] = {name: version(name) for name in ("pillow", "simplejpeg")}
    return {"cache": VERSION, "side": side, "record": values, "versions": versions}


def _name(manifest: Manifest, record: Preprocessing, side: int | None) -> str:
    """A folder name that says whose pictures these are and changes with how they are made."""
    text = json.dumps([manifest.root, manifest.kind, _settings(record, side)], sort_keys=True)
    plain = "".join(letter for letter in Path(manifest.root).name if letter.isalnum())
    return f"{plain[:24] or 'data'}-{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"
