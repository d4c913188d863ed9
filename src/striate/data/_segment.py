"""One file of decoded pictures, with a table of where each is and a checksum of each."""

from __future__ import annotations

import os
import threading
import zlib
from pathlib import Path

import numpy as np

from striate.files import replace_file

# A picture: what it was made of (two hashes), where its pixels start, its size as kept, and the
# size of the full picture in its file.
ROW = np.dtype(
    [
        ("key", "<u8"),
        ("check", "<u8"),
        ("offset", "<i8"),
        ("height", "<i4"),
        ("width", "<i4"),
        ("full_height", "<i4"),
        ("full_width", "<i4"),
    ]
)
# A sum is 0 where nothing was written, else this bit and the CRC-32 of the pixels.
IS_WRITTEN = np.uint64(1 << 32)
TABLE, SUMS, PIXELS = ".table.npy", ".sums", ".pixels"


class Segment:
    """Pixels of the pictures of a table, on disk at `base` or in memory without one.

    Made by `create` or opened by `open_segment`. Nothing here is locked between processes: two that
    write the same picture write the same bytes to the same place.
    """

    def __init__(self, table: np.ndarray, channels: int, base: Path | None) -> None:
        self.table = table
        self.base = base
        self.channels = channels
        self.lock = threading.Lock()
        size = total_bytes(table, channels)
        if base is None:
            self.pixels = np.zeros(size, np.uint8)
            self.sums = np.zeros(len(table), np.uint64)
        else:
            # A plain array: slices of np.memmap are ten times as slow to make.
            self.pixels = np.asarray(np.memmap(_file(base, PIXELS), np.uint8, "r", shape=(size,)))
            self.sums = np.fromfile(_file(base, SUMS), "<u8")
        # What this process wrote, or has compared with its checksum.
        self.is_verified = np.zeros(len(table), bool)
        self._files: tuple[int, int] | None = None

    def __reduce__(self) -> tuple[type[Segment], tuple[np.ndarray, int, Path | None]]:
        """For another process, which opens the files itself; what is in memory stays here."""
        return Segment, (self.table, self.channels, self.base)

    def holds(self, rows: np.ndarray) -> bool:
        """Whether all these pictures can be read; compares those not read before with their sum."""
        if self.is_verified[rows].all():
            return True
        unseen = rows[~self.is_verified[rows]]
        return bool((self.sums[unseen] != 0).all()) and all(map(self._is_whole, unseen.tolist()))

    def read(self, row: int) -> np.ndarray | None:
        """A picture, h×w×C, not to be written to; None if it is not there or was torn."""
        return self._view(row) if self.is_verified.item(row) or self._is_whole(row) else None

    def full_size(self, row: int) -> tuple[int, int]:
        """Height and width of a picture in its file."""
        _, _, _, _, _, height, width = self.table.item(row)
        return height, width

    def write(self, row: int, picture: np.ndarray) -> None:
        """Keep a picture.

        Raises:
            OSError: the disk is full or the file is gone.
        """
        content = np.ascontiguousarray(picture)
        assert content.shape == (*self.table[["height", "width"]][row].item(), self.channels)
        total = IS_WRITTEN | np.uint64(zlib.crc32(content.data))
        start = int(self.table["offset"][row])
        with self.lock:
            if self.base is None:
                self.pixels[start : start + content.size] = content.reshape(-1)
            else:
                pixels, sums = self._opened()
                # Written, not stored through the map: a full disk is then an error, not a crash.
                _write_at(pixels, content, start)
                _write_at(sums, np.asarray(total, "<u8"), 8 * row)
            self.sums[row] = total
            self.is_verified[row] = True

    def close(self) -> None:
        """Let go of the files opened for writing."""
        with self.lock:
            for file in self._files or ():
                os.close(file)
            self._files = None

    def _is_whole(self, row: int) -> bool:
        if not self.sums[row]:
            return False
        found = IS_WRITTEN | np.uint64(zlib.crc32(self._view(row).data))
        if found != self.sums[row]:
            self.sums[row] = 0
            return False
        self.is_verified[row] = True
        return True

    def _view(self, row: int) -> np.ndarray:
        # The row at once: a field of a row takes longer to read than all of them as a tuple.
        _, _, start, height, width, _, _ = self.table.item(row)
        view: np.ndarray = self.pixels[start : start + height * width * self.channels]
        return view.reshape(height, width, self.channels)

    def _opened(self) -> tuple[int, int]:
        if self._files is None:
            assert self.base is not None
            flags = os.O_RDWR | getattr(os, "O_BINARY", 0)
            self._files = (
                os.open(_file(self.base, PIXELS), flags),
                os.open(_file(self.base, SUMS), flags),
            )
        return self._files


def create(table: np.ndarray, channels: int, base: Path) -> Segment:
    """A segment on disk with nothing in it, or the one that another process just made.

    Raises:
        OSError: the disk is full, or the folder may not be written to.
    """
    _reserve(_file(base, PIXELS), total_bytes(table, channels), is_filled=False)
    _reserve(_file(base, SUMS), 8 * len(table), is_filled=True)

    def save(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, table)

    replace_file(_file(base, TABLE), save)
    return Segment(table, channels, base)


def open_segment(table_file: Path, channels: int) -> Segment | None:
    """The segment of a table on disk; None if its files are not as they should be."""
    base = table_file.with_name(table_file.name.removesuffix(TABLE))
    try:
        table = np.load(table_file, allow_pickle=False)
        if (
            table.dtype != ROW
            or table.ndim != 1
            or not np.array_equal(
                table["offset"], offsets(table["height"], table["width"], channels)
            )
        ):
            return None
        sizes = (_file(base, PIXELS).stat().st_size, _file(base, SUMS).stat().st_size)
        if sizes != (total_bytes(table, channels), 8 * len(table)):
            return None
        return Segment(table, channels, base)
    except (OSError, ValueError, EOFError):
        return None


def offsets(heights: np.ndarray, widths: np.ndarray, channels: int) -> np.ndarray:
    """Where the pixels of each picture start when all lie one behind the other."""
    sizes = heights.astype(np.int64) * widths * channels
    starts: np.ndarray = np.cumsum(sizes) - sizes
    return starts


def total_bytes(table: np.ndarray, channels: int) -> int:
    """Bytes of the pixels of all pictures of a table."""
    return channels * int((table["height"].astype(np.int64) * table["width"]).sum())


def _file(base: Path, ending: str) -> Path:
    return base.with_name(base.name + ending)


def _reserve(path: Path, size: int, *, is_filled: bool) -> None:
    """Make a file of so many zeros; one that is there already keeps what it holds."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    file = os.open(path, flags, 0o600)
    try:
        if os.fstat(file).st_size != size:
            os.ftruncate(file, size)
        if is_filled and hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, size)
    finally:
        os.close(file)


def _write_at(file: int, content: np.ndarray, start: int) -> None:
    """Write all of an array; the caller holds the lock, since the position is the file's."""
    os.lseek(file, start, os.SEEK_SET)
    rest = content.data.cast("B")
    while rest:
        rest = rest[os.write(file, rest) :]
