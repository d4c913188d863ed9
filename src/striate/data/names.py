"""Names of files, classes and splits: what they mean, how they are shown, which are refused."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

JOINERS = "\u200c\u200d"
LONGEST_SHOWN = 80
LONGEST_CLASS = 1000  # a longer label is a description, or a file read wrongly

# What folders and files of a split are called, in any case.
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


def split_named(word: str) -> str | None:
    """The split that a word means, in any case; None if it means none."""
    return SPLIT_NAMES.get(word.strip().lower())


def split_of_file(path: str) -> str:
    """The split that the path of a table or shard tells: by file name, else by folder, else train.

    >>> split_of_file("data/test-00000-of-00002.parquet"), split_of_file("valid/0000.tar")
    ('test', 'val')
    """
    whole = PurePosixPath(path)
    for word in (whole.stem, *reversed(whole.parts[:-1])):
        if split := SPLIT_NAMES.get(re.split(r"[-_.]", word.lower())[0]):
            return split
    return "train"


def unusable(name: str) -> str | None:
    """Why a class cannot have this name; None if it can."""
    if not name.strip():
        return "an empty name"
    if len(name) > LONGEST_CLASS:
        return f"a name of {len(name):,} characters; {LONGEST_CLASS:,} are the most"
    if not is_printable(name):
        return "a name with line breaks or control characters"
    return None


def shown(name: str) -> str:
    r"""A name as it can stand in a message: one line, nothing that steers a terminal, not endless.

    >>> print(shown("a\nb"))
    a\nb
    """
    plain = escaped(name)
    if len(plain) <= LONGEST_SHOWN:
        return plain
    half = LONGEST_SHOWN // 2
    return f"{plain[: half - 1]}...{plain[-half + 2 :]}"


def escaped(name: str) -> str:
    """A name in full, as one line with nothing that steers a terminal."""
    return name if is_printable(name) else "".join(map(_visible, name))


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
    # Two of format belong to words: the joiners of Persian, Indic scripts and emoji.
    return letter not in JOINERS and unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")
