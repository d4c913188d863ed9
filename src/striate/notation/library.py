"""Definitions from other texts: the files that `use` names, and the shipped library.

The folder `std` is the list of the shipped blocks: `std/se.cnn` defines `se`. They need no `use`,
unless a definition of the text hides them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from striate.errors import TextError, did_you_mean
from striate.notation import syntax
from striate.notation.parser import parse
from striate.source import Source, Span


@cache
def _std_folder() -> dict[str, Traversable]:
    """The files of the shipped library by the name they define."""
    folder = files(__package__) / "std"
    return {
        entry.name.removesuffix(".cnn"): entry
        for entry in folder.iterdir()
        if entry.name.endswith(".cnn")
    }


def std_names() -> list[str]:
    """Names of the blocks in the shipped library."""
    return sorted(_std_folder())


@cache
def std_file(name: str) -> syntax.File | None:
    """The file of the shipped library that defines a name, in any letter case."""
    entry = _std_folder().get(name.lower())
    return parse(Source(f"std.{name.lower()}", entry.read_text("utf-8"))) if entry else None


def used_file(statement: syntax.Use, span: Span) -> syntax.File:
    """The file that a `use` statement names: beside the text that uses it, or shipped.

    Raises:
        TextError: there is no such file, or its path leads out of the folder of the text.
    """
    if statement.is_library:
        name = statement.path.removeprefix("std.")
        found = std_file(name)
        if found is None:
            raise TextError.of(
                "unknown-library",
                f"the library has no '{name}'{did_you_mean(name, std_names())}",
                f"it has {', '.join(std_names())}",
                span=span,
            )
        return found
    return _beside(statement.path, span)


def _beside(path: str, span: Span) -> syntax.File:
    if path.startswith(("/", "\\")) or ".." in Path(path).parts or not path.endswith(".cnn"):
        raise TextError.of(
            "use-outside",
            f"use takes a .cnn file beside or below this text, not '{path}'",
            "copy the file here; texts never reach outside their folder",
            span=span,
        )
    folder = Path(span.source.name).parent
    target = folder / path
    try:
        return parse(Source(str(target), target.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise TextError.of(
            "use-unreadable", f"cannot read '{path}': {reason}", f"looked for {target}", span=span
        ) from None
