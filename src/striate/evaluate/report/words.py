"""How much room words take in a drawing, where nobody measures letters, and how to shorten them."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

SIZE_PX = 11
# Of the size of the letters, a little more than in the widest of the usual fonts (DejaVu Sans).
NARROW, USUAL, CAPITAL, FULL = 0.42, 0.66, 0.8, 1.05
NARROW_LETTERS = frozenset("fijlrtI.,:;!'|()[]-/ ")
FULL_LETTERS = frozenset("mwMW@%…—")


def width_px(words: str) -> float:
    """About how wide words are, in pixels.

    >>> round(width_px("WWW")), round(width_px("iii")), round(width_px("日本"))
    (35, 14, 23)
    """
    return SIZE_PX * sum(map(_share, words))


def shortened(words: str, most_px: float) -> str:
    """The words, or as much of their beginning and end as fits with a … between.

    Names of classes often differ in their last letters alone.

    >>> shortened("tomato, late blight (leaf, 3)", 120)
    'tomato,…(leaf, 3)'
    """
    if width_px(words) <= most_px:
        return words
    head, tail = "", ""
    left, right = 0, len(words) - 1
    room = most_px - width_px("…")
    while left <= right:
        is_heads_turn = width_px(head) <= width_px(tail)
        letter = words[left] if is_heads_turn else words[right]
        if width_px(head + letter + tail) > room:
            break
        if is_heads_turn:
            head, left = head + letter, left + 1
        else:
            tail, right = letter + tail, right - 1
    return f"{head.rstrip()}…{tail.lstrip()}"


def _share(letter: str) -> float:
    """Width of a letter by its height."""
    if combining(letter):
        return 0.0
    if letter in FULL_LETTERS or east_asian_width(letter) in ("W", "F"):
        return FULL
    if letter in NARROW_LETTERS:
        return NARROW
    return CAPITAL if letter.isupper() else USUAL
