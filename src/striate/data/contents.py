"""The undecoded bytes of each image of a manifest, wherever they are."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol

from striate.data import layouts
from striate.data.fence import Fence
from striate.data.manifest import Manifest
from striate.data.names import shown
from striate.data.unreadable import UnreadableImageError, check_bytes
from striate.discovery import load_all
from striate.errors import DataError


class Contents(Protocol):
    """Gives the content of the image at a place of the manifest, to any thread.

    Can be sent to other processes, which then open the files themselves.
    """

    def __call__(self, place: int, /) -> bytes:
        """The bytes of the file.

        Raises:
            UnreadableImageError: they cannot be had.
        """


def contents(manifest: Manifest) -> Contents:
    """How to get at the images of a manifest.

    Raises:
        DataError: the folder or file that the manifest starts from is gone, or a file that holds
            many images is not the one that was indexed.
    """
    known = {module.__name__.rpartition(".")[2]: module for module in load_all(layouts)}
    if manifest.kind not in known:
        raise DataError.of(
            "unknown-layout",
            f"the manifest says that its images are in the layout '{manifest.kind}', which this "
            "striate does not have",
            "use the striate that wrote it, or index the data again",
        )
    if manifest.kind != "digits":
        _refuse_moved(manifest)
    reader = getattr(known[manifest.kind], "read", Files)
    found: Contents = reader(manifest)
    return found


class Files:
    """Images that are files of their own."""

    def __init__(self, manifest: Manifest) -> None:
        self.root = Path(manifest.root)
        self.paths = manifest.table["path"].combine_chunks()
        self.fence = Fence(self.root, follows_links=manifest.follows_links)

    def __call__(self, place: int, /) -> bytes:
        path = str(self.paths[place].as_py())
        if not self.fence.admits(path):
            raise UnreadableImageError(shown(path), "a link that leads out of the data folder")
        return read_file(self.root / path, name=shown(path))


def read_file(path: Path, *, name: str) -> bytes:
    """The bytes of a file.

    Raises:
        UnreadableImageError: it is missing, endless or may not be read; the message opens with
            `name`.
    """
    try:
        # Without waiting: what is a pipe by now would be waited for for ever.
        with open(path, "rb", opener=_unwaiting) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UnreadableImageError(name, "neither a file nor a folder")
            check_bytes(name, found.st_size)
            return file.read()
    except FileNotFoundError as missing:
        raise UnreadableImageError(name, "there is no such file", "missing") from missing
    except IsADirectoryError as folder:
        raise UnreadableImageError(name, "a folder, not an image") from folder
    except OSError as damage:
        reason = damage.strerror or type(damage).__name__
        raise UnreadableImageError(name, f"cannot be read ({reason})") from damage


def _unwaiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _refuse_moved(manifest: Manifest) -> None:
    root = Path(manifest.root)
    if not root.exists():
        raise DataError.of(
            "data-moved",
            f"the images are no longer at {root}",
            "put them back, or name the place: striate eval RUN DATA",
        )
    for path in manifest.table["path"].unique().to_pylist() if manifest.shards else []:
        file = root / path
        size = file.stat().st_size if file.is_file() else None
        if size != manifest.shards.get(path, size) or size is None:
            found = "is gone" if size is None else f"has {size:,} bytes"
            raise DataError.of(
                "shard-changed",
                f"{file} {found}; the manifest was made when it had {manifest.shards[path]:,}",
                "put the file back, or index the data again: striate split DATA",
            )
