"""What a data set may be, and what is said where it is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from striate.data import contents, index, layouts
from striate.errors import DataError, UsageError
from tests.data.pictures import noise, png, table, write
from tests.data.shards import samples, shard

DOT = png(noise(0))
KNOWN = (
    "   = help: DATA is a folder of class folders (photos/cat/1.jpg), a list (.csv, .tsv, .jsonl "
    "with path,label), Parquet, WebDataset .tar, hf:owner/dataset, a manifest, or the word digits"
)


def test_a_missing_folder_is_an_error_with_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path / "photos" / "cat" / "1.png", DOT)
    with pytest.raises(DataError) as caught:
        index(tmp_path / "fotos")
    assert str(caught.value) == (
        f"error: there is no folder or file {tmp_path / 'fotos'}; did you mean 'photos'?"
        f"  [data-not-found]\n{KNOWN}"
    )


def test_a_file_of_no_known_layout_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "photo.png", DOT)
    monkeypatch.chdir(tmp_path)  # long paths are cut in messages
    with pytest.raises(DataError) as caught:
        index("photo.png")
    assert str(caught.value) == f"error: photo.png is of no known layout  [not-a-data-set]\n{KNOWN}"


def test_a_folder_that_can_be_read_in_two_ways_is_an_error(tmp_path: Path) -> None:
    table(tmp_path / "a.parquet", [0, 1])
    write(tmp_path / "a.tar", b"")
    with pytest.raises(DataError, match=r"can be read in several ways: Parquet tables .*; WebData"):
        index(tmp_path)


def refusal(data: Path, **wishes: str | Path) -> str:
    with pytest.raises(DataError) as caught:
        index(data, **wishes)  # type: ignore[arg-type]
    return str(caught.value)


def pair(root: Path) -> Path:
    """Class folders `10` and `9`, one image each."""
    for name in ("10", "9"):
        write(root / name / "1.png", DOT)
    return root


def test_a_file_of_classes_fixes_their_order(tmp_path: Path) -> None:
    names = write(tmp_path / "names.txt", "\ufeff10\r\nzebra\r\n9\r\n\r\n".encode())
    found = index(pair(tmp_path / "photos"), classes=names)
    assert found.classes == ("10", "zebra", "9")
    assert dict(zip(found.column("path"), found.labels, strict=True)) == {
        "10/1.png": 0,
        "9/1.png": 2,
    }


def test_numbers_are_places_in_a_file_of_classes_that_names_none_of_them(tmp_path: Path) -> None:
    names = write(tmp_path / "names.txt", "".join(f"class {n}\n" for n in range(11)).encode())
    found = index(pair(tmp_path / "photos"), classes=names)
    assert found.labels.tolist() == [9, 10]
    assert found.column("path").tolist() == ["9/1.png", "10/1.png"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"9\n", "has the class 10 that names.txt does not know"),
        (b"a\nb\n", "label 10, but "),
        (b"9\n\n10\n", "names.txt, line 2: an empty name  [bad-class-file]"),
        (b"9\n10\n9\n", "names.txt, line 3: a name that was there before  [bad-class-file]"),
        (b"\xff\n", "names.txt: not UTF-8  [bad-class-file]"),
        (b"", "names.txt is empty  [bad-class-file]"),
    ],
)
def test_a_wrong_file_of_classes_is_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    names = write(tmp_path / "names.txt", content)
    assert message in refusal(pair(tmp_path / "photos"), classes=names)


def test_a_missing_file_of_classes_is_an_error(tmp_path: Path) -> None:
    assert "no.txt: No such file or directory  [bad-class-file]" in refusal(
        pair(tmp_path / "photos"), classes=tmp_path / "no.txt"
    )


def test_classes_without_training_images_are_told(tmp_path: Path) -> None:
    for name in ("train/a", "train/b", "val/a", "val/c"):
        write(tmp_path / name / "1.png", DOT)
    assert index(tmp_path).notices == ("classes without training images: c",)


OWN = '''
"""Pairs: a file of a name and a path."""

from pathlib import Path

from striate.data.manifest import Manifest, manifest_table


def recognises(data):
    return data.endswith(".pair")


def index(data, how):
    name, path = Path(data).read_text().split()
    columns = {"path": [path], "place": [-1], "bytes": [-1], "labels": [0], "split": ["train"]}
    return Manifest(str(Path(data).parent), "pairs", (name,), manifest_table(columns))
'''


def test_a_layout_of_ones_own_is_a_file_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = write(tmp_path / "own" / "pairs.py", OWN.encode()).parent
    monkeypatch.setattr(layouts, "__path__", [*layouts.__path__, str(own)])
    monkeypatch.setitem(sys.modules, "striate.data.layouts.pairs", None)  # to be undone
    monkeypatch.delitem(sys.modules, "striate.data.layouts.pairs")
    write(tmp_path / "1.png", DOT)
    found = index(write(tmp_path / "a.pair", b"cat 1.png"))
    assert (found.classes, contents(found)(0)) == (("cat",), DOT)


@pytest.mark.parametrize("data", ["digits", "one.parquet", "one.tar", "hf:owner/photos"])
def test_links_are_not_followed_where_there_are_none(tmp_path: Path, data: str) -> None:
    table(tmp_path / "one.parquet", [0, 1])
    shard(tmp_path / "one.tar", **samples(0, "a", "b"))
    where = str(tmp_path / data) if data.startswith("one") else data
    with pytest.raises(UsageError) as refused:
        index(where, follow_links=True)
    assert refused.value.code == "no-links"
    assert data in str(refused.value)
