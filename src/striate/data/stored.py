"""Manifests on disk, read back and verified: a file from elsewhere may say anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from striate.data.manifest import SCHEMA, SPLITS, VERSION, Manifest, manifest_table
from striate.errors import BundleError
from striate.files import Json

HEAD = b"striate"
# What pyarrow raises on damaged files; text that is not UTF-8 is a ValueError.
DAMAGE = (OSError, ValueError, pa.ArrowException)
SAMPLE = 100  # files that must be as they were before a data set is taken for the one that moved
PART = 1 << 20  # bytes of paths that are looked at together
_RESTORE = "restore the file, or name the data themselves: striate eval RUN DATA"

# Version 1 told the size of the file at `path`, which for a table says nothing of the image.
_FIRST_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("row", pa.int64()),
        ("label", pa.int32()),
        ("split", pa.string()),
        ("file_bytes", pa.int64()),
    ]
)


def load_manifest(path: Path) -> Manifest:
    """The manifest that `Manifest.save` wrote; version 1 is read as well.

    Raises:
        BundleError: missing, damaged, of another version, or with paths that leave its root.
    """
    try:
        table = pq.read_table(path)
        table.validate(full=True)  # text that is not UTF-8, say
        head: Mapping[str, Json] = json.loads(table.schema.metadata[HEAD])
        version = head["version"]
    except FileNotFoundError as missing:
        raise BundleError.of("manifest-missing", f"{path} is missing", _RESTORE) from missing
    except (*DAMAGE, KeyError, TypeError) as damage:
        raise _damaged(path, " ".join(str(damage).split())) from damage
    table = table.replace_schema_metadata(None)
    if version == 1 and table.schema.equals(_FIRST_SCHEMA):
        table = _from_first(table)
    elif version != VERSION or not table.schema.equals(SCHEMA):
        raise BundleError.of(
            "manifest-version",
            f"{path} is of version {version!r}; this striate reads versions 1 and {VERSION}",
            "use the striate that wrote it, or name the data: striate eval RUN DATA",
        )
    manifest = _with_head(path, head, table)
    _verify(path, manifest)
    # What reading took beside the table is given back: a third of all, where there are millions.
    pa.default_memory_pool().release_unused()
    return _found_again(path, manifest, head.get("beside"))


def is_manifest(path: Path) -> bool:
    """Whether a Parquet file is a saved manifest; reads its end only."""
    try:
        return HEAD in (pq.read_schema(path).metadata or {})
    except DAMAGE:
        return False


def _with_head(path: Path, head: Mapping[str, Json], table: pa.Table) -> Manifest:
    classes, shards, rule = head.get("classes"), head.get("shards", {}), head.get("split_rule")
    if not isinstance(classes, list) or not isinstance(shards, dict):
        raise _damaged(path, "its head states no classes or no shards")
    if not isinstance(rule, dict | None) or not all(isinstance(n, int) for n in shards.values()):
        raise _damaged(path, "its head states no rule of the splits or no sizes of shards")
    return Manifest(
        root=str(head.get("root")),
        kind=str(head.get("kind")),
        classes=tuple(map(str, classes)),
        table=table,
        shards={name: size for name, size in shards.items() if isinstance(size, int)},
        split_rule=rule,
        follows_links=head.get("follows_links") is True,
    )


def _found_again(path: Path, manifest: Manifest, beside: Json) -> Manifest:
    """The manifest with its images where they are from it as before, if they moved with it."""
    if not isinstance(beside, str) or Path(manifest.root).exists():
        return manifest
    moved = (path.resolve().parent / beside).resolve()
    if not moved.is_dir() or not all(_is_there(moved, *each) for each in _some(manifest)):
        return manifest
    told = f"the images are no longer at {manifest.root}; those at {moved} are read"
    return replace(manifest, root=str(moved), notices=(*manifest.notices, told))


def _some(manifest: Manifest) -> list[tuple[str, int]]:
    """Path and length of some files, by which a data set is known again."""
    if manifest.shards:
        return list(manifest.shards.items())
    places = np.unique(np.linspace(0, len(manifest) - 1, SAMPLE).astype(int))
    some = manifest.taken(places)
    named = zip(some.column("path").tolist(), some.column("bytes").tolist(), strict=True)
    return [(path, size) for path, size in named if size >= 0]  # others were not there before


def _is_there(root: Path, path: str, size: int) -> bool:
    try:
        return (root / path).stat().st_size == size
    except OSError:
        return False


def _verify(path: Path, manifest: Manifest) -> None:
    """Refuse what a damaged or hand-made file may hold."""
    table = manifest.table
    for name in ("path", "place", "bytes", "labels", "split"):
        if table[name].null_count:
            raise _damaged(path, f"nulls in the column {name}")
    labels = table["labels"].combine_chunks().flatten()
    if labels.null_count:
        raise _damaged(path, "nulls among the labels")
    if len(labels):
        values = labels.to_numpy()
        if values.min() < 0 or values.max() >= len(manifest.classes):
            raise _damaged(path, f"labels outside the list of {len(manifest.classes)} classes")
    unknown = sorted(set(table["split"].unique().to_pylist()) - set(SPLITS))
    if unknown:
        raise _damaged(path, f"a split '{unknown[0]}'; known are {', '.join(SPLITS)}")
    outside = _outside(table["path"].combine_chunks())
    if len(outside):
        shown = manifest.name(int(outside[0]))
        raise BundleError.of(
            "path-outside",
            f"{path} names {shown}, which is not below its root",
            "paths of a manifest are relative and hold no '..'; make it again: striate split DATA",
        )


def _outside(paths: pa.StringArray) -> np.ndarray:
    """Places of the paths that are absolute, or hold `..` as a step."""
    if not len(paths):
        return np.empty(0, np.int64)
    # Nearly always none is even suspect, and a million are looked at in a tenth of a second.
    if not _is_suspect(paths):
        return np.empty(0, np.int64)
    leaves = pc.match_substring_regex(paths, r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:")
    return np.flatnonzero(leaves.to_numpy(zero_copy_only=False))


def _is_suspect(paths: pa.StringArray) -> bool:
    """Whether some path could be outside, judged by its letters alone."""
    _, offsets, letters = paths.buffers()
    if letters is None or not letters.size:
        return False
    starts = np.frombuffer(offsets, np.int32)[paths.offset : paths.offset + len(paths)]
    text = memoryview(letters)
    firsts = np.frombuffer(text, np.uint8)[np.minimum(starts, len(text) - 1)]
    if (firsts == ord("/")).any():
        return True
    # In parts, each with the first letter of the next, so that it takes no memory.
    parts = (bytes(text[start : start + PART + 1]) for start in range(0, len(text), PART))
    return any(mark in part for part in parts for mark in (b"..", b"\\", b":"))


def _from_first(table: pa.Table) -> pa.Table:
    is_file = pc.equal(table["row"], -1)
    columns = {"path": table["path"], "place": table["row"], "split": table["split"]}
    columns["bytes"] = pc.if_else(is_file, table["file_bytes"], -1)
    return manifest_table({**columns, "labels": table["label"].to_numpy()})


def _damaged(path: Path, what: str) -> BundleError:
    return BundleError.of("manifest-damaged", f"{path}: {what}", _RESTORE)
