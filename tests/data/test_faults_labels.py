"""Odd labels and splits: mapped by name or refused with a message, never shifted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.data import index, with_validation
from striate.errors import DataError
from tests.data.faults.label_sets import csv_file, folders, parquet
from tests.data.pictures import noise, png, write


def refusal(data: Path) -> str:
    """What is said when a data set is refused."""
    with pytest.raises(DataError) as caught:
        index(data)
    return str(caught.value)


def labels_by_name(data: Path) -> dict[str, str]:
    """Class name of every image by its path."""
    found = index(data)
    names = [found.classes[label] for label in found.labels]
    return dict(zip(found.column("path").tolist(), names, strict=True))


@pytest.mark.parametrize("lacking", ["a", "b", "c"])
def test_a_split_that_lacks_a_class_shifts_no_label(tmp_path: Path, lacking: str) -> None:
    counts = {f"train/{name}": 2 for name in "abc"}
    counts |= {f"val/{name}": 2 for name in "abc" if name != lacking}
    root = folders(tmp_path, counts)
    for path, name in labels_by_name(root).items():
        assert path.split("/")[1] == name


def test_a_class_that_only_validation_has_is_told_or_refused(tmp_path: Path) -> None:
    root = folders(tmp_path, {"train/a": 2, "train/b": 2, "val/a": 1, "val/b": 1, "val/extra": 1})
    try:
        said = " ".join(index(root).notices)
    except DataError as refused:
        said = str(refused)
    assert "extra" in said


@pytest.mark.parametrize("split", ["", "train/", "val/"])
def test_an_empty_class_folder_is_named(tmp_path: Path, split: str) -> None:
    before = {"a": 2, "b": 2} if not split else {"train/a": 2, "train/b": 2, "val/a": 1, "val/b": 1}
    root = folders(tmp_path, {**before, f"{split}nothing": 0})
    said = refusal(root)
    assert f"{split}nothing" in said
    assert "[empty-class]" in said


def test_classes_named_by_numbers_are_in_the_order_of_the_numbers(tmp_path: Path) -> None:
    root = folders(tmp_path / "photos", {str(number): 1 for number in range(102)})
    assert index(root).classes == tuple(map(str, range(102)))
    assert labels_by_name(root) == {f"{number}/0.png": str(number) for number in range(102)}


def test_numbers_as_labels_of_a_list_are_names_not_places(tmp_path: Path) -> None:
    folders(tmp_path / "photos", {"all": 3})
    data = csv_file(tmp_path / "photos", ["all/0.png,10", "all/1.png,9", "all/2.png,100"])
    assert labels_by_name(data) == {"all/0.png": "10", "all/1.png": "9", "all/2.png": "100"}


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_classes_of_one_and_two_images_do_not_stop_a_split(tmp_path: Path, seed: int) -> None:
    found = index(folders(tmp_path, {"many": 40, "one": 1, "two": 2}))
    divided = with_validation(found, share=0.2, seed=seed)
    train, val = divided.only("train").counts(), divided.only("val").counts()
    assert dict(zip(found.classes, train, strict=True))["one"] == 1
    assert dict(zip(found.classes, val, strict=True))["one"] == 0
    assert (train >= 1).all()


def test_seed_nought_is_a_seed(tmp_path: Path) -> None:
    found = index(folders(tmp_path, {"a": 30, "b": 30}))
    drawn = [with_validation(found, share=0.2, seed=seed).splits.tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


@pytest.mark.parametrize("label", [-1, 2, 2**40])
def test_a_label_outside_the_stated_classes_is_refused_with_its_row(
    tmp_path: Path, label: int
) -> None:
    said = refusal(parquet(tmp_path / "t.parquet", [0, 1, label], ["cat", "dog"]))
    assert "row 2" in said
    assert str(label) in said
    assert "[label-out-of-range]" in said


def test_a_missing_label_of_a_table_is_refused_with_its_row(tmp_path: Path) -> None:
    said = refusal(parquet(tmp_path / "t.parquet", [0, None, 1], ["cat", "dog"]))
    assert "row 1" in said
    assert "[label-missing]" in said


@pytest.mark.parametrize("names", [["cat", "cat"], ["cat", ""]])
def test_class_names_that_tell_nothing_apart_are_refused(tmp_path: Path, names: list[str]) -> None:
    refusal(parquet(tmp_path / "t.parquet", [0, 1], names))


@pytest.mark.parametrize(
    "path",
    [
        "../secret.png",
        "all/../../secret.png",
        "/etc/passwd",
        "all/./../../secret.png",
        "C:/../../secret.png",
        "file:///etc/passwd",
        "https://example.org/cat.png",
    ],
)
def test_a_list_that_leads_out_of_its_folder_is_refused(tmp_path: Path, path: str) -> None:
    folders(tmp_path / "photos", {"all": 2})
    write(tmp_path / "secret.png", png(noise(9)))
    data = csv_file(tmp_path / "photos", ["all/0.png,a", "all/1.png,b", f"{path},a"])
    said = refusal(data)
    assert "line 4" in said
    assert path.rsplit("/", 1)[-1] in said


def test_a_list_may_name_files_by_their_whole_path(tmp_path: Path) -> None:
    root = folders(tmp_path / "photos", {"all": 2})
    data = csv_file(root, [f"{root}/all/0.png,a", "all/1.png,b"])
    assert labels_by_name(data) == {"all/0.png": "a", "all/1.png": "b"}


def test_files_of_a_list_that_are_missing_are_left_out_by_name(tmp_path: Path) -> None:
    root = folders(tmp_path / "photos", {"all": 4})
    data = csv_file(root, ["all/0.png,a", "all/1.png,b", "all/gone.png,a", "all/2.png,b"])
    assert "all/gone.png" in " ".join(index(data).notices)


@pytest.mark.parametrize("label", ["", "  "])
def test_a_line_without_a_label_is_refused(tmp_path: Path, label: str) -> None:
    root = folders(tmp_path / "photos", {"all": 2})
    assert "line 3" in refusal(csv_file(root, ["all/0.png,a", f"all/1.png,{label}"]))


def test_lines_that_come_twice_count_once_and_are_told(tmp_path: Path) -> None:
    root = folders(tmp_path / "photos", {"all": 2})
    found = index(csv_file(root, ["all/0.png,a", "all/1.png,b", "all/0.png,a"]))
    assert found.column("path").tolist() == ["all/0.png", "all/1.png"]
    assert any("twice" in notice or "once" in notice for notice in found.notices)


def test_a_file_with_two_different_labels_is_refused(tmp_path: Path) -> None:
    root = folders(tmp_path / "photos", {"all": 2})
    said = refusal(csv_file(root, ["all/0.png,a", "all/1.png,b", "all/0.png,b"]))
    assert "all/0.png" in said


def test_a_name_of_three_hundred_characters_is_told_as_missing(tmp_path: Path) -> None:
    root = folders(tmp_path / "photos", {"all": 2})
    data = csv_file(root, ["all/0.png,a", "all/1.png,b", f"{'x' * 300}.png,a"])
    said = " ".join(index(data).notices)
    assert "xxx" in said
    assert len(said) < 1000


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    root = folders(tmp_path / "photos", {"all": 1})
    said = refusal(write(root / "list.csv", b"path,label,label\nall/0.png,a,b\n"))
    assert "two columns are called label" in said


@pytest.mark.parametrize("name", ["\\ud800.png", "a\\u0000.png"])
def test_a_name_that_no_file_can_have_is_told(tmp_path: Path, name: str) -> None:
    line = f'{{"path": "{name}", "label": "a"}}\n'
    said = refusal(write(tmp_path / "list.jsonl", line.encode()))
    assert "line 1" in said
    assert said.isprintable() or "\n" in said
    said.encode()  # can be shown on a terminal


def test_two_images_of_one_name_in_two_classes_stay_two(tmp_path: Path) -> None:
    found = index(folders(tmp_path, {"a": 1, "b": 1}))
    assert found.column("path").tolist() == ["a/0.png", "b/0.png"]
    assert np.unique(found.labels).size == 2
