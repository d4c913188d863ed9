"""Names of files, classes and splits: what they mean, how they are shown, which are refused."""

from __future__ import annotations

import unicodedata

LONGEST_SHOWN = 80


def shown(name: str) -> str:
    r"""A name as it can stand in a message: one line, nothing that steers a terminal, not endless.

    >>> print(shown("a\nb"))
    a\nb
    """
    plain = "".join(_visible(letter) for letter in name)
    if len(plain) <= LONGEST_SHOWN:
        return plain
    half = LONGEST_SHOWN // 2
    return f"{plain[: half - 1]}...{plain[-half + 2 :]}"


def composed(name: str) -> str:
    """A name in Unicode's composed form (NFC), so that `é` equals `e` with an accent behind it."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def is_printable(name: str) -> bool:
    """Whether a name has no line breaks, control characters or bytes that are not UTF-8."""
    return (name.isascii() and name.isprintable()) or not any(map(_is_hidden, name))


def _visible(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii") if _is_hidden(letter) else letter


def _is_hidden(letter: str) -> bool:
    # Control, format (among them those that turn the writing around), surrogate, line, paragraph.
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")
