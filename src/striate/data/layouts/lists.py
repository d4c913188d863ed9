"""Lists of image files with their labels: CSV, TSV, JSON lines, or Parquet without images."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from striate.data.fence import Fence, below
from striate.data.layouts import Reading
from striate.data.layouts._columns import GROUPS, LABELS, PATHS, SPLITS, chosen, named
from striate.data.layouts._rows import Cell, Row, has_rows, rows_of
from striate.data.layouts._search import LINKS_OUT
from striate.data.manifest import Manifest, manifest_table
from striate.data.names import composed, shown, split_named, unusable
from striate.errors import DataError, listing
from striate.files import natural

SEPARATOR = "|"
NAMED = 5  # lines that a message names


def recognises(data: str) -> bool:
    """Whether it is a file of rows without the images themselves."""
    return Path(data).is_file() and has_rows(Path(data))


def index(data: str, how: Reading) -> Manifest:
    """The images that a list names; their labels may be several, separated by `|`.

    Paths start from the folder of the list, or from `how.images`. Files that are not there stay in
    the manifest, to be left out by name and counted like all others that cannot be read.

    Raises:
        DataError: a column is missing, or some line is wrong; names file and line. Or none of the
            files is there.
    """
    file = Path(data)
    root = Path(how.images or file.parent)
    columns, rows = rows_of(file)
    read = _Lines(file, Fence(root, follows_links=how.follow_links), _roles(file, columns, how))
    for row in rows:
        read.add(row)
    read.refuse_mistakes()
    if not read.paths:
        raise DataError.of("no-images", f"{file} lists no images", "it has no rows")
    if len(read.missing) == len(read.paths):
        raise _none_there(file, root, read.missing)
    classes = tuple(sorted({name for names, _, _ in read.said for name in names}, key=natural))
    place = {name: number for number, name in enumerate(classes)}
    columns_ = {
        "path": list(read.paths),
        "place": [-1] * len(read.paths),
        "bytes": list(read.paths.values()),
        "labels": [[place[name] for name in names] for names, _, _ in read.said],
        "split": [split for _, split, _ in read.said],
        "group": [group for _, _, group in read.said],
    }
    return Manifest(
        root=str(root.resolve()),
        kind="lists",
        classes=classes,
        table=manifest_table(columns_),
        notices=tuple(read.notices()),
        follows_links=how.follow_links,
    )


class _Roles:
    """Which column of a list holds what; None where there is no such column."""

    def __init__(self, path: str, label: str, split: str | None, group: str | None) -> None:
        self.path, self.label, self.split, self.group = path, label, split, group


def _roles(file: Path, columns: Sequence[str], how: Reading) -> _Roles:
    path, label = named(columns, PATHS), chosen(columns, how.label, LABELS, str(file))
    if path is None or label is None:
        wanted = "paths" if path is None else "labels"
        known = ", ".join(PATHS if path is None else LABELS)
        raise DataError.of(
            "missing-column",
            f"{file} has no column of {wanted}; its columns are {listing(list(columns))}",
            f"a column of {wanted} is called one of: {known}",
            *(["striate split DATA --label COLUMN -o FILE names another"] if path else []),
            "the first line tells the names of the columns: path,label",
        )
    group = chosen(columns, how.group, GROUPS, str(file))
    return _Roles(path, label, named(columns, SPLITS), group)


class _Lines:
    """What the lines said so far, and which of them were wrong."""

    def __init__(self, file: Path, fence: Fence, roles: _Roles) -> None:
        self.file, self.fence, self.roles = file, fence, roles
        self.unit = "row" if file.suffix.lower() == ".parquet" else "line"
        self.paths: dict[str, int] = {}  # and how many bytes each has
        self.missing: list[str] = []  # those of the paths where there is no file
        self.said: list[tuple[tuple[str, ...], str, str | None]] = []  # labels, split, group
        self._lines: dict[str, tuple[int, int]] = {}  # line of a path, and its place in `said`
        self._mistakes: list[tuple[int, str, str]] = []
        self._left_out: dict[str, list[str]] = {}
        self._labels_of: dict[str, tuple[str, ...]] = {}

    def add(self, row: Row) -> None:
        """Take one line, or remember what is wrong with it."""
        try:
            path = self._path(row)
            said = self._labels(row), self._split(row), self._group(row)
            if self._is_new(path, row.line, said):
                self.paths[path] = self._bytes(path)
                self._lines[path] = (row.line, len(self.said))
                self.said.append(said)
        except _Wrong as wrong:
            self._mistakes.append((row.line, *wrong.told))

    def refuse_mistakes(self) -> None:
        """Stop if some line was wrong; the first are named."""
        if not self._mistakes:
            return
        line, code, text = self._mistakes[0]
        others = [f"{self.unit} {line}: {text}" for line, _, text in self._mistakes[1:NAMED]]
        more = len(self._mistakes) - NAMED
        raise DataError.of(
            code,
            f"{self.file}, {self.unit} {line}: {text}",
            *others,
            *([f"and {more:,} more {self.unit}s"] if more > 0 else []),
            *_ADVICE.get(code, ()),
        )

    def notices(self) -> list[str]:
        """What was left out, and what will be."""
        left_out = {f"left out, {reason}": paths for reason, paths in self._left_out.items()}
        if self.missing:
            left_out[f"listed, but there is no such file, {len(self.missing):,}"] = self.missing
        return [
            f"{reason}: {listing([shown(path) for path in paths], most=3)}"
            for reason, paths in left_out.items()
        ]

    def _is_new(self, path: str, line: int, said: tuple[object, ...]) -> bool:
        """Whether a file is to be taken: it was not named before and is no link elsewhere."""
        if path in self._lines:
            before, place = self._lines[path]
            if said != self.said[place]:
                raise _Wrong(
                    "path-twice",
                    f"{shown(path)} stands in {self.unit} {before} already, with other words",
                )
            self._left_out.setdefault(f"{self.unit}s that come twice", []).append(
                f"{self.unit} {line}"
            )
            return False
        if not self.fence.admits(path):
            self._left_out.setdefault(LINKS_OUT, []).append(path)
            return False
        return True

    def _bytes(self, path: str) -> int:
        """Bytes of a file; -1, and remembered, where there is none."""
        try:
            found = os.stat(os.path.join(self.fence.root, path))  # noqa: PTH116, PTH118
            if stat.S_ISREG(found.st_mode):
                return found.st_size
        except OSError:
            pass
        except ValueError as wrong:
            raise _Wrong("bad-path", f"{shown(path)} is no name that a file can have") from wrong
        self.missing.append(path)
        return -1

    def _path(self, row: Row) -> str:
        """The path below the root; Windows writes it with backslashes."""
        cell = row.cells.get(self.roles.path)
        text = cell.strip() if isinstance(cell, str) else ""
        if not text:
            raise _Wrong("path-missing", "no path")
        if "://" in text:
            raise _Wrong("path-outside", f"{shown(text)} is an address, where a file is expected")
        path = below(text, self.fence.root)
        if path is None:
            path = below(text, os.path.realpath(self.fence.root))
        if path is None:
            raise _Wrong("path-outside", f"{shown(text)} leads out of {self.fence.root}")
        if "\\" in path and not Path(self.fence.root, path).exists():
            return below(path.replace("\\", "/"), self.fence.root) or path
        return path

    def _labels(self, row: Row) -> tuple[str, ...]:
        cell = row.cells.get(self.roles.label)
        if isinstance(cell, list):
            return tuple(dict.fromkeys(_class_name(value) for value in cell))
        text = _text(cell)
        if text not in self._labels_of:
            # A separator alone says that there is no label; nothing at all may be forgotten.
            cells = [] if text == SEPARATOR else text.split(SEPARATOR)
            parts = dict.fromkeys(map(_class_name, cells))
            self._labels_of[text] = tuple(parts)
        return self._labels_of[text]

    def _split(self, row: Row) -> str:
        if self.roles.split is None:
            return "train"
        word = _text(row.cells.get(self.roles.split))
        if split := split_named(word):
            return split
        found = f"the split '{shown(word)}'" if word else "no split"
        raise _Wrong("unknown-split", f"{found}; train, val and test are known")

    def _group(self, row: Row) -> str | None:
        cell = row.cells.get(self.roles.group) if self.roles.group else None
        # Tables write whole numbers as others where some are missing.
        name = f"{cell:g}" if isinstance(cell, float) else _text(cell)
        if name in ("", "nan"):
            return None
        if reason := unusable(name):
            raise _Wrong("bad-group", f"a group with {reason}")
        return name


class _Wrong(Exception):
    """What is wrong with a line: code and text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.told = (code, text)


def _text(cell: Cell) -> str:
    if isinstance(cell, bool | float | dict | list):
        found = shown(str(cell))
        raise _Wrong("bad-label", f"{found} where text or a whole number is expected")
    return "" if cell is None else str(cell).strip()


def _class_name(cell: Cell) -> str:
    name = _text(cell)
    if not name:
        raise _Wrong("label-missing", "an empty label")
    if reason := unusable(name):
        raise _Wrong("bad-label", f"a label with {reason}")
    return composed(name)


def _none_there(file: Path, root: Path, missing: Sequence[str]) -> DataError:
    names = listing([shown(path) for path in missing], most=3)
    return DataError.of(
        "files-missing",
        f"of the files that {file} lists ({len(missing):,}) none is there: {names}",
        f"they were looked for in {shown(str(root.resolve()))}",
        "paths start from the folder of the list; --images names another one",
    )


_ADVICE: Mapping[str, Sequence[str]] = {
    "path-outside": (
        "paths are below the folder of the list, without '..'; --images names another one",
    ),
    "path-twice": ("several labels of an image stand in one line: cat|dog",),
    "label-missing": ("remove such lines, or give them a label; | alone says: no label",),
}
