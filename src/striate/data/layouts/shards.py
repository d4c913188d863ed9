"""WebDataset shards: tar files with `000.jpg` beside `000.cls`, `000.json` or `000.txt`.

Images are read where they lie in the shard; nothing is unpacked.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from striate.data.fence import Fence, below
from striate.data.layouts import Reading
from striate.data.layouts._columns import LABELS, refuse_columns, refuse_links
from striate.data.layouts._search import LINKS_OUT, SUFFIXES, containers
from striate.data.manifest import Manifest, manifest_table
from striate.data.names import composed, shown, split_of_file, unusable
from striate.data.unreadable import UnreadableImageError, check_bytes
from striate.errors import DataError, listing
from striate.files import Json, natural

TARS = (".tar",)
COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
# What states the label of a sample, the first that is there.
STATEMENTS = ("cls", "json", "txt")
KEYS = (*LABELS, "cls")
HEAD = tarfile.BLOCKSIZE  # bytes before the content of a member that tell its size and name
LONGEST_STATEMENT = 1 << 20  # bytes


def recognises(data: str) -> bool:
    """Whether it is a tar file, compressed or not, or a folder of them."""
    path = Path(data)
    if path.is_file():
        return path.name.lower().endswith(TARS + COMPRESSED)
    return path.is_dir() and bool(containers(path, TARS + COMPRESSED))


def index(data: str, how: Reading) -> Manifest:
    """The images in one or several shards; a shard's split is read from its name or folder.

    Raises:
        DataError: a shard is damaged or compressed, a member leads out of it or is no file, or a
            sample has no label.
    """
    root = Path(data)
    refuse_columns(how, "shards")
    if root.is_file():
        refuse_links(how, data, "a single file")
    files = [root] if root.is_file() else containers(root, TARS + COMPRESSED)
    base = root.parent if root.is_file() else root
    fence = Fence(base, follows_links=how.follow_links or root.is_file())
    inside = {path: file for file in files if fence.admits(path := _below(base, file))}
    if not inside:
        raise DataError.of(
            "links-outside",
            f"all shards of {shown(data)} are links out of it",
            "name the folder where they lie, or allow it with --follow-links",
        )
    left_out: Counter[str] = Counter()
    if outside := len(files) - len(inside):
        left_out[LINKS_OUT] = outside
    found = []
    for path, file in inside.items():
        samples = _samples(file, left_out)
        found += [(path, sample) for sample in samples if sample.image]
    if not found:
        raise DataError.of("no-images", f"{shown(data)} holds no images", _LAYOUT)
    classes = tuple(sorted({sample.label for _, sample in found}, key=natural))
    place = {name: number for number, name in enumerate(classes)}
    columns = {
        "path": [path for path, _ in found],
        "place": [sample.offset for _, sample in found],
        "bytes": [sample.bytes for _, sample in found],
        "labels": [place[sample.label] for _, sample in found],
        "split": [split_of_file(path) for path, _ in found],
    }
    return Manifest(
        root=str(base.resolve()),
        kind="shards",
        classes=classes,
        table=manifest_table(columns),
        notices=tuple(f"left out of shards: {count:,} {what}" for what, count in left_out.items()),
        shards={path: file.stat().st_size for path, file in inside.items()},
        follows_links=how.follow_links,
    )


def _below(base: Path, file: Path) -> str:
    return file.relative_to(base).as_posix()


@dataclass(slots=True)
class _Sample:
    """The members of a shard with one key: an image and what states its label."""

    image: str = ""
    offset: int = 0
    bytes: int = 0
    label: str = ""
    statements: dict[str, tuple[int, int]] = field(default_factory=dict)


def _samples(file: Path, left_out: Counter[str]) -> list[_Sample]:
    """The samples of a shard, in its order, each with its label."""
    if file.name.lower().endswith(COMPRESSED):
        raise DataError.of(
            "shard-compressed",
            f"{file} is compressed, so that no image in it can be read alone",
            "images are compressed already; unpack the shard and pack it as a plain tar",
        )
    samples: dict[str, _Sample] = {}
    for member in _members(file):
        folder, _, name = member.name.rpartition("/")
        stem, _, kind = name.partition(".")
        sample = samples.setdefault(f"{folder}/{stem}", _Sample())
        where = (member.offset_data, member.size)
        if f".{kind.lower()}" in SUFFIXES:
            if sample.image:
                raise _wrong(file, member.name, "another image of the same sample", _LAYOUT)
            sample.image, (sample.offset, sample.bytes) = member.name, where
        elif kind.lower() in STATEMENTS:
            sample.statements[kind.lower()] = where
        else:
            left_out[f".{shown(kind)}"] += 1
    with file.open("rb") as shard:
        for sample in samples.values():
            if sample.image:
                sample.label = _label(file, shard, sample)
    return list(samples.values())


def _members(file: Path) -> Iterator[tarfile.TarInfo]:
    """The ordinary files in a shard; refuses what could lead elsewhere."""
    try:
        with tarfile.open(file, "r:") as shard:
            for member in shard:
                shard.members = []  # type: ignore[attr-defined] # else it keeps them all
                if member.isdir():
                    continue
                if below(member.name, "/") is None or member.name.startswith("/"):
                    raise _wrong(file, member.name, "a name that leads out of the shard", _PACK)
                if member.issym() or member.islnk():
                    raise _wrong(file, member.name, "a link, not a file", _PACK)
                if not member.isreg() or member.issparse():
                    raise _wrong(file, member.name, "not an ordinary file", _PACK)
                if not Path(member.name).name.startswith("."):
                    yield member
    except (tarfile.TarError, OSError, ValueError, EOFError) as damage:
        raise DataError.of(
            "shard-damaged",
            f"{file} cannot be read: {' '.join(str(damage).split())}",
            "fetch or write the file again; a plain tar is expected, not a compressed one",
        ) from damage


def _label(file: Path, shard: BinaryIO, sample: _Sample) -> str:
    """The class name that a sample states."""
    stated = next((kind for kind in STATEMENTS if kind in sample.statements), None)
    if stated is None:
        raise _wrong(file, sample.image, "no label: no .cls, .json or .txt of its name", _LAYOUT)
    offset, size = sample.statements[stated]
    if size > LONGEST_STATEMENT:
        raise _wrong(file, sample.image, f"a .{stated} of {size:,} bytes is no label", _LAYOUT)
    shard.seek(offset)
    try:
        text = shard.read(size).decode("utf-8-sig").strip()
        value = _in_json(json.loads(text)) if stated == "json" else text
    except (UnicodeDecodeError, ValueError, RecursionError) as damage:
        raise _wrong(file, sample.image, f"its .{stated} is not readable", _LAYOUT) from damage
    if value is None:
        keys = listing(list(KEYS))
        raise _wrong(file, sample.image, "no label in its .json", f"it is called one of: {keys}")
    if reason := unusable(value):
        raise _wrong(file, sample.image, f"a label with {reason}", _LAYOUT)
    return composed(value)


def _in_json(value: Json) -> str | None:
    """The label in what a `.json` holds: an object with it, or the label itself."""
    if isinstance(value, dict):
        value = next((value[key] for key in KEYS if key in value), None)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip()


def _wrong(file: Path, member: str, what: str, advice: str) -> DataError:
    return DataError.of("bad-shard", f"{file}, {shown(member)}: {what}", advice)


_LAYOUT = "a shard holds 000.jpg beside 000.cls, 000.json or 000.txt with the class of the image"
_PACK = "pack the shard again, with plain files only"


class Shards:
    """Images read from where they lie in shards."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.paths = manifest.table["path"].combine_chunks()
        self.offsets, self.bytes = manifest.column("place"), manifest.column("bytes")

    def __call__(self, place: int, /) -> bytes:
        path = os.path.join(self.manifest.root, self.paths[place].as_py())  # noqa: PTH118 - faster
        size, offset = int(self.bytes[place]), int(self.offsets[place])
        check_bytes(self.manifest.name(place), size)
        try:
            # Opened each time: as fast as keeping thousands open, and no thread meets another.
            with open(path, "rb", buffering=0) as shard:  # noqa: PTH123
                shard.seek(offset - HEAD)
                content = shard.read(HEAD + size)
        except OSError as damage:
            reason = damage.strerror or type(damage).__name__
            raise UnreadableImageError(self.manifest.name(place), reason) from damage
        if len(content) < HEAD + size:
            raise UnreadableImageError(self.manifest.name(place), "the shard ends before the image")
        if _size(content) != size:
            raise UnreadableImageError(
                self.manifest.name(place), "the shard has changed since it was indexed"
            )
        return content[HEAD:]


def _size(head: bytes) -> int | None:
    """Length of a member's content as its head states it: in octal, or in 256ths if it is huge."""
    field = head[124:136]
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.rstrip(b" \0"), 8)
    except ValueError:
        return None


def member_name(shard: Path, offset: int) -> str | None:
    """Name of the member whose content begins at a byte of a shard; None if none does."""
    try:
        with shard.open("rb") as file:
            file.seek(offset - HEAD)
            head = _head(file.read(HEAD))
    except (OSError, ValueError):
        return None
    return None if head is None else head.name


def _head(content: bytes) -> tarfile.TarInfo | None:
    try:
        return tarfile.TarInfo.frombuf(content, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return None


read = Shards
