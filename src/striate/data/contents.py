"""The undecoded bytes of each image of a manifest, wherever they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from striate.data._digits import DIGITS, digit_files
from striate.data._parquet import read_images
from striate.data.decode import UnreadableImageError
from striate.data.manifest import Manifest
from striate.errors import DataError


class Contents(Protocol):
    """Gives the content of the image at a place of the manifest; can be sent to other processes."""

    def __call__(self, place: int, /) -> bytes:
        """The bytes of the file.

        Raises:
            UnreadableImageError: they cannot be had.
        """


def contents(manifest: Manifest) -> Contents:
    """How to get at the images of a manifest.

    Raises:
        DataError: the folder or file that the manifest starts from is gone.
    """
    if manifest.kind == "digits":
        return _Listed(manifest, dict.fromkeys([DIGITS], digit_files()))
    root = Path(manifest.root)
    if not root.exists():
        raise DataError.of(
            "data-moved",
            f"the images are no longer at {root}",
            "put them back, or name the place: striate eval RUN DATA",
        )
    if manifest.kind == "folder":
        return _Files(manifest)
    paths = manifest.table["path"].unique().to_pylist()
    return _Listed(manifest, {path: read_images(root / path) for path in paths})


class _Files:
    """Images that are files of their own."""

    def __init__(self, manifest: Manifest) -> None:
        self.root = Path(manifest.root)
        self.paths = manifest.table["path"].combine_chunks()

    def __call__(self, place: int, /) -> bytes:
        path = str(self.paths[place].as_py())
        return read_file(self.root / path, name=path)


class _Listed:
    """Images that are rows of tables, held in memory as they are encoded."""

    def __init__(
        self, manifest: Manifest, tables: dict[str, Sequence[bytes] | pa.ChunkedArray]
    ) -> None:
        self.manifest = manifest
        self.tables = tables
        self.paths = manifest.table["path"].to_pylist()
        self.rows = manifest.table["place"].to_pylist()

    def __call__(self, place: int, /) -> bytes:
        value = self.tables[self.paths[place]][self.rows[place]]
        content = value if isinstance(value, bytes) else value.as_py()
        if content is None:
            raise UnreadableImageError(self.manifest.name(place), "the table holds no image here")
        return bytes(content)


def read_file(path: Path, *, name: str) -> bytes:
    """The bytes of a file.

    Raises:
        UnreadableImageError: it is missing or may not be read; the message opens with `name`.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as missing:
        raise UnreadableImageError(name, "there is no such file") from missing
    except IsADirectoryError as folder:
        raise UnreadableImageError(name, "a folder, not an image") from folder
    except OSError as damage:
        reason = damage.strerror or type(damage).__name__
        raise UnreadableImageError(name, f"cannot be read ({reason})") from damage
