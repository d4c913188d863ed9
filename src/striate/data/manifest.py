"""All images of a data set: where each is, its labels, its split. Made once, then data."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from striate.data.names import composed, shown
from striate.errors import DataError, did_you_mean, listing
from striate.files import Json, replace_file

VERSION = 2

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

SCHEMA = pa.schema(
    [
        ("path", pa.string()),  # below the root, with `/`
        ("place", pa.int64()),  # row of a table, byte of a shard; -1: the path is the image
        ("bytes", pa.int64()),  # length of the encoded image; -1: not known, or no such file
        ("labels", pa.list_(pa.int32())),  # places in the class list
        ("split", pa.string()),  # one of SPLITS
        ("group", pa.string()),  # what must stay in one split, a patient say; null: nothing
        # Null until the images are scanned.
        ("width", pa.int32()),  # of the upright picture, in pixels
        ("height", pa.int32()),
        ("mode", pa.string()),  # as pillow calls it
        ("bit_depth", pa.int8()),
        ("orientation", pa.int8()),  # EXIF, 1 to 8
        ("content_hash", pa.binary(16)),
        ("perceptual_hash", pa.uint64()),
        ("status", pa.string()),  # "ok", or the code of what is wrong
        ("reason", pa.string()),  # what is wrong, in words
    ]
)
# What makes a data set the same one; the rest is found by looking at its images.
IDENTITY = ("path", "place", "bytes", "labels", "split", "group")


@dataclass(frozen=True, slots=True)
class Manifest:
    """All images of a data set, by reference.

    root: folder (or file) that the paths start from; `digits` for the built-in set.
    kind: name of the layout, a file of `striate.data.layouts`, that knows how to read the images.
    classes: class names; a label is a place in this list.
    table: one row per image, with the columns of `SCHEMA`.
    notices: what was noticed while reading, one sentence each; not stored.
    shards: bytes of each file that holds many images, by path; when one has changed, places in it
        mean nothing.
    split_rule: how the splits were drawn: seed, shares, what was kept together; None if the data
        state them.
    follows_links: whether links may lead out of the root.
    """

    root: str
    kind: str
    classes: tuple[str, ...]
    table: pa.Table
    notices: tuple[str, ...] = field(default=())
    shards: Mapping[str, int] = field(default_factory=dict)
    split_rule: Mapping[str, Json] | None = None
    follows_links: bool = False

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def is_multilabel(self) -> bool:
        """Whether some image has several labels, or none."""
        return not bool((self._label_counts() == 1).all())

    @property
    def labels(self) -> np.ndarray:
        """Label of every image: int32, N.

        Raises:
            DataError: some images have several labels, or none.
        """
        if self.is_multilabel:
            raise self.several_labels()
        return self._all_labels()

    @property
    def label_lists(self) -> list[list[int]]:
        """Labels of every image, in the order in which the data state them."""
        return list(self.table["labels"].to_pylist())

    def label_values(self) -> tuple[np.ndarray, np.ndarray]:
        """The labels of all images one behind the other, int32, and how many each has, N."""
        return self._all_labels(), self._label_counts()

    @property
    def splits(self) -> np.ndarray:
        """Name of the split of every image: N."""
        return _words(self.table["split"])

    @property
    def groups(self) -> np.ndarray:
        """Name of the group of every image, None where it has none: N."""
        return _words(self.table["group"])

    def column(self, name: str) -> np.ndarray:
        """Values of a column of `SCHEMA` that holds one value an image: N.

        Numbers become floats, with NaN, where some are null.
        """
        return np.asarray(self.table[name].to_numpy())

    @property
    def is_on_disk(self) -> bool:
        """Whether the images are files, or in files, below a folder."""
        return Path(self.root).is_absolute()

    def counts(self) -> np.ndarray:
        """Images of each class; one with several labels counts for each."""
        return np.bincount(self._all_labels(), minlength=len(self.classes))

    def only(self, split: Split) -> Manifest:
        """The images of one split, in the same order."""
        chosen = pc.equal(self.table["split"], split)
        return replace(self, table=self.table.filter(chosen).combine_chunks())

    def taken(self, rows: np.ndarray) -> Manifest:
        """The images at these places."""
        return replace(self, table=self.table.take(pa.array(rows, pa.int64())))

    def with_splits(
        self, splits: Sequence[str] | np.ndarray, rule: Mapping[str, Json] | None = None
    ) -> Manifest:
        """The same images, put into these splits; `rule` says how they were drawn."""
        assert set(splits) <= set(SPLITS)
        return replace(self.with_columns(split=splits), split_rule=rule)

    def with_columns(self, **columns: Sequence[object] | np.ndarray | pa.Array) -> Manifest:
        """The same images with these columns of `SCHEMA` replaced; None is null."""
        table = self.table
        for name, values in columns.items():
            place = SCHEMA.get_field_index(name)
            assert place >= 0, name
            table = table.set_column(place, SCHEMA.field(name), _array(name, values, len(self)))
        return replace(self, table=table)

    def name(self, row: int) -> str:
        """What to call an image in a message."""
        return shown(self.full_name(row))

    def full_name(self, row: int) -> str:
        """What to call an image in a list for programs: its path, as it is and however long."""
        path = str(self.table["path"][row].as_py())
        inner = int(self.table["place"][row].as_py())
        if inner < 0:
            return path
        if self.kind != "shards":
            return f"{path}, row {inner}"
        from striate.data.layouts.shards import member_name

        member = member_name(Path(self.root, path), inner)
        return f"{path}, {member or f'byte {inner}'}"

    def fingerprint(self) -> str:
        """Changes when an image, a label, a class or a split does.

        Images are compared by path and length, tables and shards by their length: no file is read.
        """
        head = [self.kind, self.classes, sorted(self.shards.items())]
        digest = hashlib.sha256(json.dumps(head).encode())
        for name in IDENTITY:
            for part in _buffers(self.table[name]):
                digest.update(part)
        return digest.hexdigest()

    def with_classes(
        self,
        classes: Sequence[str],
        *,
        allow_missing: bool = False,
        drop_unknown: bool = False,
        known_by: str = "the model",
    ) -> Manifest:
        """The same images with labels that are places in `classes`, found by name.

        With `drop_unknown`, images of other classes are left out. `known_by`: whose list it is, for
        messages.

        Raises:
            DataError: a class that is not in `classes`, without `drop_unknown`; or one of `classes`
                is not among the data and `allow_missing` is false.
        """
        place = {composed(name): index for index, name in enumerate(classes)}
        named = list(zip(map(composed, self.classes), self.counts().tolist(), strict=True))
        used = {name for name, count in named if count}
        unknown = [name for name in used if name not in place]
        if unknown and drop_unknown:
            return self._without(unknown).with_classes(classes, allow_missing=allow_missing)
        if unknown:
            raise self._unknown(sorted(unknown), classes, known_by)
        missing = [name for name in classes if composed(name) not in used]
        if missing and not allow_missing:
            raise DataError.of(
                "missing-class",
                f"{self.root} has no images of {_classes(missing)}",
                "averages over classes would leave them out",
                "add images of them, or allow it with --allow-missing",
            )
        order = np.asarray([place.get(name, -1) for name, _ in named], np.int32)
        labels = _lists(order[self._all_labels()], self._label_counts())
        return replace(self.with_columns(labels=labels), classes=tuple(classes))

    def several_labels(self) -> DataError:
        """The refusal of a manifest that is multi-label; names the first such image."""
        counts = self._label_counts()
        row = int(np.flatnonzero(counts != 1)[0])
        places = self.table["labels"][row].as_py()
        found = listing([shown(self.classes[place]) for place in places], most=4) or "none"
        return DataError.of(
            "several-labels",
            f"{(counts != 1).sum():,} of {len(self):,} images of {self.root} have several labels "
            f"or none; {self.name(row)} has: {found}",
            "here each image must have one label: give each one, or train a network on such data",
        )

    def save(self, path: Path) -> None:
        """Write as a Parquet file, in one step."""
        rule = None if self.split_rule is None else dict(self.split_rule)
        head: dict[str, Json] = {
            "version": VERSION,
            "root": self.root,
            "beside": _beside(self.root, path) if self.is_on_disk else None,
            "kind": self.kind,
            "classes": list(self.classes),
            "shards": dict(self.shards),
            "split_rule": rule,
            "follows_links": self.follows_links,
        }
        table = self.table.replace_schema_metadata({"striate": json.dumps(head)})
        replace_file(path, lambda temporary: pq.write_table(table, temporary, compression="zstd"))

    def _all_labels(self) -> np.ndarray:
        """The labels of all images, one behind the other: int32."""
        flat = self.table["labels"].combine_chunks().flatten()
        return np.asarray(flat.to_numpy(zero_copy_only=False), dtype=np.int32)

    def _label_counts(self) -> np.ndarray:
        return np.asarray(pc.list_value_length(self.table["labels"]).to_numpy())

    def _without(self, classes: Sequence[str]) -> Manifest:
        """The images that have none of these classes."""
        left_out = np.asarray([composed(name) in classes for name in self.classes])
        rows = np.repeat(np.arange(len(self)), self._label_counts())
        hit = np.zeros(len(self), bool)
        hit[rows[left_out[self._all_labels()]]] = True
        return self.taken(np.flatnonzero(~hit))

    def _unknown(self, unknown: Sequence[str], classes: Sequence[str], by: str) -> DataError:
        return DataError.of(
            "unknown-class",
            f"{self.root} has {_classes(unknown)} that {by} does not know"
            f"{did_you_mean(unknown[0], classes)}",
            f"{by} knows: {listing([shown(name) for name in classes])}",
            "rename the classes, or leave their images out: striate eval --drop-unknown",
        )


def manifest_table(
    columns: Mapping[str, Sequence[object] | np.ndarray | pa.Array | pa.ChunkedArray],
) -> pa.Table:
    """A table with the columns of `SCHEMA`; those not given are null.

    `labels` may hold an integer or a sequence of integers an image.
    """
    rows = len(columns["path"])
    arrays = [_array(name, columns.get(name), rows) for name in SCHEMA.names]
    return pa.table(arrays, schema=SCHEMA)


def _array(
    name: str, values: Sequence[object] | np.ndarray | pa.Array | pa.ChunkedArray | None, rows: int
) -> pa.Array:
    kind = SCHEMA.field(name).type
    if values is None:
        return pa.nulls(rows, kind)
    assert len(values) == rows, f"{name}: {len(values)} values for {rows} images"
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(kind)
    if name == "labels" and rows and isinstance(values[0], int | np.integer):
        return _lists(np.asarray(values, np.int32), np.ones(rows, np.int64))
    return pa.array(values, kind)


def _lists(values: np.ndarray, counts: np.ndarray) -> pa.ListArray:
    """Values cut into lists of these lengths."""
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values, pa.int32()))


def _beside(root: str, file: Path) -> str | None:
    """The way from a manifest's folder to the images; None if there is none, as between drives."""
    try:
        return os.path.relpath(root, file.resolve().parent).replace(os.sep, "/")
    except ValueError:
        return None


def _words(column: pa.ChunkedArray) -> np.ndarray:
    """A column of text as an array of objects, one object for each distinct word."""
    encoded = column.combine_chunks().dictionary_encode("encode")
    words = np.asarray(encoded.dictionary.to_pylist(), dtype=object)
    return words[encoded.indices.to_numpy()] if len(encoded) else np.empty(0, dtype=object)


def _buffers(column: pa.ChunkedArray) -> list[bytes | memoryview]:
    """The values of a column as raw memory, the same however it was cut or filtered."""
    array = column.combine_chunks()
    parts: list[bytes | memoryview] = [array.is_null().to_numpy(zero_copy_only=False).tobytes()]
    if pa.types.is_list(array.type):
        parts.append(pc.list_value_length(array).to_numpy(zero_copy_only=False).tobytes())
        array = array.flatten()
    elif pa.types.is_string(array.type):
        array = pc.fill_null(array, "")
        parts.append(pc.binary_length(array).to_numpy(zero_copy_only=False).tobytes())
        _, offsets, letters = array.buffers()
        ends = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
        return [*parts, memoryview(letters or b"")[ends[0] : ends[-1]] if len(ends) else b""]
    return [*parts, array.to_numpy(zero_copy_only=False).tobytes()]


def _classes(names: Sequence[str]) -> str:
    shown_names = listing([shown(name) for name in names])
    return f"the class{'es' if len(names) > 1 else ''} {shown_names}"
