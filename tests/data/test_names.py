"""Names are shown on one line, compared by their letters, and refused where they cannot be."""

from __future__ import annotations

import pytest

from striate.data.names import composed, shown, split_named, split_of_file, unusable


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("two words", "two words"),
        ("Ærø 猫", "Ærø 猫"),
        ("a\nb\x1b[31m", "a\\nb\\x1b[31m"),
        ("png\u202egpj.exe", "png\\u202egpj.exe"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_steers_a_terminal_is_written_out(name: str, seen: str) -> None:
    assert shown(name) == seen


def test_a_long_name_is_shown_by_its_ends() -> None:
    seen = shown("a" * 200 + "z" * 200)
    assert len(seen) == 80
    assert seen.startswith("aaa")
    assert "..." in seen
    assert seen.endswith("zzz")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\rb", "a\u2028b", "\udcff", "x" * 1001])
def test_names_that_no_class_can_have(name: str) -> None:
    assert unusable(name)


@pytest.mark.parametrize(
    "name", ["<script>", "a b", "é", "..", "x" * 300, "a/b", "'; DROP", "می\u200cروم", "👩\u200d🔬"]
)
def test_odd_names_that_a_class_can_have(name: str) -> None:
    assert unusable(name) is None


def test_an_accent_is_the_same_letter_in_both_its_forms() -> None:
    assert composed("e\u0301") == composed("\u00e9") == "\u00e9"


@pytest.mark.parametrize(
    ("word", "split"),
    [("TRAINING", "train"), (" Valid ", "val"), ("testing", "test"), ("dev", None), ("", None)],
)
def test_words_for_splits(word: str, split: str | None) -> None:
    assert split_named(word) == split


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("train-00000-of-00002.parquet", "train"),
        ("default/validation/0000.parquet", "val"),
        ("test/train.tar", "train"),
        ("photos.parquet", "train"),
    ],
)
def test_the_name_of_a_file_comes_before_that_of_its_folder(path: str, split: str) -> None:
    assert split_of_file(path) == split
