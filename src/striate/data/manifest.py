"""All images of a data set: where each is, its class, its split. Made once, then data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from striate.errors import BundleError, DataError, did_you_mean, listing
from striate.files import Json, replace_file

VERSION = 1

Kind = Literal["folder", "parquet", "digits"]
Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

SCHEMA = pa.schema(
    [
        ("path", pa.string()),  # below the root, with `/`
        ("row", pa.int64()),  # inside a table; -1 where the path is the image
        ("label", pa.int32()),  # place in the class list
        ("split", pa.string()),  # one of SPLITS
        ("file_bytes", pa.int64()),  # size of the file at `path`
    ]
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """All images of a data set, by reference.

    root: folder (or file) that the paths start from; `digits` for the built-in set.
    classes: class names; a label is a place in this list.
    table: one row per image, with the columns of `SCHEMA`.
    notices: what was noticed while reading, one sentence each.
    """

    root: str
    kind: Kind
    classes: tuple[str, ...]
    table: pa.Table
    notices: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def labels(self) -> np.ndarray:
        """Label of every image: int32, N."""
        return np.asarray(self.table["label"].to_numpy(), dtype=np.int32)

    @property
    def splits(self) -> np.ndarray:
        """Name of the split of every image: N."""
        return np.asarray(self.table["split"].to_pylist(), dtype=object)

    def counts(self) -> np.ndarray:
        """Images of each class."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def only(self, split: Split) -> Manifest:
        """The images of one split, in the same order."""
        return self.taken(np.flatnonzero(self.splits == split))

    def taken(self, rows: np.ndarray) -> Manifest:
        """The images at these places."""
        return replace(self, table=self.table.take(pa.array(rows, pa.int64())))

    def with_splits(self, splits: Sequence[str]) -> Manifest:
        """The same images, put into these splits."""
        column = SCHEMA.get_field_index("split")
        array = pa.array(list(splits), pa.string())
        return replace(self, table=self.table.set_column(column, SCHEMA.field(column), array))

    def name(self, row: int) -> str:
        """What to call an image in a message."""
        path = str(self.table["path"][row].as_py())
        inner = int(self.table["row"][row].as_py())
        return path if inner < 0 else f"{path}, row {inner}"

    def fingerprint(self) -> str:
        """Changes when an image, a label, a class or a split does (file contents are not read)."""
        digest = hashlib.sha256(json.dumps([self.kind, self.classes]).encode())
        for name in SCHEMA.names:
            digest.update(json.dumps(self.table[name].to_pylist()).encode())
        return digest.hexdigest()

    def with_classes(self, classes: Sequence[str], *, allow_missing: bool = False) -> Manifest:
        """The same images with labels that are places in `classes`, found by name.

        Raises:
            DataError: a class that is not in `classes`; or one of `classes` is not among the data
                and `allow_missing` is false.
        """
        place = {name: index for index, name in enumerate(classes)}
        used = [name for name, count in zip(self.classes, self.counts(), strict=True) if count]
        unknown = [name for name in used if name not in place]
        if unknown:
            raise DataError.of(
                "unknown-class",
                f"{self.root} has {_classes(unknown)} that the model does not know"
                f"{did_you_mean(unknown[0], classes)}",
                f"the model knows: {listing(list(classes))}",
                "rename the class folders, or leave those images out",
            )
        missing = [name for name in classes if name not in used]
        if missing and not allow_missing:
            raise DataError.of(
                "missing-class",
                f"{self.root} has no images of {_classes(missing)}",
                "averages over classes would leave them out",
                "add images of them, or allow it with --allow-missing",
            )
        order = np.asarray([place.get(name, -1) for name in self.classes], np.int32)
        column = SCHEMA.get_field_index("label")
        array = pa.array(order[self.labels], pa.int32())
        table = self.table.set_column(column, SCHEMA.field(column), array)
        return replace(self, classes=tuple(classes), table=table)

    def save(self, path: Path) -> None:
        """Write as a Parquet file, in one step."""
        head: dict[str, Json] = {
            "version": VERSION,
            "root": self.root,
            "kind": self.kind,
            "classes": list(self.classes),
        }
        table = self.table.replace_schema_metadata({"striate": json.dumps(head)})
        replace_file(path, lambda temporary: pq.write_table(table, temporary))


def load_manifest(path: Path) -> Manifest:
    """The manifest that `Manifest.save` wrote.

    Raises:
        BundleError: missing, damaged or of another version.
    """
    try:
        table = pq.read_table(path)
        head: Mapping[str, Json] = json.loads(table.schema.metadata[b"striate"])
        version = head["version"]
    except FileNotFoundError as missing:
        raise BundleError.of("manifest-missing", f"{path} is missing", _RESTORE) from missing
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as damage:
        raise BundleError.of("manifest-damaged", f"{path}: {damage}", _RESTORE) from damage
    if version != VERSION or not table.schema.equals(SCHEMA):
        raise BundleError.of(
            "manifest-version",
            f"{path} is of version {version!r}; this striate reads version {VERSION}",
            "use the striate that wrote it, or name the data: striate eval RUN DATA",
        )
    classes = head["classes"]
    assert isinstance(classes, list)
    return Manifest(
        root=str(head["root"]),
        kind=str(head["kind"]),  # type: ignore[arg-type]
        classes=tuple(map(str, classes)),
        table=table.replace_schema_metadata(None),
    )


_RESTORE = "restore the run folder, or name the data: striate eval RUN DATA"


def manifest_table(columns: Mapping[str, Sequence[object]]) -> pa.Table:
    """A table with the columns of `SCHEMA`, all given in `columns`."""
    return pa.table(
        [pa.array(list(columns[name]), SCHEMA.field(name).type) for name in SCHEMA.names],
        schema=SCHEMA,
    )


def _classes(names: Sequence[str]) -> str:
    return f"the class{'es' if len(names) > 1 else ''} {listing(list(names))}"
