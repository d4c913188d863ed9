"""What a data set may be, and what is said where it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.data import index
from striate.errors import DataError
from tests.data.pictures import noise, png, table, write

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


def test_a_file_of_no_known_layout_is_an_error(tmp_path: Path) -> None:
    file = write(tmp_path / "photo.png", DOT)
    with pytest.raises(DataError) as caught:
        index(file)
    assert str(caught.value) == f"error: {file} is of no known layout  [not-a-data-set]\n{KNOWN}"


def test_a_folder_that_can_be_read_in_two_ways_is_an_error(tmp_path: Path) -> None:
    table(tmp_path / "a.parquet", [0, 1])
    write(tmp_path / "a.tar", b"")
    with pytest.raises(DataError, match=r"can be read in several ways: Parquet tables .*; WebData"):
        index(tmp_path)
