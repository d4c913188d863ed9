"""Parquet tables in the Hugging Face layout become a manifest."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from striate.data import Loader, Preprocessing, contents, index
from striate.data.layouts._tables import Tables
from striate.errors import DataError
from tests.data.pictures import noise, png, table


def named(path: Path, labels: list[int], names: list[str]) -> Path:
    """A table whose metadata state class names."""
    found = pq.read_table(table(path, labels))
    kinds = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": names}}
    head = json.dumps({"info": {"features": kinds}})
    pq.write_table(found.replace_schema_metadata({"huggingface": head}), path)
    return path


def test_class_names_come_from_the_metadata(tmp_path: Path) -> None:
    found = index(named(tmp_path / "photos.parquet", [1, 0, 1], ["zebra", "ape"]))
    assert found.classes == ("zebra", "ape")
    assert found.labels.tolist() == [1, 0, 1]
    assert set(found.splits) == {"train"}


def test_without_names_the_labels_are_the_names_in_natural_order(tmp_path: Path) -> None:
    assert index(table(tmp_path / "a.parquet", [10, 2, 2])).classes == ("2", "10")
    assert index(table(tmp_path / "b.parquet", ["dog", "cat"])).classes == ("cat", "dog")


@pytest.mark.parametrize(
    ("file", "split"),
    [
        ("train-00000-of-00002.parquet", "train"),
        ("validation-00000-of-00001.parquet", "val"),
        ("test.parquet", "test"),
        ("data/test/0000.parquet", "test"),
        ("photos.parquet", "train"),
    ],
)
def test_the_split_is_read_from_the_name(tmp_path: Path, file: str, split: str) -> None:
    table(tmp_path / file, [0, 1])
    assert set(index(tmp_path).splits) == {split}


@pytest.mark.parametrize(("image", "label"), [("img", "fine_label"), ("picture", "kind")])
def test_columns_are_found_by_type(tmp_path: Path, image: str, label: str) -> None:
    found = index(table(tmp_path / "a.parquet", [0, 1, 1], image=image, label=label))
    assert found.counts().tolist() == [1, 2]


def test_images_are_read_back_in_the_order_of_the_rows(tmp_path: Path) -> None:
    table(tmp_path / "train-0.parquet", [0, 1])
    table(tmp_path / "train-1.parquet", [1, 0, 1])
    read = contents(index(tmp_path))
    expected = [png(noise(number)) for number in (0, 1, 0, 1, 2)]
    assert [read(place) for place in range(5)] == expected


def test_a_row_without_an_image_is_unreadable_and_named(tmp_path: Path) -> None:
    rows = [{"bytes": png(noise(0)), "path": None}, {"bytes": None, "path": "gone.png"}]
    pq.write_table(pa.table({"image": rows, "label": [0, 1]}), tmp_path / "a.parquet")
    loader = Loader(index(tmp_path), Preprocessing(8, 8, 3), 2)
    assert [batch.places.tolist() for batch in loader.batches()] == [[0]]
    (bad,) = loader.unreadable
    assert (bad.path, bad.reason) == ("a.parquet, row 1", "the table holds no image here")


def test_a_label_outside_the_class_list_is_an_error(tmp_path: Path) -> None:
    file = named(tmp_path / "a.parquet", [0, 1, 5], ["ape", "zebra"])
    with pytest.raises(DataError) as caught:
        index(file)
    assert str(caught.value) == (
        f"error: {file}, row 2: label 5 of 2 classes  [label-out-of-range]\n"
        "   = help: labels go from 0 to 1; there are 1 such rows"
    )


def test_tables_that_state_different_classes_are_an_error(tmp_path: Path) -> None:
    named(tmp_path / "train.parquet", [0, 1], ["ape", "zebra"])
    named(tmp_path / "test.parquet", [0, 1], ["zebra", "ape"])
    with pytest.raises(DataError) as caught:
        index(tmp_path)
    assert str(caught.value) == (
        f"error: the tables of {tmp_path} state different class lists  [classes-differ]\n"
        "   = help: one states: ape, zebra\n"
        "   = help: one states: zebra, ape"
    )


def test_a_table_without_images_is_an_error_that_lists_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": [1.5], "label": [0]}), file)
    with pytest.raises(DataError) as caught:
        index(file)
    assert str(caught.value) == (
        f"error: {file} has no column of images; its columns are x: double, label: int64"
        "  [missing-column]\n"
        "   = help: images: struct<bytes: binary, path: string> or binary; "
        "labels: integer or string"
    )


def test_a_missing_label_is_an_error_that_names_the_row(tmp_path: Path) -> None:
    rows = [{"bytes": png(noise(0)), "path": None}] * 2
    pq.write_table(pa.table({"image": rows, "label": [0, None]}), tmp_path / "a.parquet")
    with pytest.raises(DataError) as caught:
        index(tmp_path)
    assert str(caught.value) == (
        f"error: {tmp_path / 'a.parquet'}, row 1: no value in the label column 'label'"
        "  [label-missing]\n"
        "   = help: remove such rows, or give them a label"
    )


def test_a_damaged_table_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match=r"a\.parquet cannot be read: .*\[table-damaged\]"):
        index(tmp_path)


def test_lists_of_labels_are_kept(tmp_path: Path) -> None:
    rows = [{"bytes": png(noise(number)), "path": None} for number in range(3)]
    kinds = {
        "labels": {"_type": "Sequence", "feature": {"_type": "ClassLabel", "names": ["a", "b"]}}
    }
    head = json.dumps({"info": {"features": kinds}})
    data = pa.table({"image": rows, "labels": [[1], [0, 1], []]})
    pq.write_table(data.replace_schema_metadata({"huggingface": head}), tmp_path / "a.parquet")
    found = index(tmp_path)
    assert (found.classes, found.label_lists) == (("a", "b"), [[1], [0, 1], []])
    assert found.is_multilabel
    with pytest.raises(DataError, match=r"2 of 3 images .* a\.parquet, row 1 has: a, b"):
        _ = found.labels


def test_another_column_of_labels_can_be_named(tmp_path: Path) -> None:
    made = pq.read_table(named(tmp_path / "a.parquet", [0, 1, 1], ["ape", "zebra"]))
    pq.write_table(made.append_column("coarse", [[3, 3, 4]]), tmp_path / "a.parquet")
    assert index(tmp_path).classes == ("ape", "zebra")
    found = index(tmp_path, label="coarse")
    assert (found.classes, found.labels.tolist()) == (("3", "4"), [0, 0, 1])


def test_columns_of_splits_and_groups_are_read(tmp_path: Path) -> None:
    made = pq.read_table(table(tmp_path / "a.parquet", [0, 1, 1]))
    made = made.append_column("split", [["test", "Valid", "train"]])
    pq.write_table(made.append_column("patient", [[7, 8, None]]), tmp_path / "a.parquet")
    found = index(tmp_path, group="patient")
    assert found.splits.tolist() == ["test", "val", "train"]
    assert found.groups.tolist() == ["7", "8", None]
    wrong = made.set_column(made.column_names.index("split"), "split", [["test", "dev", "train"]])
    pq.write_table(wrong, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"row 1: the split 'dev' in the column 'split'"):
        index(tmp_path)


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_text_may_be_stored_as_other_programs_do(tmp_path: Path, kind: pa.DataType) -> None:
    """As polars stores it, and as pandas stores categories."""
    rows = [{"bytes": png(noise(number)), "path": None} for number in range(3)]
    words = {"label": ["b", "a", "b"], "split": ["val", "test", "train"], "group": ["x", None, "x"]}
    columns = {name: pa.array(values).cast(kind) for name, values in words.items()}
    pq.write_table(pa.table({"image": rows, **columns}), tmp_path / "a.parquet")
    found = index(tmp_path)
    assert (found.classes, found.labels.tolist()) == (("a", "b"), [1, 0, 1])
    assert found.splits.tolist() == ["val", "test", "train"]
    assert found.groups.tolist() == ["x", None, "x"]


def test_tables_larger_than_memory_are_read_in_groups_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pq.read_table(table(tmp_path / "a.parquet", [0, 1] * 50))
    pq.write_table(made, tmp_path / "a.parquet", row_group_size=3)
    found = index(tmp_path)
    monkeypatch.setattr("striate.data.layouts._tables.memory_bytes", lambda: 0)
    read = contents(found)
    order = [int(place) for place in np.random.default_rng(0).permutation(100)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, order)) == [png(noise(number)) for number in order]
    assert isinstance(read, Tables)
    assert len(read._held) <= Tables.KEPT


def test_the_reader_goes_to_another_process_without_the_images(tmp_path: Path) -> None:
    read = contents(index(table(tmp_path / "a.parquet", [0, 1] * 200)))
    read(0)
    sent = pickle.dumps(read)
    assert len(sent) < 400 * len(png(noise(0))) / 2
    assert pickle.loads(sent)(399) == png(noise(399))  # noqa: S301 - our own


def test_a_table_that_changed_since_is_refused(tmp_path: Path) -> None:
    found = index(table(tmp_path / "a.parquet", [0, 1, 1]))
    table(tmp_path / "a.parquet", [0, 1, 1, 0])
    with pytest.raises(DataError, match=r"a\.parquet has .* bytes; .*\[shard-changed\]"):
        contents(found)


def test_a_saved_manifest_in_a_folder_is_no_table_of_images(tmp_path: Path) -> None:
    table(tmp_path / "photos" / "a.parquet", [0, 1])
    index(tmp_path / "photos").save(tmp_path / "photos" / "split.parquet")
    assert len(index(tmp_path / "photos")) == 2


def test_cifar10_has_its_published_sizes(shared: Path) -> None:
    found = index(shared / "data" / "cifar10")
    assert found.classes[:3] == ("airplane", "automobile", "bird")
    assert found.only("train").counts().tolist() == [5000] * 10
    assert found.only("test").counts().tolist() == [1000] * 10


@pytest.mark.parametrize("fits", [True, False])
def test_images_are_read_where_only_a_wish_tells_the_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: bool
) -> None:
    if not fits:
        monkeypatch.setattr("striate.data.layouts._tables.memory_bytes", lambda: 0)
    images = [{"bytes": png(noise(number)), "path": ""} for number in range(2)]
    pq.write_table(pa.table({"image": images, "tags": [[3, 5], [5]]}), tmp_path / "a.parquet")
    found = index(tmp_path / "a.parquet", label="tags")
    assert found.label_lists == [[0, 1], [1]]
    read = contents(found)
    assert [read(place) for place in (0, 1)] == [png(noise(number)) for number in (0, 1)]
