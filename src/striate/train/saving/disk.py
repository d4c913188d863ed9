"""Room on the disk: asked for before a training begins, and told when it has run out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from striate.errors import TrainingError
from striate.files import is_disk_full
from striate.quantities import byte_size

# Everything in a run folder that is not weights: list of images, logs, settings.
SMALL_BYTES = 2**20


@contextmanager
def told_when_full(folder: Path, *, needed_bytes: int = 0) -> Iterator[None]:
    """Say what is missing where writing inside the block fails because the disk is full.

    Raises:
        TrainingError: it is.
    """
    try:
        yield
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise disk_full(folder, needed_bytes) from error


def require_room(folder: Path, needed_bytes: int, *, what: str) -> None:
    """Refuse to begin what will not fit.

    Raises:
        TrainingError: less than that is free.
    """
    free = free_bytes(folder)
    if free is None or free >= needed_bytes:
        return
    raise TrainingError.of(
        "disk-too-small",
        f"{what} needs {byte_size(needed_bytes)} in {folder}, where {byte_size(free)} are free",
        f"free {byte_size(needed_bytes - free)} there, or name a folder on another disk with --out",
    )


def require_free(folder: Path, needed_bytes: int) -> None:
    """Say before writing that it would not fit.

    Raises:
        TrainingError: less than that is free.
    """
    free = free_bytes(folder)
    if free is not None and free < needed_bytes:
        raise disk_full(folder, needed_bytes)


def free_bytes(folder: Path) -> int | None:
    """Bytes that may be written below a folder, which need not exist yet; None if unknown."""
    for place in (folder, *folder.absolute().parents):
        try:
            return shutil.disk_usage(place).free
        except OSError:
            continue
    return None


def disk_full(folder: Path, needed_bytes: int) -> TrainingError:
    """What to say when the disk is full; whatever was saved before is still there."""
    free = free_bytes(folder) or 0
    missing = max(needed_bytes - free, 0)
    room = f"free {missing:,} bytes there" if missing else "make room there"
    wanted = f"{needed_bytes:,} bytes were to be written, {free:,} are free"
    return TrainingError.of(
        "disk-full",
        f"the disk of {folder} is full: {wanted if needed_bytes else f'{free:,} bytes are free'}",
        "all that was saved before is intact",
        f"{room}, then go on with striate fit --resume {_run(folder)}",
    )


def _run(folder: Path) -> Path:
    """The run folder, of one that may be its folder of states."""
    return folder.parent if folder.name == "state" else folder
