"""A manifest is stored as data, and other data are matched to it by name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from striate.data import index, load_manifest, with_validation
from striate.errors import BundleError, DataError
from tests.data.pictures import stripe_folder


def test_saving_and_loading_gives_the_same_manifest(tmp_path: Path) -> None:
    made = with_validation(index(stripe_folder(tmp_path / "photos")), share=0.25, seed=3)
    made.save(tmp_path / "manifest.parquet")
    loaded = load_manifest(tmp_path / "manifest.parquet")
    assert loaded.table.equals(made.table)
    assert (loaded.root, loaded.kind, loaded.classes) == (made.root, made.kind, made.classes)
    assert loaded.fingerprint() == made.fingerprint()


def test_the_fingerprint_changes_with_images_labels_and_splits(tmp_path: Path) -> None:
    root = stripe_folder(tmp_path / "photos")
    before = index(root)
    assert index(root).fingerprint() == before.fingerprint()
    moved = before.with_splits(["val"] + ["train"] * (len(before) - 1))
    (root / "across" / "0.png").rename(root / "upright" / "99.png")
    relabelled = index(root)
    (root / "across" / "1.png").write_bytes(b"another length")
    changed = index(root)
    prints = {each.fingerprint() for each in (before, moved, relabelled, changed)}
    assert len(prints) == 4


def test_labels_are_matched_by_name_not_by_place(tmp_path: Path) -> None:
    found = index(stripe_folder(tmp_path, images=2))
    assert found.classes == ("across", "upright")
    matched = found.with_classes(("upright", "across"))
    assert matched.labels.tolist() == [1, 1, 0, 0]
    assert matched.classes == ("upright", "across")


def test_a_class_that_the_model_does_not_know_is_an_error(tmp_path: Path) -> None:
    found = index(stripe_folder(tmp_path, images=1))
    with pytest.raises(DataError) as caught:
        found.with_classes(("across", "uprights"))
    assert str(caught.value) == (
        f"error: {tmp_path} has the class upright that the model does not know; "
        "did you mean 'uprights'?  [unknown-class]\n"
        "   = help: the model knows: across, uprights\n"
        "   = help: rename the class folders, or leave those images out"
    )


def test_a_class_without_images_is_an_error_unless_allowed(tmp_path: Path) -> None:
    found = index(stripe_folder(tmp_path, images=1))
    classes = ("a", "across", "upright", "z")
    with pytest.raises(DataError) as caught:
        found.with_classes(classes)
    assert str(caught.value) == (
        f"error: {tmp_path} has no images of the classes a, z  [missing-class]\n"
        "   = help: averages over classes would leave them out\n"
        "   = help: add images of them, or allow it with --allow-missing"
    )
    assert found.with_classes(classes, allow_missing=True).labels.tolist() == [1, 2]


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
