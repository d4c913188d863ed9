"""Words on pictures: on one line or several, cut where they are too long."""

from __future__ import annotations

import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

# The type that comes with pillow has the letters of European languages, and no others.
LAST_LETTER = 0x24F
# Types that many systems have; the first that has all letters of a text is taken for it.
OTHER_TYPES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "Arial Unicode.ttf",
    "msyh.ttc",
    "Hiragino Sans GB.ttc",
)
REPLACEMENT = "?"
LONGEST_TEXT = 300
# No type has this letter: what is drawn for it stands for all that a type lacks.
_MISSING = "\U0010ffff"

Type = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write_line(
    pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, *, size: int, width: int, ink: str
) -> None:
    """Write a text on one line at `place`, its end left out where it is wider than `width`."""
    letters = type_for(text, size)
    pen.text(place, cut(text, size, width), fill=ink, font=letters)


def cut(text: str, size: int, width: int) -> str:
    """The text on one line, its end left out where it is too long."""
    letters = type_for(text, size)
    text = written(text)
    if letters.getlength(text) <= width:
        return text
    while text and letters.getlength(text + "...") > width:
        text = text[:-1]
    return text.rstrip() + "..."


def wrapped(text: str, size: int, width: int) -> list[str]:
    """The text in lines no longer than `width`, broken between words."""
    letters = type_for(text, size)
    lines = [""]
    for word in written(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if letters.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [cut(line, size, width) for line in lines if line]


def written(text: str) -> str:
    """The text with letters that can be drawn, on one line."""
    plain = " ".join(text.split())[:LONGEST_TEXT]
    name = _name_for(plain)
    return "".join(letter if _has(name, letter) else REPLACEMENT for letter in plain)


def type_for(text: str, size: int) -> Type:
    """The type that a text is drawn in: pillow's own, or one of the system that has its letters."""
    return _type(_name_for(" ".join(text.split())[:LONGEST_TEXT]), size)


def _name_for(text: str) -> str:
    """Name of the type that lacks the fewest letters of a text; empty for pillow's own."""
    if all(_has("", letter) for letter in text):
        return ""
    lacking = {
        name: sum(not _has(name, letter) for letter in text) for name in ("", *_known_types())
    }
    return min(lacking, key=lambda name: lacking[name])


@cache
def _known_types() -> tuple[str, ...]:
    """Those of the other types that this system has."""
    known = []
    for name in OTHER_TYPES:
        try:
            _type(name, 12)
        except OSError:
            continue
        known.append(name)
    return tuple(known)


@cache
def _has(name: str, letter: str) -> bool:
    """Whether a type has a letter, and it can be drawn by itself, from left to right."""
    if not letter.isprintable() or unicodedata.bidirectional(letter) in ("R", "AL"):
        return False
    if not name:
        return ord(letter) <= LAST_LETTER
    return letter == " " or _shape(name, letter) != _shape(name, _MISSING)


@cache
def _shape(name: str, letter: str) -> bytes:
    picture = Image.new("L", (32, 32))
    ImageDraw.Draw(picture).text((4, 4), letter, fill=255, font=_type(name, 16))
    return picture.tobytes()


@cache
def _type(name: str, size: int) -> Type:
    if not name:
        return ImageFont.load_default(size)
    return ImageFont.truetype(name, size)
