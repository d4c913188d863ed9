"""A manifest is stored as data, and other data are matched to it by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from striate.data import Manifest, index, load_manifest, with_validation
from striate.data.manifest import manifest_table
from striate.errors import DataError
from tests.data.pictures import noise, png, stripe_folder, write


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
        "   = help: rename the classes, or leave their images out: striate eval --drop-unknown"
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


def test_the_way_the_table_is_cut_does_not_change_the_fingerprint(tmp_path: Path) -> None:
    found = with_validation(index(stripe_folder(tmp_path, images=9)), share=0.3, seed=0)
    order = np.arange(len(found))
    halves = pa.concat_tables([found.taken(order[:7]).table, found.taken(order[7:]).table])
    assert halves["path"].num_chunks == 2
    assert replace(found, table=halves).fingerprint() == found.fingerprint()
    assert found.taken(order[1:]).fingerprint() != found.fingerprint()
    sliced = replace(found, table=found.table.slice(1))
    assert sliced.fingerprint() == found.taken(order[1:]).fingerprint()


def test_what_the_scan_fills_in_does_not_change_the_fingerprint(tmp_path: Path) -> None:
    found = index(stripe_folder(tmp_path, images=1))
    scanned = found.with_columns(width=[8, 8], mode=["RGB", None], content_hash=[b"x" * 16, None])
    assert scanned.fingerprint() == found.fingerprint()
    assert scanned.column("width").tolist() == [8, 8]
    assert scanned.column("mode").tolist() == ["RGB", None]
    assert found.with_columns(group=["a", "b"]).fingerprint() != found.fingerprint()


def test_classes_that_differ_by_case_are_two_and_the_near_one_is_named(tmp_path: Path) -> None:
    for name in ("Cat", "cat"):
        write(tmp_path / name / "1.png", png(noise(0)))
    found = index(tmp_path)
    assert found.classes == ("Cat", "cat")
    assert found.with_classes(("cat", "Cat")).labels.tolist() == [1, 0]
    with pytest.raises(DataError, match=r"the class Cat that the model .* did you mean 'cat'\?"):
        found.with_classes(("cat", "dog"))


def test_letters_stored_in_two_ways_are_one_class(tmp_path: Path) -> None:
    write(tmp_path / "e\u0301" / "1.png", png(noise(0)))
    write(tmp_path / "z" / "1.png", png(noise(0)))
    assert index(tmp_path).with_classes(("z", "\u00e9")).labels.tolist() == [1, 0]
    assert index(tmp_path).with_classes(("z", "e\u0301")).labels.tolist() == [1, 0]


@pytest.mark.parametrize("names", [("across",), ("z", "across")])
def test_images_of_unknown_classes_can_be_dropped(tmp_path: Path, names: tuple[str, ...]) -> None:
    found = index(stripe_folder(tmp_path, images=2))
    left = found.with_classes(names, drop_unknown=True, allow_missing=True)
    assert left.column("path").tolist() == ["across/0.png", "across/1.png"]
    assert set(left.labels.tolist()) == {names.index("across")}


def test_a_validation_folder_that_lacks_a_class_is_scored_as_the_others_are(
    tmp_path: Path,
) -> None:
    """What shifted labels elsewhere: val without the first of the classes of train."""
    for name in ("train/a/1.png", "train/b/1.png", "train/c/1.png", "val/b/1.png", "val/c/1.png"):
        write(tmp_path / name, png(noise(0)))
    model = index(tmp_path / "train").classes
    whole = index(tmp_path).only("val")
    alone = index(tmp_path / "val").with_classes(model, allow_missing=True)
    assert whole.labels.tolist() == alone.labels.tolist() == [1, 2]


def test_numbered_classes_are_matched_by_name_whatever_their_order(tmp_path: Path) -> None:
    numbers = [str(number) for number in range(102)]
    for name in numbers:
        write(tmp_path / name / "1.png", b"")
    found = index(tmp_path)
    assert found.classes == tuple(numbers)
    by_text = found.with_classes(sorted(numbers))  # as torchvision orders them: 0, 1, 10, 100, ...
    assert [by_text.classes[label] for label in by_text.labels] == numbers


def test_an_image_takes_less_than_300_bytes_of_memory() -> None:
    images = 50_000
    columns = {
        "path": [f"train/n{number % 1000:08}/n{number:012}.JPEG" for number in range(images)],
        "place": np.full(images, -1),
        "bytes": np.full(images, 100_000),
        "labels": np.arange(images, dtype=np.int32) % 1000,
        "split": ["train"] * images,
        "group": [f"patient {number // 10}" for number in range(images)],
        "width": np.full(images, 500),
        "height": np.full(images, 400),
        "mode": ["RGB"] * images,
        "bit_depth": np.full(images, 8),
        "orientation": np.full(images, 1),
        "content_hash": [b"0123456789abcdef"] * images,
        "perceptual_hash": np.arange(images),
        "status": ["ok"] * images,
    }
    before = pa.total_allocated_bytes()
    found = Manifest("/", "folder", tuple(map(str, range(1000))), manifest_table(columns))
    train = found.only("train")
    assert found.table.nbytes / images < 200
    assert (pa.total_allocated_bytes() - before) / images < 2 * 300  # both are held
    assert len(train) == images
