"""Folders of class folders: `photos/cat/1.jpg`, or `photos/train/cat/1.jpg`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from striate.data.manifest import SPLITS, Manifest, Split, manifest_table
from striate.errors import DataError, listing
from striate.files import natural

SUFFIXES = frozenset(
    f".{kind}"
    for kind in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "gif", "webp"),
        *("bmp", "tif", "tiff", "ppm", "pgm", "pbm"),
    )
)
SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


class _Files:
    """Images found so far, and the suffixes of files that were left out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.columns: dict[str, list[object]] = {
            name: [] for name in ("path", "place", "labels", "split", "bytes")
        }
        self.left_out: Counter[str] = Counter()

    def add_class(self, folder: Path, label: int, split: Split) -> None:
        """All images below a class folder."""
        before = len(self.columns["path"])
        for file in _walk(folder):
            if file.suffix.lower() not in SUFFIXES:
                self.left_out[file.suffix.lower() or "no suffix"] += 1
                continue
            values = (file.relative_to(self.root).as_posix(), -1, label, split, file.stat().st_size)
            for name, value in zip(self.columns, values, strict=True):
                self.columns[name].append(value)
        if len(self.columns["path"]) == before:
            raise DataError.of(
                "empty-class",
                f"the class folder {folder} holds no images",
                f"images are files that end in {' '.join(sorted(SUFFIXES))}",
                "remove the folder, or put images into it",
            )


def index_folder(root: Path) -> Manifest:
    """Images in class folders, flat or below folders named like splits.

    Raises:
        DataError: no class folders, fewer than two classes, or a class folder without images.
    """
    folders = [child for child in natural_children(root) if child.is_dir()]
    split_folders = {child: SPLIT_NAMES.get(child.name.lower()) for child in folders}
    has_splits = "train" in split_folders.values() or (
        bool(folders) and all(split_folders.values())
    )
    notices: list[str] = []
    parts: list[tuple[Split, Path]] = [("train", root)]
    if has_splits:
        parts = [(split, child) for child, split in split_folders.items() if split]
        parts.sort(key=lambda part: SPLITS.index(part[0]))
        others = [child.name for child, split in split_folders.items() if not split]
        notices += [f"not used, beside the splits: {listing(others)}"] if others else []
    classes = _class_names(root, [folder for _, folder in parts])
    files = _Files(root)
    for split, folder in parts:
        for child in _class_folders(folder):
            files.add_class(child, classes.index(child.name), split)
    if files.left_out:
        counts = listing([f"{count} {name}" for name, count in files.left_out.most_common()])
        notices.append(f"files left out, not images by their names: {counts}")
    return Manifest(
        root=str(root.resolve()),
        kind="folder",
        classes=classes,
        table=manifest_table(files.columns),
        notices=tuple(notices),
    )


def natural_children(folder: Path) -> list[Path]:
    """What a folder holds, hidden entries left out, in natural order."""
    visible = [child for child in folder.iterdir() if not child.name.startswith(".")]
    return sorted(visible, key=lambda child: natural(child.name))


def _class_folders(folder: Path) -> list[Path]:
    return [child for child in natural_children(folder) if child.is_dir()]


def _class_names(root: Path, parts: list[Path]) -> tuple[str, ...]:
    """Names of all class folders, in natural order."""
    names = {child.name for part in parts for child in _class_folders(part)}
    if not names:
        raise DataError.of(
            "no-classes",
            f"{root} holds no class folders",
            "put the images of each class into a folder of its name: photos/cat/1.jpg",
        )
    return tuple(sorted(names, key=natural))


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder in natural order; no hidden ones, no folders behind links."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural)
        for name in sorted(names, key=natural):
            if not name.startswith("."):
                yield Path(where) / name
