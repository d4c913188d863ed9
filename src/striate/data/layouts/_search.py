"""Images and folders on disk: what is taken, what is left out, and how often."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from striate.data.fence import Fence
from striate.data.names import shown
from striate.errors import DataError, listing
from striate.files import natural

SUFFIXES = frozenset(
    f".{kind}"
    for kind in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "gif", "webp"),
        *("bmp", "tif", "tiff", "ppm", "pgm", "pbm", "pnm", "avif", "jp2"),
        "npy",  # arrays of any number of channels
    )
)
# Folders that systems leave behind; none is a class.
LEFT_BEHIND = frozenset(
    ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"]
)
# Reasons why something in a data folder is left out, as notices and findings say them.
OUTSIDE_CLASSES = "images outside class folders"
NO_FILES = "neither files nor folders"
HIDDEN, MADE_BY_SYSTEM = "hidden", "made by a system"
BROKEN_LINKS, CIRCLES, NOT_UTF8 = "broken links", "links in a circle", "names that are not UTF-8"
LINKS_OUT = "links out of the data folder, which --follow-links takes"
NAMED = 3  # names that a notice tells before it counts


class Search:
    """Looks below a folder, and remembers what was left out."""

    def __init__(self, root: Path, *, follow_links: bool) -> None:
        self._start = len(os.path.join(root, ""))  # noqa: PTH118 - where paths below it begin
        self.fence = Fence(root, follows_links=follow_links)
        self.suffixes: Counter[str] = Counter()
        self.left_out: dict[str, list[str]] = {}

    def subfolders(self, folder: Path) -> list[Path]:
        """The folders in a folder, in natural order; images beside them are left out."""
        found = []
        chain = (os.path.realpath(folder),)
        for entry in self._entries(str(folder)):
            if entry.is_dir():
                found += [Path(entry.path)] if self._real(entry, chain) else []
            elif _suffix(entry.name) in SUFFIXES:
                self._leave(OUTSIDE_CLASSES, entry)
        return found

    def images(self, folder: Path) -> Iterator[tuple[str, int]]:
        """Path below the root and bytes of every image below a folder, in natural order."""
        waiting: list[tuple[str, tuple[str, ...]]]
        waiting = [(str(folder), (os.path.realpath(folder),))]
        while waiting:
            where, chain = waiting.pop()
            folders = []
            for entry in self._entries(where):
                if entry.is_dir():
                    folders.append(entry)
                elif (size := self._image_bytes(entry)) is not None:
                    yield self._below(entry), size
            waiting += [
                (entry.path, (*chain, real))
                for entry in reversed(folders)
                if (real := self._real(entry, chain))
            ]

    def links_out(self, folder: Path) -> list[str]:
        """What to do about links below a folder that were left out; nothing where there is none."""
        start = os.path.join(folder, "")[self._start :].replace(os.sep, "/")  # noqa: PTH118
        links = [path for path in self.left_out.get(LINKS_OUT, ()) if path.startswith(start)]
        if not links:
            return []
        return [
            f"of its links {len(links):,} lead out of the data folder; --follow-links takes them"
        ]

    def notices(self) -> list[str]:
        """What was left out, one sentence for each reason."""
        told = []
        for reason, names in self.left_out.items():
            told.append(f"left out, {reason}: {_few(names)}")
        if self.suffixes:
            counts = [f"{count} {shown(name)}" for name, count in self.suffixes.most_common()]
            told.append(f"files left out, not images by their names: {listing(counts, most=6)}")
        return told

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        """What a folder holds, without what nobody means by it."""
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: natural(entry.name))
        except OSError as refusal:
            raise DataError.of(
                "folder-unreadable",
                f"the folder {shown(folder)} cannot be read: {refusal.strerror}",
                "change its rights, or move it out of the data folder",
            ) from refusal
        return [entry for entry in entries if self._is_meant(entry)]

    def _is_meant(self, entry: os.DirEntry[str]) -> bool:
        is_hidden = entry.name.startswith(".")
        is_folder = entry.is_dir(follow_symlinks=False)
        if is_hidden and not is_folder and _suffix(entry.name) not in SUFFIXES:
            return False  # .DS_Store and the like are no news
        if is_hidden or entry.name in LEFT_BEHIND:
            self._leave(HIDDEN if is_hidden else MADE_BY_SYSTEM, entry)
            return False
        if not _is_text(entry.name):
            self._leave(NOT_UTF8, entry)
            return False
        if not entry.is_symlink():
            return True
        if not os.path.exists(entry.path):  # noqa: PTH110
            self._leave(BROKEN_LINKS, entry)
            return False
        if not self.fence.admits(self._below(entry)):
            self._leave(LINKS_OUT, entry)
            return False
        return True

    def _real(self, entry: os.DirEntry[str], chain: tuple[str, ...]) -> str | None:
        """The path of a folder without links; None, and counted, if it holds one on the way to it.

        `chain` are those on the way, the nearest last.
        """
        if not entry.is_symlink():
            return os.path.join(chain[-1], entry.name)  # noqa: PTH118
        real = os.path.realpath(entry.path)
        if any(before == real or before.startswith(real + os.sep) for before in chain):
            self._leave(CIRCLES, entry)
            return None
        return real

    def _image_bytes(self, entry: os.DirEntry[str]) -> int | None:
        """Size of an image file; None, and counted, if it is none."""
        suffix = _suffix(entry.name)
        if suffix not in SUFFIXES:
            self.suffixes[suffix or "no suffix"] += 1
            return None
        if not entry.is_file():
            self._leave(NO_FILES, entry)
            return None
        return entry.stat().st_size

    def _below(self, entry: os.DirEntry[str]) -> str:
        return entry.path[self._start :].replace(os.sep, "/")

    def _leave(self, reason: str, entry: os.DirEntry[str]) -> None:
        self.left_out.setdefault(reason, []).append(self._below(entry))


def containers(root: Path, suffixes: tuple[str, ...], *, depth: int = 3) -> list[Path]:
    """Files of these suffixes in a folder and a few levels below it, in natural order; none hidden.

    Stops at the first level that has some.
    """
    level = [str(root)]
    for _ in range(depth):
        entries = [entry for folder in level for entry in _visible(folder)]
        found = [Path(entry.path) for entry in entries if entry.name.lower().endswith(suffixes)]
        if found:
            return sorted(found, key=lambda path: natural(str(path)))
        level = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    return []


def _visible(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return [entry for entry in found if not entry.name.startswith(".")]
    except OSError:
        return []


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122


def _is_text(name: str) -> bool:
    """Whether the bytes of a name are UTF-8; others reach Python as lone surrogates."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _few(names: list[str]) -> str:
    known = [shown(name) for name in names[:NAMED]]
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(known) + more
