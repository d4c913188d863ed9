"""Parquet tables in the Hugging Face layout: a column of images and a column of labels."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from striate.data._folders import SPLIT_NAMES
from striate.data.manifest import Manifest, Split, manifest_table
from striate.errors import DataError, listing
from striate.files import natural

LABEL_NAMES = ("label", "labels", "fine_label", "class", "target", "y")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table keeps what: the image column, the label column, the class names if stated."""

    image: str
    label: str
    names: tuple[str, ...] | None


def index_parquet(root: Path, files: Sequence[Path]) -> Manifest:
    """Images in one or several Parquet files; a file's split is read from its name or folder.

    Raises:
        DataError: a file is damaged, has no image or label column, or the files disagree.
    """
    base = root if root.is_dir() else root.parent
    found = [(file, _columns(file), _labels(file)) for file in files]
    classes = _class_names(root, [(columns, labels) for _, columns, labels in found])
    place = {name: index for index, name in enumerate(classes)}
    values: dict[str, list[object]] = {
        name: [] for name in ("path", "place", "labels", "split", "bytes")
    }
    for file, columns, labels in found:
        names = _as_names(file, columns, labels)
        values["path"] += [file.relative_to(base).as_posix()] * len(names)
        values["place"] += range(len(names))
        values["labels"] += [place[name] for name in names]
        values["split"] += [_split(file.relative_to(base))] * len(names)
        values["bytes"] += [-1] * len(names)
    table = manifest_table(values)
    if not table.num_rows:
        raise DataError.of("no-images", f"{root} holds no images", "the tables have no rows")
    shards = {file.relative_to(base).as_posix(): file.stat().st_size for file in files}
    return Manifest(str(base.resolve()), "parquet", classes, table, shards=shards)


def read_images(file: Path) -> pa.ChunkedArray:
    """The encoded images of a table, in its order, as a column of binary values.

    Raises:
        DataError: the file is gone or damaged.
    """
    columns = _columns(file)
    column = _read(file, [columns.image])[columns.image]
    if pa.types.is_struct(column.type):
        chunks = [chunk.field("bytes") for chunk in column.chunks]
        return pa.chunked_array(chunks, type=column.type.field("bytes").type)
    return column


def _columns(file: Path) -> Columns:
    schema = _schema(file)
    features = _features(schema)
    images = [field.name for field in schema if _is_image(field.type)]
    stated = [name for name, kind in features.items() if kind.get("_type") == "ClassLabel"]
    labels = [name for name in [*stated, *LABEL_NAMES] if name in schema.names] or [
        field.name
        for field in schema
        if pa.types.is_integer(field.type) or pa.types.is_string(field.type)
    ]
    for wanted, candidates in (("images", images), ("labels", labels)):
        if not candidates:
            shown = listing([f"{field.name}: {field.type}" for field in schema])
            raise DataError.of(
                "missing-column",
                f"{file} has no column of {wanted}; its columns are {shown}",
                "images: struct<bytes: binary, path: string> or binary; labels: integer or string",
            )
    is_number = pa.types.is_integer(schema.field(labels[0]).type)
    names = features.get(labels[0], {}).get("names") if is_number else None
    return Columns(images[0], labels[0], tuple(map(str, names)) if names else None)


def _features(schema: pa.Schema) -> dict[str, dict[str, list[str] | str]]:
    """What the Hugging Face metadata say about each column; empty where there are none."""
    try:
        text = (schema.metadata or {}).get(b"huggingface", b"{}")
        features = json.loads(text)["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    if not isinstance(features, dict):
        return {}
    return {name: kind for name, kind in features.items() if isinstance(kind, dict)}


def _is_image(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        place = kind.get_field_index("bytes")
        return place >= 0 and _is_binary(kind.field(place).type)
    return _is_binary(kind)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _labels(file: Path) -> pa.ChunkedArray:
    name = _columns(file).label
    column = _read(file, [name])[name]
    if column.null_count:
        row = column.is_null().to_pylist().index(True)
        raise DataError.of(
            "label-missing",
            f"{file}, row {row}: no value in the label column '{name}'",
            "remove such rows, or give them a label",
        )
    return column


def _class_names(root: Path, tables: Sequence[tuple[Columns, pa.ChunkedArray]]) -> tuple[str, ...]:
    """The class list that the tables state, or their distinct labels in natural order."""
    stated = {columns.names for columns, _ in tables}
    if len(stated) > 1:
        raise DataError.of(
            "classes-differ",
            f"the tables of {root} state different class lists",
            *(
                f"one states: {listing(list(names or ['nothing']))}"
                for names in sorted(stated, key=str)[:3]
            ),
        )
    names = stated.pop()
    if names:
        return names
    distinct = {str(value) for _, labels in tables for value in labels.unique().to_pylist()}
    return tuple(sorted(distinct, key=natural))


def _as_names(file: Path, columns: Columns, labels: pa.ChunkedArray) -> list[str]:
    """The class name of every row."""
    if columns.names is None:
        return list(map(str, labels.to_pylist()))
    values = labels.to_numpy()
    outside = np.flatnonzero((values < 0) | (values >= len(columns.names)))
    if len(outside):
        row = int(outside[0])
        raise DataError.of(
            "label-out-of-range",
            f"{file}, row {row}: label {values[row]} of {len(columns.names)} classes",
            f"labels go from 0 to {len(columns.names) - 1}; there are {len(outside)} such rows",
        )
    return [columns.names[value] for value in values]


def _split(path: Path) -> Split:
    """`train-00000-of-00002.parquet` or `train/0000.parquet` is training; unknown words too."""
    words = [path.stem, *(part for part in reversed(path.parts[:-1]))]
    for word in words:
        split = SPLIT_NAMES.get(re.split(r"[-_.]", word.lower())[0])
        if split:
            return split
    return "train"


def _schema(file: Path) -> pa.Schema:
    try:
        return pq.read_schema(file)
    except (OSError, pa.ArrowException) as damage:
        raise _damaged(file, damage) from damage


def _read(file: Path, columns: list[str]) -> pa.Table:
    try:
        return pq.read_table(file, columns=columns)
    except (OSError, pa.ArrowException) as damage:
        raise _damaged(file, damage) from damage


def _damaged(file: Path, damage: Exception) -> DataError:
    reason = " ".join(str(damage).split())
    return DataError.of(
        "table-damaged", f"{file} cannot be read: {reason}", "fetch or write the file again"
    )
