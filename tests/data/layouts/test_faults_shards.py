"""Shards that are damaged or mean harm."""

from __future__ import annotations

import contextlib
import io
import tarfile
from pathlib import Path

import pytest

from striate.data import UnreadableImageError, contents, index
from striate.errors import DataError
from tests.data.faults.corpus import corpus
from tests.data.faults.entries import PICTURE
from tests.data.faults.label_sets import tar_file
from tests.data.pictures import write

PAIR = {"0.png": PICTURE, "0.cls": b"cat", "1.png": PICTURE + b"1", "1.cls": b"dog"}


def refusal(data: Path) -> str:
    with pytest.raises(DataError) as caught:
        index(data)
    return str(caught.value)


def with_member(path: Path, name: str, kind: bytes, target: str = "") -> Path:
    """A good shard, and behind it one member that is no file."""
    tar_file(path, PAIR)
    with tarfile.open(path, "a") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, target
        archive.addfile(entry)
    return path


def test_a_good_shard_is_read_in_place(tmp_path: Path) -> None:
    found = index(tar_file(tmp_path / "a.tar", PAIR))
    assert found.classes == ("cat", "dog")
    assert [contents(found)(place) for place in (0, 1)] == [PICTURE, PICTURE + b"1"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar"]


@pytest.mark.parametrize("name", ["../2.png", "/etc/2.png", "a/../../2.png", "./../2.png"])
def test_a_member_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    said = refusal(tar_file(tmp_path / "a.tar", {**PAIR, name: PICTURE}))
    assert name in said
    assert "[bad-shard]" in said


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.LNKTYPE, "0.png"),
        (tarfile.CHRTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
)
def test_a_member_that_is_no_file_is_refused(tmp_path: Path, kind: bytes, target: str) -> None:
    said = refusal(with_member(tmp_path / "a.tar", "2.png", kind, target))
    assert "2.png" in said
    assert "[bad-shard]" in said


def test_a_bomb_in_a_shard_is_an_unreadable_image(tmp_path: Path) -> None:
    from striate.data import Preprocessing, decode

    bomb = corpus()["361-megapixels.png"].content
    found = index(tar_file(tmp_path / "a.tar", {**PAIR, "2.png": bomb, "2.cls": b"cat"}))
    with pytest.raises(UnreadableImageError, match="pixels"):
        decode(contents(found)(2), Preprocessing(8, 8, 3))


def test_a_member_that_claims_more_than_there_is_ends_the_shard(tmp_path: Path) -> None:
    path = tar_file(tmp_path / "a.tar", PAIR)
    entry = tarfile.TarInfo("2.png")
    entry.size = 10**13
    with path.open("r+b") as file:
        file.seek(4 * 1024)  # behind the four members, over the end marks
        file.write(entry.tobuf(tarfile.GNU_FORMAT) + b"x" * 100)
        file.truncate()
    assert "[shard-damaged]" in refusal(path)


@pytest.mark.parametrize("share", [1, 10, 50, 90])
def test_a_shard_that_was_cut_is_refused_or_still_right(tmp_path: Path, share: int) -> None:
    whole = tar_file(tmp_path / "a.tar", {**PAIR, "2.png": PICTURE * 9, "2.cls": b"cat"})
    content = whole.read_bytes()
    cut = write(tmp_path / "b.tar", content[: len(content) * share // 100])
    # Either it is refused, or what is left of it is whole.
    with contextlib.suppress(DataError):
        found = index(cut)
        assert all(contents(found)(place)[:4] == b"\x89PNG" for place in range(len(found)))


@pytest.mark.parametrize("content", [b"", b"no tar at all", b"\x1f\x8b" + bytes(600), bytes(1500)])
def test_what_is_no_tar_is_refused(tmp_path: Path, content: bytes) -> None:
    said = refusal(write(tmp_path / "a.tar", content))
    assert "a.tar" in said


@pytest.mark.parametrize("label", [b"", b"\xff\xfe", b"a\nb", b"x" * 3_000_000])
def test_a_label_that_is_no_name_is_refused(tmp_path: Path, label: bytes) -> None:
    said = refusal(tar_file(tmp_path / "a.tar", {**PAIR, "2.png": PICTURE, "2.cls": label}))
    assert "2.png" in said
    assert len(said) < 1000


def test_a_compressed_bomb_is_not_unpacked(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("0.png")
        entry.size = 50_000_000
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    assert "[shard-compressed]" in refusal(write(tmp_path / "a.tar.gz", buffer.getvalue()))


def test_a_shard_that_changed_after_indexing_is_told(tmp_path: Path) -> None:
    path = tar_file(tmp_path / "a.tar", PAIR)
    found = index(path)
    tar_file(path, {"z.png": PICTURE * 300, **PAIR, "z.cls": b"cat"})
    with pytest.raises(DataError) as caught:
        contents(found)(0)
    assert caught.value.code == "shard-changed"
