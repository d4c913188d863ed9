"""Folders of odd entries and names: what becomes part of the data set, and what is told."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from striate.data import contents, index
from striate.errors import DataError
from tests.data.faults.entries import (
    CLASS_NAMES,
    ODD_NAMES,
    PICTURE,
    hidden,
    links_out,
    no_files,
    two_classes,
)
from tests.data.pictures import write

PLAIN = [f"{name}/{number}.png" for name in ("cat", "dog") for number in range(3)]


def told(notices: tuple[str, ...], *words: str) -> bool:
    """Whether some notice holds all of these words."""
    return any(all(word in notice for word in words) for notice in notices)


@pytest.mark.timeout(20)  # whoever opens the pipe waits for ever
def test_what_is_no_file_is_left_out_and_told(tmp_path: Path) -> None:
    root = two_classes(tmp_path)
    names = no_files(root / "cat")
    found = index(root)
    assert found.column("path").tolist() == PLAIN
    for name in names[:4]:
        assert told(found.notices, f"cat/{name}"), (name, found.notices)
    assert told(found.notices, "not UTF-8")


@pytest.mark.timeout(20)
def test_what_becomes_a_pipe_after_indexing_is_unreadable(tmp_path: Path) -> None:
    found = index(two_classes(tmp_path))
    (tmp_path / "cat/1.png").unlink()
    os.mkfifo(tmp_path / "cat/1.png")
    with pytest.raises(DataError) as caught:
        contents(found)(1)
    assert str(caught.value).startswith("error: cat/1.png: ")


def test_links_out_of_the_data_folder_are_left_out_and_told(tmp_path: Path) -> None:
    root = two_classes(tmp_path / "photos")
    links_out(root, tmp_path / "outside")
    found = index(root)
    assert found.classes == ("cat", "dog")
    assert found.column("path").tolist() == PLAIN
    for name in ("cat/secret.png", "cat/more", "bird"):
        assert told(found.notices, name, "--follow-links"), (name, found.notices)


def test_links_out_are_followed_when_asked(tmp_path: Path) -> None:
    root = two_classes(tmp_path / "photos")
    links_out(root, tmp_path / "outside")
    found = index(root, follow_links=True)
    paths = set(found.column("path").tolist())
    assert {"cat/secret.png", "cat/more/secret.png", "bird/secret.png"} < paths
    place = found.column("path").tolist().index("bird/secret.png")
    assert contents(found)(place) == PICTURE


def test_a_link_made_after_indexing_is_not_followed_out(tmp_path: Path) -> None:
    root = two_classes(tmp_path / "photos")
    secret = write(tmp_path / "secret.png", PICTURE)
    found = index(root)
    (root / "cat/0.png").unlink()
    (root / "cat/0.png").symlink_to(secret)
    with pytest.raises(DataError) as caught:
        contents(found)(0)
    assert str(caught.value).startswith("error: cat/0.png: ")


def test_links_inside_the_data_folder_are_images_too(tmp_path: Path) -> None:
    root = two_classes(tmp_path)
    (root / "dog" / "3.png").symlink_to(root / "cat" / "0.png")
    assert "dog/3.png" in index(root).column("path").tolist()


def test_a_data_folder_that_is_itself_a_link_is_read(tmp_path: Path) -> None:
    two_classes(tmp_path / "disk")
    (tmp_path / "photos").symlink_to(tmp_path / "disk")
    found = index(tmp_path / "photos")
    assert found.column("path").tolist() == PLAIN
    assert contents(found)(0)[:4] == b"\x89PNG"


def test_folders_that_are_linked_in_a_circle_end(tmp_path: Path) -> None:
    root = two_classes(tmp_path)
    (root / "cat" / "again").symlink_to(root / "cat", target_is_directory=True)
    found = index(root, follow_links=True)
    assert found.column("path").tolist() == PLAIN
    assert told(found.notices, "cat/again")


def test_hidden_files_and_what_systems_leave_behind_are_no_images(tmp_path: Path) -> None:
    root = two_classes(tmp_path)
    hidden(root, "cat")
    found = index(root)
    assert found.classes == ("cat", "dog")
    assert found.column("path").tolist() == PLAIN


def test_a_file_without_an_end_is_not_read(tmp_path: Path) -> None:
    root = two_classes(tmp_path)
    os.truncate(root / "cat/0.png", 60 * 2**30)  # a hole: it takes no place on disk
    with pytest.raises(DataError, match=r"cat/0\.png: 64,424,509,440 bytes are more than"):
        contents(index(root))(0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_it_is_unreadable(tmp_path: Path) -> None:
    root = two_classes(tmp_path)
    (root / "cat/0.png").chmod(0)
    with pytest.raises(DataError, match=r"cat/0\.png: cannot be read \(Permission denied\)"):
        contents(index(root))(0)


def test_odd_file_names_are_kept_and_lead_to_their_files(tmp_path: Path) -> None:
    root = two_classes(tmp_path)
    for number, name in enumerate(ODD_NAMES):
        write(root / "cat" / name, PICTURE + bytes([number]))
    found = index(root)
    paths = found.column("path").tolist()
    for number, name in enumerate(ODD_NAMES):
        assert contents(found)(paths.index(f"cat/{name}"))[-1] == number


def test_a_message_holds_no_line_break_or_sign_that_steers_a_terminal(tmp_path: Path) -> None:
    root = two_classes(tmp_path)
    for name in ODD_NAMES:
        write(root / "cat" / f"{name[:-4]}.txt", b"no image")
        (root / "cat" / f"{name[:200]}.jpg").symlink_to("gone")
    for notice in index(root).notices:
        assert not any(unicodedata.category(letter)[0] == "C" for letter in notice)
        assert len(notice) < 1000


def test_odd_class_names_are_kept(tmp_path: Path) -> None:
    for name in CLASS_NAMES:
        write(tmp_path / name / "1.png", PICTURE)
    assert set(index(tmp_path).classes) == {
        unicodedata.normalize("NFC", name) for name in CLASS_NAMES
    }


def test_a_class_name_composed_in_one_split_and_not_in_the_other_is_one_class(
    tmp_path: Path,
) -> None:
    write(tmp_path / "train" / "caf\u00e9" / "1.png", PICTURE)
    write(tmp_path / "train" / "bar" / "1.png", PICTURE)
    write(tmp_path / "val" / "cafe\u0301" / "2.png", PICTURE)
    found = index(tmp_path)
    assert found.classes == ("bar", "caf\u00e9")
    assert found.only("val").labels.tolist() == [1]
    assert contents(found.only("val"))(0) == PICTURE
