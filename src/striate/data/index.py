"""Whatever holds images, to one manifest, by the layout that recognises it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack, cast

import numpy as np

from striate.data import layouts
from striate.data.layouts import Layout, Reading, Wishes
from striate.data.manifest import Manifest
from striate.data.names import composed, shown, unusable
from striate.discovery import load_all
from striate.errors import DataError, did_you_mean, listing

DIGITS = "digits"
_WANTED = (
    "DATA is a folder of class folders (photos/cat/1.jpg), a list (.csv, .tsv, .jsonl with "
    "path,label), Parquet, WebDataset .tar, hf:owner/dataset, a manifest, or the word digits"
)


def index(
    data: str | Path, *, classes: str | Path | None = None, **wishes: Unpack[Wishes]
) -> Manifest:
    """The images that `data` holds, with class names and the splits that it states.

    data: a folder of class folders (flat, or below train, val and test); a list of files with
    labels (.csv, .tsv, .jsonl); a Parquet file or a folder of them; WebDataset shards (.tar);
    `hf:owner/dataset`; a saved manifest; or the word `digits`. Images whose split is not stated are
    in `train`. A class list is sorted naturally (`2` before `10`) unless the data state it.
    classes: a text file with one class name a line, which fixes the list and its order.
    wishes: see `striate.data.layouts.Reading`.

    Raises:
        DataError: nothing there, an empty class folder, no images, or no labels.
    """
    found = _layout(str(data)).index(str(data), Reading(**wishes))
    if classes is not None:
        found = _with_class_file(found, Path(classes))
    return replace(found, notices=(*found.notices, *_untrained(found)))


def _untrained(manifest: Manifest) -> list[str]:
    """A notice where other splits hold classes of which there is nothing to train on."""
    trained = manifest.only("train").counts()
    lacking = np.flatnonzero((trained == 0) & (manifest.counts() > 0))
    if not trained.any() or not len(lacking):
        return []
    names = listing([shown(manifest.classes[place]) for place in lacking], most=3)
    return [f"classes without training images: {names}"]


def _layout(data: str) -> Layout:
    """The layout of `data`.

    Raises:
        DataError: there is none, or several.
    """
    if not data:
        raise DataError.of("data-not-found", "the name of the data is empty", _WANTED)
    known = [cast(Layout, module) for module in load_all(layouts)]
    fitting = [layout for layout in known if layout.recognises(data)]
    if len(fitting) > 1:
        fitting = [layout for layout in fitting if not getattr(layout, "FALLBACK", False)]
    if len(fitting) > 1:
        names = [str(getattr(layout, "__doc__", "")).split(":")[0] for layout in fitting]
        raise DataError.of(
            "several-layouts",
            f"{shown(data)} can be read in several ways: {'; '.join(names)}",
            "name the file or folder in it that is meant",
        )
    if not fitting:
        raise _unknown(Path(data))
    return fitting[0]


def _unknown(path: Path) -> DataError:
    if path.exists():
        return DataError.of("not-a-data-set", f"{shown(str(path))} is of no known layout", _WANTED)
    near: list[str] = []
    if path.parent.is_dir():
        near = [child.name for child in path.parent.iterdir() if not child.name.startswith(".")]
    return DataError.of(
        "data-not-found",
        f"there is no folder or file {shown(str(path))}{did_you_mean(path.name, [*near, DIGITS])}",
        _WANTED,
    )


def _with_class_file(manifest: Manifest, file: Path) -> Manifest:
    """The manifest with the classes of a text file.

    Where it names none of the classes and all of these are whole numbers, they are places in it.
    """
    names = _class_file(file)
    numbers = manifest.classes
    if all(name.isdecimal() for name in numbers) and not set(numbers) & set(names):
        beyond = [name for name in numbers if int(name) >= len(names)]
        if beyond:
            raise DataError.of(
                "label-out-of-range",
                f"label {beyond[-1]}, but {file} names {len(names)} classes",
                "labels that are whole numbers are places in the list, from 0",
            )
        manifest = replace(manifest, classes=tuple(names[int(name)] for name in numbers))
    return manifest.with_classes(names, allow_missing=True, known_by=file.name)


def _class_file(file: Path) -> Sequence[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as damage:
        reason = getattr(damage, "strerror", None) or "not UTF-8"
        raise DataError.of(
            "bad-class-file", f"{file}: {reason}", "a text file with one class name a line"
        ) from damage
    names = [composed(line.strip()) for line in lines]
    while names and not names[-1]:
        names.pop()
    for number, name in enumerate(names):
        reason = unusable(name) or ("a name that was there before" * (name in names[:number]))
        if reason:
            raise DataError.of(
                "bad-class-file", f"{file}, line {number + 1}: {reason}", "one class name a line"
            )
    if len(names) < 1:
        raise DataError.of("bad-class-file", f"{file} is empty", listing(["one class name a line"]))
    return names
