"""Parquet tables in the Hugging Face layout: a column of images and a column of labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from striate.data.fence import Fence
from striate.data.layouts import Reading
from striate.data.layouts._columns import refuse_links
from striate.data.layouts._search import containers
from striate.data.layouts._tables import (
    Labels,
    Roles,
    Tables,
    labels_of,
    read_column,
    roles_of,
)
from striate.data.manifest import Manifest, manifest_table
from striate.data.names import composed, shown, split_named, split_of_file, unusable
from striate.data.stored import is_manifest
from striate.errors import DataError, listing
from striate.files import natural

SUFFIX = (".parquet",)


def recognises(data: str) -> bool:
    """Whether it is a Parquet file, or a folder of them; saved manifests and lists do not count."""
    from striate.data.layouts import lists

    path = Path(data)
    if path.is_file():
        is_table = path.name.lower().endswith(SUFFIX)
        return is_table and not is_manifest(path) and not lists.recognises(data)
    return path.is_dir() and bool(_tables(path))


def index(data: str, how: Reading) -> Manifest:
    """Images in one or several tables; the split is a column, or the name of a file or folder.

    Raises:
        DataError: a file is damaged, has no image or label column, or the files disagree.
    """
    root = Path(data)
    if root.is_file():
        refuse_links(how, data, "a single file")
    base = root if root.is_dir() else root.parent
    fence = Fence(base, follows_links=how.follow_links or root.is_file())
    files = [root] if root.is_file() else _tables(root)
    inside = [file for file in files if fence.admits(file.relative_to(base).as_posix())]
    if not inside:
        raise DataError.of(
            "links-outside",
            f"all tables of {shown(data)} are links out of it",
            "name the folder where they lie, or allow it with --follow-links",
        )
    roles = [roles_of(file, how) for file in inside]
    found = [labels_of(file, role) for file, role in zip(inside, roles, strict=True)]
    classes = _class_names(data, found)
    parts = [
        _columns(file, file.relative_to(base).as_posix(), role, labels, classes)
        for file, role, labels in zip(inside, roles, found, strict=True)
    ]
    table = pa.concat_tables(parts).combine_chunks()
    if not table.num_rows:
        raise DataError.of("no-images", f"{shown(data)} holds no images", "the tables have no rows")
    outside = len(files) - len(inside)
    return Manifest(
        root=str(base.resolve()),
        kind="parquet",
        classes=classes,
        table=table,
        notices=(f"left out, tables that are links out of the folder: {outside}",) * bool(outside),
        shards={file.relative_to(base).as_posix(): file.stat().st_size for file in inside},
        follows_links=how.follow_links or root.is_symlink(),
    )


read = Tables


def _tables(folder: Path) -> list[Path]:
    return [file for file in containers(folder, SUFFIX) if not is_manifest(file)]


def _class_names(data: str, tables: list[Labels]) -> tuple[str, ...]:
    """The class list that the tables state, or their distinct labels in natural order."""
    stated = {labels.stated for labels in tables}
    if len(stated) > 1:
        raise DataError.of(
            "classes-differ",
            f"the tables of {shown(data)} state different class lists",
            *(
                f"one states: {listing(list(map(shown, names or ['nothing'])))}"
                for names in sorted(stated, key=str)[:3]
            ),
        )
    names = stated.pop() or sorted({name for each in tables for name in each.names}, key=natural)
    for number, name in enumerate(names):
        if reason := unusable(name) or (name in names[:number] and f"the name of another: {name}"):
            raise DataError.of(
                "bad-label",
                f"the tables of {shown(data)} have a class with {reason}",
                "write the tables again with names that tell the classes apart",
            )
    return tuple(map(composed, names))


def _columns(
    file: Path, path: str, roles: Roles, labels: Labels, classes: tuple[str, ...]
) -> pa.Table:
    """The rows of one file as rows of a manifest."""
    rows = len(labels.counts)
    place = {name: number for number, name in enumerate(classes)}
    order = np.asarray([place[composed(name)] for name in labels.names], np.int32)
    ends = np.concatenate(([0], np.cumsum(labels.counts))).astype(np.int32)
    values = pa.array(order[labels.values], pa.int32())
    group = None
    if roles.group is not None:
        group = read_column(file, roles.group).cast(pa.string()).combine_chunks()
    return manifest_table(
        {
            "path": pa.array([path]).take(pa.array(np.zeros(rows, np.int64))),
            "place": np.arange(rows),
            "bytes": np.full(rows, -1),
            "labels": pa.ListArray.from_arrays(pa.array(ends), values),
            "split": _splits(file, path, roles, rows),
            **({} if group is None else {"group": group}),
        }
    )


def _splits(file: Path, path: str, roles: Roles, rows: int) -> pa.Array:
    """The split of every row: by a column of them, else by the name of the file."""
    if roles.split is None:
        return pa.array([split_of_file(path)]).take(pa.array(np.zeros(rows, np.int64)))
    column = read_column(file, roles.split).cast(pa.string())
    encoded = column.combine_chunks().dictionary_encode("encode")
    words = encoded.dictionary.to_pylist()
    splits = [split_named(str(word)) for word in words]
    if None in splits:
        wrong = splits.index(None)
        row = int(np.flatnonzero(encoded.indices.to_numpy() == wrong)[0])
        raise DataError.of(
            "unknown-split",
            f"{file}, row {row}: the split '{words[wrong]}' in the column '{roles.split}'",
            "train, val and test are known",
        )
    return pc.take(pa.array(splits, pa.string()), encoded.indices)
