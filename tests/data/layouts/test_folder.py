"""Class folders become a manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.data import index
from striate.errors import DataError
from tests.data.pictures import noise, png, write

DOT = png(noise(0))


def folder(root: Path, *files: str) -> Path:
    for file in files:
        write(root / file, DOT)
    return root


def test_flat_folders_are_classes_and_all_for_training(tmp_path: Path) -> None:
    found = index(folder(tmp_path, "dog/1.png", "cat/1.png", "cat/2.JPG"))
    assert found.classes == ("cat", "dog")
    assert found.table["path"].to_pylist() == ["cat/1.png", "cat/2.JPG", "dog/1.png"]
    assert found.labels.tolist() == [0, 0, 1]
    assert set(found.splits) == {"train"}


def test_classes_and_files_are_in_natural_order(tmp_path: Path) -> None:
    found = index(folder(tmp_path, "10/a.png", "2/i10.png", "2/i9.png", "1/a.png"))
    assert found.classes == ("1", "2", "10")
    assert found.table["path"].to_pylist() == ["1/a.png", "2/i9.png", "2/i10.png", "10/a.png"]


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Val"])
def test_names_of_the_validation_folder(tmp_path: Path, name: str) -> None:
    found = index(
        folder(tmp_path, "train/a/1.png", "train/b/1.png", f"{name}/b/2.png", "test/a/3.png")
    )
    assert found.table["path"].to_pylist()[2] == f"{name}/b/2.png"
    assert found.splits.tolist() == ["train", "train", "val", "test"]
    assert found.labels.tolist() == [0, 1, 1, 0]


def test_a_split_that_lacks_a_class_shifts_no_label(tmp_path: Path) -> None:
    found = index(
        folder(tmp_path, "train/a/1.png", "train/b/1.png", "train/c/1.png", "val/c/1.png")
    )
    assert found.only("val").labels.tolist() == [2]


def test_folders_inside_a_class_belong_to_it(tmp_path: Path) -> None:
    found = index(folder(tmp_path, "cat/indoors/1.png", "cat/2.png", "dog/1.png"))
    assert found.counts().tolist() == [2, 1]


def test_hidden_folders_and_files_are_not_seen(tmp_path: Path) -> None:
    root = folder(tmp_path, "cat/1.png", "dog/1.png", ".ipynb_checkpoints/1.png", "cat/.DS_Store")
    found = index(root)
    assert found.classes == ("cat", "dog")
    assert len(found) == 2
    assert found.notices == ("left out, hidden: .ipynb_checkpoints",)


def test_files_that_are_no_images_by_name_are_counted(tmp_path: Path) -> None:
    root = folder(tmp_path, "cat/1.png", "dog/1.png", "cat/notes.txt", "dog/Thumbs.db", "dog/a.db")
    assert index(root).notices == ("files left out, not images by their names: 2 .db, 1 .txt",)


def test_folders_beside_the_splits_are_told(tmp_path: Path) -> None:
    root = folder(tmp_path, "train/a/1.png", "train/b/1.png", "sketches/a/1.png")
    assert index(root).notices == ("not used, beside the splits: sketches",)


def test_an_empty_class_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    root = folder(tmp_path, "cat/1.png", "dog/readme.txt")
    with pytest.raises(DataError) as caught:
        index(root)
    assert str(caught.value) == (
        f"error: the class folder {root / 'dog'} holds no images  [empty-class]\n"
        "   = help: images are files that end in .avif .bmp .gif .jfif .jp2 .jpe .jpeg .jpg .npy "
        ".pbm .pgm .png .pnm .ppm .tif .tiff .webp\n"
        "   = help: remove the folder, or put images into it"
    )


def test_a_folder_without_class_folders_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        index(folder(tmp_path, "1.png"))
    assert str(caught.value) == (
        f"error: {tmp_path} holds no class folders  [no-classes]\n"
        "   = help: put the images of each class into a folder of its name: photos/cat/1.jpg"
    )


def test_folders_of_splits_by_other_names_are_told(tmp_path: Path) -> None:
    root = folder(tmp_path, "Training/a/1.png", "valid/a/2.png", "test/a/3.png")
    found = index(root)
    assert found.splits.tolist() == ["train", "val", "test"]
    assert found.notices == ("folders of splits: Training is train, valid is val",)


def test_a_class_called_test_beside_others_is_a_class(tmp_path: Path) -> None:
    found = index(folder(tmp_path, "test/1.png", "cat/1.png", "dog/1.png"))
    assert found.classes == ("cat", "dog", "test")
    assert set(found.splits) == {"train"}


def test_what_systems_leave_behind_and_loose_images_are_told(tmp_path: Path) -> None:
    root = folder(
        tmp_path, "cat/1.png", "dog/1.png", "__MACOSX/cat/1.png", "logo.png", "cat/._1.png"
    )
    found = index(root)
    assert found.column("path").tolist() == ["cat/1.png", "dog/1.png"]
    assert found.notices == (
        "left out, made by a system: __MACOSX",
        "left out, images outside class folders: logo.png",
        "left out, hidden: cat/._1.png",
    )


def test_many_names_are_told_by_their_number(tmp_path: Path) -> None:
    root = folder(tmp_path, "cat/1.png", *(f"{number}.png" for number in range(1234)))
    assert index(root).notices == (
        "left out, images outside class folders: 0.png, 1.png, 2.png and 1,231 more",
    )


def test_a_class_name_with_a_line_break_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        index(folder(tmp_path, "a\nb/1.png"))
    assert str(caught.value) == (
        f"error: the class folder 'a\\nb' in {tmp_path} has a name with line breaks or control "
        "characters  [bad-class-name]\n   = help: rename the folder"
    )


def test_two_folders_of_the_same_letters_are_refused(tmp_path: Path) -> None:
    root = folder(tmp_path, "caf\u00e9/1.png", "cafe\u0301/1.png")
    if len(list(root.iterdir())) < 2:
        pytest.skip("this file system takes both for one")
    with pytest.raises(DataError, match=r"two folders 'caf.*\[same-class-twice\]"):
        index(root)


def test_an_empty_class_can_be_allowed(tmp_path: Path) -> None:
    root = folder(tmp_path, "cat/1.png", "dog/1.png")
    (root / "eel").mkdir()
    found = index(root, allow_empty=True)
    assert (found.classes, found.counts().tolist()) == (("cat", "dog", "eel"), [1, 1, 0])


def test_a_link_to_a_folder_above_ends(tmp_path: Path) -> None:
    root = folder(tmp_path, "cat/1.png", "dog/1.png")
    (root / "cat" / "up").symlink_to(root, target_is_directory=True)
    (root / "all").symlink_to(root, target_is_directory=True)
    found = index(root)
    assert found.column("path").tolist() == ["cat/1.png", "dog/1.png"]
    assert found.notices == ("left out, links in a circle: all, cat/up",)


def test_links_to_each_other_end(tmp_path: Path) -> None:
    root = folder(tmp_path, "cat/1.png", "dog/1.png")
    (root / "cat" / "dogs").symlink_to(root / "dog", target_is_directory=True)
    (root / "dog" / "cats").symlink_to(root / "cat", target_is_directory=True)
    found = index(root)
    assert found.column("path").tolist() == [
        *("cat/1.png", "cat/dogs/1.png", "dog/1.png", "dog/cats/1.png")
    ]


def test_a_folder_that_holds_a_list_points_to_it(tmp_path: Path) -> None:
    write(tmp_path / "labels.csv", b"path,label")
    with pytest.raises(DataError, match=r"if labels\.csv lists the images, name it: .*labels\.csv"):
        index(folder(tmp_path, "1.png"))


def test_names_with_spaces_unicode_and_markup_are_kept(tmp_path: Path) -> None:
    names = ("Ærø katt", "<script>", "x" * 200)
    found = index(folder(tmp_path, *(f"{name}/a b.png" for name in names)))
    assert set(found.classes) == set(names)


def test_a_class_whose_images_are_all_links_elsewhere_names_the_option(tmp_path: Path) -> None:
    root = folder(tmp_path / "photos", "a/1.png")
    (root / "b").mkdir()
    for number in (1, 2):
        outside = write(tmp_path / f"{number}.png", DOT)
        (root / "b" / f"{number}.png").symlink_to(outside)
    with pytest.raises(DataError) as refused:
        index(root)
    assert "of its links 2 lead out of the data folder; --follow-links takes them" in str(
        refused.value
    )
    assert index(root, follow_links=True).counts().tolist() == [1, 2]


def test_a_folder_whose_classes_are_all_links_elsewhere_names_the_option(tmp_path: Path) -> None:
    folder(tmp_path / "real", "a/1.png", "b/1.png")
    root = tmp_path / "photos"
    root.mkdir()
    for name in ("a", "b"):
        (root / name).symlink_to(tmp_path / "real" / name)
    with pytest.raises(DataError, match="no-classes") as refused:
        index(root)
    assert "of its links 2 lead out" in str(refused.value)
    assert index(root, follow_links=True).classes == ("a", "b")
