"""WebDataset shards are read where their images lie; what could lead elsewhere is refused."""

from __future__ import annotations

import pickle
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from striate.data import UnreadableImageError, contents, index
from striate.errors import DataError
from tests.data.pictures import noise, png
from tests.data.shards import samples, shard


def refusal(data: Path) -> str:
    with pytest.raises(DataError) as caught:
        index(data)
    return str(caught.value)


def test_images_are_read_back_from_several_shards(tmp_path: Path) -> None:
    shard(tmp_path / "train-000.tar", **samples(0, "10", "2"))
    shard(tmp_path / "train-001.tar", **samples(2, "2"))
    shard(tmp_path / "val-000.tar", **samples(3, "10"))
    found = index(tmp_path)
    assert found.classes == ("2", "10")
    assert found.labels.tolist() == [1, 0, 0, 1]
    assert found.splits.tolist() == ["train", "train", "train", "val"]
    read = contents(found)
    assert [read(place) for place in range(4)] == [png(noise(number)) for number in range(4)]
    assert found.name(0) == "train-000.tar, 000.png"


def test_reading_is_the_same_in_threads_and_in_another_process(tmp_path: Path) -> None:
    found = index(shard(tmp_path / "a.tar", **samples(0, *("xy" * 20))))
    read = pickle.loads(pickle.dumps(contents(found)))  # noqa: S301 - our own
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(read, [*range(40)] * 5))
    assert got == [png(noise(number)) for number in range(40)] * 5


@pytest.mark.parametrize(
    ("statement", "label"),
    [
        ({"a_cls": "7\n"}, "7"),
        ({"a_txt": " tabby cat "}, "tabby cat"),
        ({"a_json": '{"label": "cat", "w": 3}'}, "cat"),
        ({"a_json": '{"class": 3}'}, "3"),
        ({"a_json": '"cat"'}, "cat"),
        ({"a_txt": "a picture of a cat", "a_cls": "cat"}, "cat"),
    ],
)
def test_labels_come_from_cls_json_or_txt(
    tmp_path: Path, statement: dict[str, str], label: str
) -> None:
    found = index(shard(tmp_path / "a.tar", a_jpg=png(noise(0)), **statement))
    assert found.classes == (label,)


def test_what_is_no_image_and_no_label_is_counted(tmp_path: Path) -> None:
    data = shard(tmp_path / "a.tar", **samples(0, "x", "y"), **{"000_seg.png": b"", "001_pth": b""})
    assert index(data).notices == ("left out of shards: 1 .seg.png", "left out of shards: 1 .pth")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a_jpg": b""}, "a.jpg: no label: no .cls, .json or .txt of its name  [bad-shard]"),
        ({"a_jpg": b"", "a_cls": "  "}, "a.jpg: a label with an empty name"),
        ({"a_jpg": b"", "a_json": "{"}, "a.jpg: its .json is not readable"),
        ({"a_jpg": b"", "a_json": '{"caption": "x"}'}, "a.jpg: no label in its .json"),
        ({"a_jpg": b"", "a_json": '{"label": [1]}'}, "a.jpg: no label in its .json"),
        ({"a_jpg": b"", "a_png": b""}, "a.png: another image of the same sample"),
        ({"../a_jpg": b""}, "../a.jpg: a name that leads out of the shard"),
        ({"x/../../a_jpg": b""}, "x/../../a.jpg: a name that leads out of the shard"),
        ({"/a_jpg": b""}, "/a.jpg: a name that leads out of the shard"),
    ],
)
def test_a_wrong_member_is_named(
    tmp_path: Path, members: dict[str, bytes | str], message: str
) -> None:
    data = shard(tmp_path / "s.tar", **members)
    assert refusal(data).startswith(f"error: {data}, {message}")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_shard_are_refused(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        info = tarfile.TarInfo("a.jpg")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    assert "[bad-shard]" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["s.tar.gz", "s.tgz"])
def test_a_compressed_shard_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    for data in (tmp_path, tmp_path / name):
        assert refusal(data) == (
            f"error: {tmp_path / name} is compressed, so that no image in it can be read alone"
            "  [shard-compressed]\n"
            "   = help: images are compressed already; unpack the shard and pack it as a plain tar"
        )


def test_a_damaged_or_disguised_shard_is_an_error(tmp_path: Path) -> None:
    whole = shard(tmp_path / "s.tar", **samples(0, "x", "y")).read_bytes()
    (tmp_path / "s.tar").write_bytes(whole[:700])
    assert "[shard-damaged]" in refusal(tmp_path)
    (tmp_path / "s.tar").write_bytes(b"\x1f\x8b" + whole)
    assert "[shard-damaged]" in refusal(tmp_path)


def test_a_shard_that_changed_since_is_refused(tmp_path: Path) -> None:
    data = shard(tmp_path / "s.tar", **samples(0, "x", "y"))
    found = index(data)
    read = contents(found)
    with data.open("r+b") as file:
        file.write(b"\0" * 512)
    with pytest.raises(UnreadableImageError, match="the shard has changed since it was indexed"):
        read(0)
    shard(data, **samples(0, *("x" * 20)))
    with pytest.raises(DataError, match=r"s\.tar has .* bytes; the manifest was made when"):
        contents(found)
    data.write_bytes(data.read_bytes()[:600])
    with pytest.raises(
        UnreadableImageError, match=r"s\.tar, 000\.png: the shard ends before the image"
    ):
        read(0)
    data.unlink()
    with pytest.raises(DataError, match=r"s\.tar is gone"):
        contents(found)


@pytest.mark.parametrize("name", ["x" * 200, "Ærø katt/1"])
def test_long_and_odd_names_of_members_are_read(tmp_path: Path, name: str) -> None:
    members: dict[str, bytes | str] = {f"{name}_png": png(noise(0)), f"{name}_cls": "x"}
    found = index(shard(tmp_path / "s.tar", **members))
    assert contents(found)(0) == png(noise(0))
    assert len(found.name(0)) < 100


def test_shards_that_are_links_elsewhere_are_left_out_or_refused(tmp_path: Path) -> None:
    outside = shard(tmp_path / "outside" / "b.tar", **samples(0, "x", "y"))
    root = tmp_path / "shards"
    root.mkdir()
    (root / "b.tar").symlink_to(outside)
    assert "--follow-links" in refusal(root)
    assert len(index(root, follow_links=True)) == 2
    shard(root / "a.tar", **samples(2, "x", "y", "y"))
    found = index(root)
    assert len(found) == 3
    assert list(found.shards) == ["a.tar"]
    assert "--follow-links" in found.notices[0]
