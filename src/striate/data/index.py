"""Whatever holds images, to one manifest: class folders, Parquet tables, built-in digits."""

from __future__ import annotations

from pathlib import Path

from striate.data._digits import DIGITS, index_digits
from striate.data._folders import index_folder, natural_children
from striate.data._parquet import index_parquet
from striate.data.manifest import Manifest
from striate.errors import DataError, did_you_mean


def index(data: str | Path) -> Manifest:
    """The images that `data` holds, with class names and the splits that it states.

    A folder of class folders (flat, or below train, val and test), a Parquet file, a folder of
    Parquet files, or the word `digits`. Images whose split is not stated are in `train`. A class
    list is sorted naturally (`2` before `10`) unless the data state it.

    Raises:
        DataError: nothing there, an empty class folder, no images, or no labels.
    """
    if str(data) == DIGITS:
        return index_digits()
    path = Path(data)
    if not path.exists():
        raise _not_found(path)
    if path.is_file():
        if path.suffix.lower() != ".parquet":
            raise DataError.of(
                "not-a-data-set",
                f"{path} is a file; a folder of class folders or a Parquet file is expected",
                "put the images of each class into a folder of its name: photos/cat/1.jpg",
            )
        return index_parquet(path, [path])
    tables = sorted(
        file for file in path.rglob("*.parquet") if not _is_hidden(file.relative_to(path))
    )
    return index_parquet(path, tables) if tables else index_folder(path)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _not_found(path: Path) -> Exception:
    parent = path.parent
    near = [child.name for child in natural_children(parent)] if parent.is_dir() else []
    return DataError.of(
        "data-not-found",
        f"there is no folder or file {path}{did_you_mean(path.name, [*near, DIGITS])}",
        "DATA is a folder of class folders, a Parquet file or folder, or the word digits",
    )
