"""Words on pictures: they fit, and say what they cannot show."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from striate.data.lettering import LAST_LETTER, cut, type_for, wrapped, write_line, written


@pytest.mark.parametrize("text", ["cat", "long " * 80, "x" * 400, "", " a\nb\tc "])
def test_a_line_is_never_wider_than_it_may_be(text: str) -> None:
    for width in (10, 60, 300):
        assert type_for(text, 14).getlength(cut(text, 14, width)) <= max(width, 12)
    assert "\n" not in cut(text, 14, 300)


def test_what_fits_is_not_cut_and_what_does_not_ends_in_dots() -> None:
    assert cut("tabby cat", 14, 300) == "tabby cat"
    assert cut("tabby cat " * 20, 14, 100).endswith("...")


def test_lines_are_broken_between_words_and_lose_none() -> None:
    text = "the first images of epoch one as the network will see them"
    lines = wrapped(text, 16, 160)
    assert len(lines) > 2
    assert " ".join(lines) == text


def test_letters_of_europe_are_drawn_and_others_become_marks_or_shapes() -> None:
    assert written("Żółw für Ærø") == "Żółw für Ærø"
    assert written("a\u202eb\x1b") == "a?b?"
    assert written("قطة") == "???"  # would be drawn from the wrong side, unjoined
    for letter in written("кошка 漢字"):
        assert letter in "кошка 漢字?"
    assert max(map(ord, "Żółw für Ærø")) <= LAST_LETTER


def test_ink_stays_within_the_width() -> None:
    sheet = Image.new("L", (300, 40), 0)
    pen = ImageDraw.Draw(sheet)
    write_line(pen, (20, 10), "many words " * 30, size=14, width=120, ink="#ffffff")
    box = sheet.getbbox()
    assert box is not None
    assert box[0] >= 19
    assert box[2] <= 20 + 120 + 1
