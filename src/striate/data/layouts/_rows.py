"""Rows of a list with their line numbers: CSV, TSV, JSON lines, Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from striate.data.layouts._columns import LABELS, PATHS, named
from striate.data.names import shown
from striate.data.stored import DAMAGE
from striate.errors import DataError
from striate.files import Json

SEPARATED = (".csv", ".tsv")
LINES = (".jsonl", ".ndjson")

Cell: TypeAlias = Json
T = TypeVar("T")


class Row(NamedTuple):
    """A row of a list: the line where it starts (a row's number in Parquet), its cells by name."""

    line: int
    cells: Mapping[str, Cell]


def has_rows(file: Path) -> bool:
    """Whether a file is a list, by its name and, for Parquet, by its columns."""
    suffix = file.suffix.lower()
    if suffix != ".parquet":
        return suffix in SEPARATED + LINES
    try:
        schema = pq.read_schema(file)
    except DAMAGE:
        return False
    path = named(schema.names, PATHS)
    return (
        path is not None
        and named(schema.names, LABELS) is not None
        and _is_text(schema.field(path).type)
        and not any(_holds_bytes(field.type) for field in schema)
        and b"striate" not in (schema.metadata or {})
    )


def rows_of(file: Path) -> tuple[Sequence[str], Iterator[Row]]:
    """Names of the columns, and the rows one after the other.

    Raises:
        DataError: the file cannot be read, at once or at one of the rows.
    """
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        return _table_rows(file)
    rows = _separated(file) if suffix in SEPARATED else _objects(file)
    head = next(rows, None)
    if head is None:
        raise DataError.of("no-images", f"{file} lists no images", "the file is empty")
    return list(head.cells), rows


def _separated(file: Path) -> Iterator[Row]:
    """The names of the columns (as a row), then the rows of a CSV or TSV file."""
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        first = _reading(file, 1, text.readline)
        delimiter = max(("\t,;" if file.suffix.lower() == ".tsv" else ",;\t"), key=first.count)
        text.seek(0)
        reader = csv.reader(text, delimiter=delimiter)
        names: list[str] = []
        while True:
            line = reader.line_num + 1
            cells = _reading(file, line, partial(next, reader, None))
            if cells is None:
                return
            _refuse_bytes(file, line, cells)
            if not any(map(str.strip, cells)):
                continue
            if not names:
                names = _column_names(file, line, cells)
                yield Row(line, dict.fromkeys(names))
                continue
            if len(cells) > len(names):
                raise _damaged(file, line, f"{len(cells)} cells under {len(names)} names")
            yield Row(line, dict(zip(names, cells, strict=False)))


def _column_names(file: Path, line: int, cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if twice := next((name for name in names if name and names.count(name) > 1), None):
        raise _damaged(file, line, f"two columns are called {shown(twice)}")
    return names


def _objects(file: Path) -> Iterator[Row]:
    """The keys of the first object (as a row), then all objects of a file of JSON lines."""
    with file.open(encoding="utf-8-sig", errors="surrogateescape") as text:
        is_first = True
        line = 0
        while True:
            line += 1
            content = _reading(file, line, text.readline)
            if not content:
                return
            _refuse_bytes(file, line, [content])
            if not content.strip():
                continue
            cells = _reading(file, line, partial(json.loads, content))
            if not isinstance(cells, dict):
                raise _damaged(file, line, f"an object is expected: {_EXAMPLE}")
            if is_first:
                yield Row(line, cells)
                is_first = False
            yield Row(line, cells)


_EXAMPLE = '{"path": "cat/1.jpg", "label": "cat"}'


def _table_rows(file: Path) -> tuple[Sequence[str], Iterator[Row]]:
    schema = pq.read_schema(file)

    def rows() -> Iterator[Row]:
        number = 0
        try:
            for batch in pq.ParquetFile(file).iter_batches():
                for cells in batch.to_pylist():
                    yield Row(number, cells)
                    number += 1
        except DAMAGE as damage:
            raise _damaged(file, number, shown(" ".join(str(damage).split()))) from damage

    return schema.names, rows()


def _reading(file: Path, line: int, read: Callable[[], T]) -> T:
    """What `read` gives; its complaints with file and line."""
    try:
        return read()
    except (csv.Error, ValueError, RecursionError) as damage:
        raise _damaged(file, line, shown(" ".join(str(damage).split()))) from damage


def _refuse_bytes(file: Path, line: int, cells: Sequence[str]) -> None:
    """Refuse what is not UTF-8, which was read as lone surrogates so that its line is known."""
    try:
        for cell in cells:
            cell.encode()
    except UnicodeEncodeError as damage:
        raise _damaged(file, line, "text that is not UTF-8") from damage


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _holds_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(_holds_bytes(kind.field(place).type) for place in range(kind.num_fields))
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _damaged(file: Path, line: int, what: str) -> DataError:
    return DataError.of(
        "list-damaged", f"{file}, line {line}: {what}", "mend the line, or write the file again"
    )
