"""Manifests are read back as they were, and not believed where they could lead elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from striate.data import contents, index, load_manifest, with_validation
from striate.data.manifest import SCHEMA
from striate.errors import BundleError, DataError
from tests.data.pictures import png, stripe_folder, stripes, table, write


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    found = index(stripe_folder(tmp_path / "photos", images=4))
    with_validation(found, share=0.25, seed=0).save(tmp_path / "photos.parquet")
    return tmp_path / "photos.parquet"


def changed(
    file: Path, *, head: dict[str, object] | None = None, **columns: Callable[[object], object]
) -> None:
    """Write a manifest again with other values in its head and in the first row of columns."""
    whole = pq.read_table(file)
    known = json.loads(whole.schema.metadata[b"striate"])
    for name, change in columns.items():
        values = whole[name].to_pylist()
        values[0] = change(values[0])
        place = SCHEMA.get_field_index(name)
        kind = SCHEMA.field(name)
        whole = whole.set_column(place, kind, pa.array(values, kind.type))
    whole = whole.replace_schema_metadata({"striate": json.dumps({**known, **(head or {})})})
    pq.write_table(whole, file)


def test_a_saved_manifest_is_data_with_its_splits_as_they_were(saved: Path) -> None:
    found = index(saved)
    assert found.kind == "folder"
    assert found.splits.tolist() == load_manifest(saved).splits.tolist()
    assert found.only("val").counts().tolist() == [1, 1]
    assert found.split_rule == {"rule": "drawn", "seed": 0, "val": 0.25, "units": False}
    assert with_validation(found, share=0.5, seed=7) is found


def test_a_table_and_its_reader_survive_being_saved(tmp_path: Path) -> None:
    before = index(table(tmp_path / "t" / "a.parquet", [0, 1, 1]))
    before.save(tmp_path / "saved.parquet")
    after = index(tmp_path / "saved.parquet")
    assert after.shards == before.shards
    assert contents(after)(2) == contents(before)(2)


def test_a_folder_and_its_manifest_can_be_moved_together(tmp_path: Path, saved: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for name in ("photos", "photos.parquet"):
        shutil.move(tmp_path / name, tmp_path / "elsewhere" / name)
    found = index(tmp_path / "elsewhere" / "photos.parquet")
    assert found.root == str(tmp_path / "elsewhere" / "photos")
    assert found.notices == (
        f"the images are no longer at {tmp_path / 'photos'}; those at {found.root} are read",
    )
    assert contents(found)(0) == png(stripes(0, is_upright=False))


def test_other_images_in_the_place_of_those_that_are_gone_are_not_taken_for_them(
    tmp_path: Path, saved: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    shutil.move(saved, tmp_path / "elsewhere" / "photos.parquet")
    shutil.move(tmp_path / "photos", tmp_path / "hidden")
    stripe_folder(tmp_path / "elsewhere" / "photos", images=4)
    write(tmp_path / "elsewhere" / "photos" / "across" / "2.png", b"another")
    with pytest.raises(DataError, match=r"\[data-moved\]"):
        contents(index(tmp_path / "elsewhere" / "photos.parquet"))


@pytest.mark.parametrize(
    "path",
    [
        "../secret.png",
        "a/../../secret.png",
        "/etc/passwd",
        "..",
        "C:\\x.png",
        "a\\..\\..\\b",
        "\\x",
    ],
)
def test_a_path_that_leaves_the_root_is_refused(saved: Path, path: str) -> None:
    changed(saved, path=lambda _: path)
    with pytest.raises(BundleError, match=r"which is not below its root  \[path-outside\]"):
        load_manifest(saved)


def test_dots_that_are_no_step_upwards_are_read(saved: Path) -> None:
    changed(saved, path=lambda _: "across/1..png")
    assert load_manifest(saved).column("path")[0] == "across/1..png"


@pytest.mark.parametrize(
    ("head", "column", "value", "message"),
    [
        ({}, "labels", [2], "labels outside the list of 2 classes"),
        ({}, "labels", [-1], "labels outside the list of 2 classes"),
        ({}, "labels", [None], "nulls among the labels"),
        ({}, "labels", None, "nulls in the column labels"),
        ({}, "split", "dev", "a split 'dev'; known are train, val, test"),
        ({}, "path", None, "nulls in the column path"),
        ({"classes": None}, "split", "val", "its head states no classes"),
        ({"shards": {"a": "b"}}, "split", "val", "its head states no rule"),
        ({"split_rule": 3}, "split", "val", "its head states no rule"),
    ],
)
def test_a_damaged_manifest_is_refused(
    saved: Path, head: dict[str, object], column: str, value: object, message: str
) -> None:
    changed(saved, head=head, **{column: lambda _: value})
    with pytest.raises(BundleError, match=rf"{message}.*\[manifest-damaged\]"):
        load_manifest(saved)


def test_a_layout_that_is_not_known_names_itself_and_imports_nothing(saved: Path) -> None:
    changed(saved, head={"kind": "os"})
    with pytest.raises(DataError, match=r"in the layout 'os', .*\[unknown-layout\]"):
        contents(load_manifest(saved))


def test_version_1_is_read(tmp_path: Path) -> None:
    photos = stripe_folder(tmp_path / "photos", images=1)
    columns = {
        "path": ["across/0.png", "upright/0.png"],
        "row": pa.array([-1, -1], pa.int64()),
        "label": pa.array([0, 1], pa.int32()),
        "split": ["train", "val"],
        "file_bytes": pa.array([7, 8], pa.int64()),
    }
    classes = ["across", "upright"]
    head = {"version": 1, "root": str(photos), "kind": "folder", "classes": classes}
    written = pa.table(columns).replace_schema_metadata({"striate": json.dumps(head)})
    pq.write_table(written, tmp_path / "manifest.parquet")
    found = load_manifest(tmp_path / "manifest.parquet")
    assert (found.labels.tolist(), found.column("bytes").tolist()) == ([0, 1], [7, 8])
    assert contents(found)(1) == png(stripes(0, is_upright=True))


def test_a_missing_damaged_or_newer_manifest_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    with pytest.raises(BundleError, match=r"manifest\.parquet is missing  \[manifest-missing\]"):
        load_manifest(path)
    path.write_bytes(b"no table")
    with pytest.raises(BundleError, match=r"\[manifest-damaged\]"):
        load_manifest(path)
    head = {"striate": '{"version": 3, "root": "", "kind": "folder", "classes": []}'}
    pq.write_table(pa.table({"path": ["a"]}).replace_schema_metadata(head), path)
    with pytest.raises(BundleError, match=r"of version 3; this striate reads versions 1 and 2"):
        load_manifest(path)
