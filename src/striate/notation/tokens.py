"""The words and signs of the notation."""

from __future__ import annotations

from typing import Final, NamedTuple


class Token(NamedTuple):
    """A word or sign of a text.

    kind: the sign or keyword itself, in ASCII; or what sort of word: name, int, float, dims, text,
        label, ref, projection, field, _, comment, end.
    indent: the column, from 0, of the first token of a line; -1 for the others.
    """

    kind: str
    text: str
    start: int
    end: int
    indent: int = -1


KEYWORDS: Final = frozenset("if then else for in where as use set and or not".split())
ASCII_SIGNS: Final = {"→": "->", "⟶": "->", "×": "*", "⊕": "+", "∥": "|", "⊙": "&", "⊗": "&"}
CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}
CLOSING: Final = frozenset(CLOSERS.values())
COMPARISONS: Final = frozenset("== != < > <= >=".split())
MULTIPLICATIONS: Final = frozenset("* / // %".split())
INFIX: Final = frozenset("-> + - | & ^ ..".split()) | COMPARISONS | MULTIPLICATIONS
# A line that ends in one of these goes on in the next.
UNFINISHED: Final = INFIX | KEYWORDS | frozenset("= := :: : , ( [ { label".split())
# An expression can begin with these.
STARTERS: Final = frozenset(
    "name int float dims text label ref projection _ ( [ { if not -".split()
)
