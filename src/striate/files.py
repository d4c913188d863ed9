"""Files that are either the old or the new, never half of one."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Put what `write` makes in place of `path`, in one step that survives a power cut.

    `write` gets the path of a temporary file in the same folder. When it fails, `path` stays
    as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk; without it a power cut may bring back an old file."""
    if os.name != "posix":  # elsewhere folders cannot be opened
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def replace_text(path: Path, text: str) -> None:
    """Put `text` in place of what `path` held, in one step."""
    replace_file(path, lambda temporary: _write(temporary, text))


def replace_json(path: Path, value: Mapping[str, Json]) -> None:
    """Put `value` in place of what `path` held, indented for readers, in one step."""
    replace_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def is_disk_full(problem: OSError) -> bool:
    """Whether writing failed for want of room: of the disk, of a quota, of the largest file."""
    return problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def why_unreadable(problem: OSError | ValueError) -> str:
    """Why a text cannot be read, in a few words."""
    if isinstance(problem, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return "no file has such a name"


def nearest(path: Path) -> Path:
    """The path, or the nearest one above it at which something is."""
    return next(one for one in (path, *path.absolute().parents) if one.exists())


def cache_folder() -> Path:
    """Where things may be kept that can be computed again; need not exist."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "striate"


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Key that sorts `2` before `10` and `img9` before `img10`; ties by the exact name."""
    parts = re.split(r"(\d+)", name)
    key = tuple((0, int(part)) if part.isdecimal() else (1, part.casefold()) for part in parts)
    return (*key, (2, name))


def memory_bytes() -> int:
    """Memory of this machine; 8 GiB where it cannot be asked."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 * 2**30


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
