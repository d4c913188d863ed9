"""Facts that an earlier scan found, kept in the cache folder: an interrupted scan goes on."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from striate.data.audit.facts import FACTS, to_row
from striate.data.manifest import Manifest
from striate.files import Json, cache_folder, replace_file

VERSION = 1  # to be raised when facts are computed otherwise

# Facts are written after so many images or seconds, whichever is first.
PART_IMAGES, PART_SECONDS = 5000, 2.0

# What must be the same for an image to be the same: where it is, how long, how old.
KEY = pa.schema(
    [
        ("path", pa.string()),
        ("place", pa.int64()),
        ("file_bytes", pa.int64()),
        ("changed_ns", pa.int64()),
    ]
)
_SCHEMA = pa.schema([*KEY, *FACTS])


class FactStore:
    """Facts about the images of one data set, in files of their own folder.

    Each file is written in one step, so a scan can be ended at any moment; what is lost is the work
    of the last two seconds. Several scans at once do not disturb each other.
    """

    def __init__(self, folder: Path, keys: pa.Table) -> None:
        self.folder = folder
        self._keys = keys
        self._pending: list[tuple[int, dict[str, object]]] = []
        self._saved = time.monotonic()

    def known(self) -> tuple[np.ndarray, pa.Table]:
        """Places of the images whose facts are known, ascending, and the facts in that order."""
        tables = [table for file in self._files() if (table := _read(file)) is not None]
        numbered = self._keys.append_column("row", pa.array(np.arange(len(self._keys))))
        stored = pa.concat_tables(tables) if tables else _SCHEMA.empty_table()
        found = numbered.join(stored, keys=KEY.names, join_type="inner")
        rows, first = np.unique(found["row"].to_numpy(), return_index=True)
        return rows, found.take(pa.array(first, pa.int64())).select(FACTS.names)

    def add(self, place: int, facts: Mapping[str, Json]) -> None:
        """Keep the facts about the image at a place; written soon."""
        self._pending.append((place, to_row(facts)))
        late = time.monotonic() - self._saved > PART_SECONDS
        if late or len(self._pending) >= PART_IMAGES:
            self.flush()

    def flush(self) -> None:
        """Write what was added."""
        if self._pending:
            places = pa.array([place for place, _ in self._pending], pa.int64())
            facts = pa.Table.from_pylist([row for _, row in self._pending], schema=FACTS)
            self._write(self._keys.take(places), facts)
        self._pending.clear()
        self._saved = time.monotonic()

    def merge(self, rows: np.ndarray, facts: pa.Table) -> None:
        """Put the facts about the images at these places in one file, instead of many."""
        before = self._files()
        if len(before) > 1:
            self._write(self._keys.take(pa.array(rows, pa.int64())), facts)
            for file in before:
                file.unlink(missing_ok=True)

    def _write(self, keys: pa.Table, facts: pa.Table) -> None:
        table = pa.table([*keys.columns, *facts.columns], schema=_SCHEMA)
        path = self.folder / f"{uuid.uuid4().hex}.parquet"
        replace_file(path, lambda temporary: pq.write_table(table, temporary))

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("[!.]*.parquet"))


def open_store(manifest: Manifest, max_pixels: int, folder: Path | None = None) -> FactStore:
    """The store of a data set, in `folder` or the cache folder of the user; made if need be."""
    settings = [str(VERSION), manifest.kind, os.path.realpath(manifest.root), str(max_pixels)]
    name = hashlib.blake2b("\0".join(settings).encode(), digest_size=12).hexdigest()
    place = (folder or cache_folder() / "scan") / name
    place.mkdir(parents=True, exist_ok=True)
    return FactStore(place, _keys(manifest))


def _keys(manifest: Manifest) -> pa.Table:
    """Key of every image. Length and age are those of the file that holds it."""
    paths = manifest.table["path"].combine_chunks().dictionary_encode()
    root = Path(manifest.root)
    stats = [_length_and_age(root / path) for path in paths.dictionary.to_pylist()]
    by_path = np.asarray(stats, np.int64).reshape(-1, 2)[paths.indices.to_numpy()]
    columns = [
        manifest.table["path"].combine_chunks(),
        manifest.table["place"].combine_chunks(),
        *(pa.array(column) for column in by_path.T.copy()),
    ]
    return pa.table(columns, schema=KEY)


def _length_and_age(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return (-1, -1)
    return (stat.st_size, stat.st_mtime_ns)


def _read(file: Path) -> pa.Table | None:
    """A part that was written, or nothing where it is damaged or another scan merged it."""
    try:
        table = pq.read_table(file)
    except (OSError, pa.ArrowException):
        return None
    return table if table.schema.equals(_SCHEMA) else None
