"""Columns of Parquet tables: which holds what, their labels, and the images one by one."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from striate.data.decode import UnreadableImageError
from striate.data.layouts import Reading
from striate.data.layouts._columns import GROUPS, LABELS, SPLITS, chosen, named
from striate.data.manifest import Manifest
from striate.data.names import shown
from striate.data.stored import DAMAGE
from striate.errors import DataError, listing
from striate.files import memory_bytes

Feature = dict[str, object]


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column holds what; the class names if the table states them."""

    image: str
    label: str
    split: str | None
    group: str | None
    names: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a table.

    values: places in `names`, the labels of all rows one behind the other. counts: how many each
    row has. stated: the class list that the table states.
    """

    values: np.ndarray
    counts: np.ndarray
    names: tuple[str, ...]
    stated: tuple[str, ...] | None


def roles_of(file: Path, how: Reading) -> Roles:
    """Which column of a table holds what.

    Raises:
        DataError: the file is damaged, or has no column of images or labels.
    """
    schema = _schema(file)
    features = _features(schema)
    image = _image_column(schema)
    stated = [name for name, kind in features.items() if _class_list(kind) is not None]
    by_name = chosen(schema.names, how.label, LABELS, str(file))
    preferred = [by_name] if how.label else [*stated, by_name]
    labels = [name for name in preferred if name in schema.names] or [
        field.name
        for field in schema
        if pa.types.is_integer(field.type) or pa.types.is_string(field.type)
    ]
    for wanted, candidates in (("images", image), ("labels", labels)):
        if not candidates:
            shown_ = listing([f"{shown(field.name)}: {field.type}" for field in schema])
            raise DataError.of(
                "missing-column",
                f"{file} has no column of {wanted}; its columns are {shown_}",
                "images: struct<bytes: binary, path: string> or binary; labels: integer or string",
            )
    label = labels[0]
    assert label is not None
    is_number = pa.types.is_integer(_inner(schema.field(label).type))
    names = _class_list(features.get(label, {})) if is_number else None
    split = named(schema.names, SPLITS)
    assert image is not None
    return Roles(image, label, split, chosen(schema.names, how.group, GROUPS, str(file)), names)


def labels_of(file: Path, roles: Roles) -> Labels:
    """The labels of all rows; a column of lists gives several.

    Raises:
        DataError: a row has none, or one outside the class list that the table states.
    """
    column = read_column(file, roles.label).combine_chunks()
    where = f"in the label column '{roles.label}'"
    _refuse_null(file, column, np.arange(len(column)), where)
    counts = np.ones(len(column), np.int64)
    if _is_list(column.type):
        counts = pc.list_value_length(column).to_numpy(zero_copy_only=False).astype(np.int64)
        column = column.flatten()
        _refuse_null(file, column, np.repeat(np.arange(len(counts)), counts), where)
    if roles.names is not None:
        values = column.to_numpy(zero_copy_only=False)
        _refuse_outside(file, values, np.repeat(np.arange(len(counts)), counts), roles.names)
        return Labels(values.astype(np.int64), counts, roles.names, roles.names)
    encoded = column.dictionary_encode()
    names = tuple(str(value) for value in encoded.dictionary.to_pylist())
    return Labels(encoded.indices.to_numpy(zero_copy_only=False), counts, names, None)


def read_column(file: Path, name: str) -> pa.ChunkedArray:
    """One column of a table.

    Raises:
        DataError: the file is gone or damaged.
    """
    try:
        column = pq.read_table(file, columns=[name])[name]
        column.validate(full=True)  # text that is not UTF-8, say
        return column
    except DAMAGE as damage:
        raise _damaged(file, damage) from damage


class Tables:
    """Images that are rows of tables.

    Tables are held in memory, as they are encoded, if all of them take less than a quarter of it;
    else groups of rows are read when they are needed, and the last few of them kept.
    """

    KEPT = 16  # groups of rows

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.paths = manifest.table["path"].combine_chunks()
        self.rows = manifest.column("place")
        in_use = manifest.table["path"].unique().to_pylist()
        size = sum(manifest.shards.get(path, 0) for path in in_use)
        self.fits = size < memory_bytes() // 4
        self._held: OrderedDict[tuple[str, int], pa.ChunkedArray | pa.Array] = OrderedDict()
        self._starts: dict[str, np.ndarray] = {}
        self._lock = Lock()

    def __call__(self, place: int, /) -> bytes:
        path, row = self.paths[place].as_py(), int(self.rows[place])
        try:
            value = self._whole(path)[row] if self.fits else self._group(path, row)
        except (*DAMAGE, IndexError) as damage:
            reason = f"the table cannot be read ({' '.join(str(damage).split())})"
            raise UnreadableImageError(self.manifest.name(place), reason) from damage
        content = value.as_py()
        if content is None:
            raise UnreadableImageError(self.manifest.name(place), "the table holds no image here")
        return bytes(content)

    def __reduce__(self) -> tuple[type[Tables], tuple[Manifest]]:
        """Another process gets the list of images and reads the tables itself."""
        return Tables, (self.manifest,)

    def _whole(self, path: str) -> pa.ChunkedArray:
        with self._lock:
            if (path, -1) not in self._held:
                file = Path(self.manifest.root, path)
                self._held[path, -1] = _encoded(read_column(file, _image_of(_schema(file))))
            return self._held[path, -1]

    def _group(self, path: str, row: int) -> pa.Scalar:
        """The image of a row, out of the group of rows that it lies in."""
        file = Path(self.manifest.root, path)
        with self._lock:
            if path not in self._starts:
                self._starts[path] = _group_starts(file)
            starts = self._starts[path]
            group = int(np.searchsorted(starts, row, side="right")) - 1
            held = self._held.get((path, group))
        if held is None:
            with pq.ParquetFile(file) as table:
                name = _image_of(table.schema_arrow)
                held = _encoded(table.read_row_group(group, columns=[name])[name])
            with self._lock:
                self._held[path, group] = held
                while len(self._held) > self.KEPT:
                    self._held.popitem(last=False)
        return held[row - int(starts[group])]


def _group_starts(file: Path) -> np.ndarray:
    """The first row of each group of rows, and behind them how many rows there are."""
    metadata = pq.read_metadata(file)
    sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    return np.concatenate(([0], np.cumsum(sizes)))


def _image_column(schema: pa.Schema) -> str | None:
    """The first column that may hold images."""
    return next((str(field.name) for field in schema if _is_image(field.type)), None)


def _image_of(schema: pa.Schema) -> str:
    """The column of images of a table that had one when it was indexed."""
    name = _image_column(schema)
    if name is None:
        raise ValueError("it has no column of images any more")
    return name


def _encoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The bytes of a column of images."""
    if not pa.types.is_struct(column.type):
        return column
    chunks = [chunk.field("bytes") for chunk in column.chunks]
    return pa.chunked_array(chunks, type=column.type.field("bytes").type)


def _features(schema: pa.Schema) -> dict[str, Feature]:
    """What the Hugging Face metadata say about each column; empty where there are none."""
    try:
        text = (schema.metadata or {}).get(b"huggingface", b"{}")
        features = json.loads(text)["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    if not isinstance(features, dict):
        return {}
    # Older metadata write the kind of a list as a list with one kind in it.
    kinds = {
        str(name): kind[0] if isinstance(kind, list) and kind else kind
        for name, kind in features.items()
    }
    return {name: kind for name, kind in kinds.items() if isinstance(kind, dict)}


def _class_list(kind: object) -> tuple[str, ...] | None:
    """The class names that metadata state for a column, or for the lists in it."""
    if not isinstance(kind, dict):
        return None
    if kind.get("_type") == "ClassLabel" and isinstance(kind.get("names"), list):
        return tuple(map(str, kind["names"]))
    return _class_list(kind.get("feature"))


def _is_image(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        place = kind.get_field_index("bytes")
        return place >= 0 and _is_binary(kind.field(place).type)
    return _is_binary(kind)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _inner(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if _is_list(kind) else kind


def _refuse_null(file: Path, column: pa.Array, rows: np.ndarray, where: str) -> None:
    if column.null_count:
        row = rows[np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0]]
        raise DataError.of(
            "label-missing",
            f"{file}, row {row}: no value {where}",
            "remove such rows, or give them a label",
        )


def _refuse_outside(
    file: Path, values: np.ndarray, rows: np.ndarray, names: tuple[str, ...]
) -> None:
    outside = np.flatnonzero((values < 0) | (values >= len(names)))
    if len(outside):
        first = int(outside[0])
        raise DataError.of(
            "label-out-of-range",
            f"{file}, row {rows[first]}: label {values[first]} of {len(names)} classes",
            f"labels go from 0 to {len(names) - 1}; there are {len(outside)} such rows",
        )


def _schema(file: Path) -> pa.Schema:
    try:
        return pq.read_schema(file)
    except DAMAGE as damage:
        raise _damaged(file, damage) from damage


def _damaged(file: Path, damage: Exception) -> DataError:
    reason = shown(" ".join(str(damage).split()))
    return DataError.of(
        "table-damaged", f"{file} cannot be read: {reason}", "fetch or write the file again"
    )
