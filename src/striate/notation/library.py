"""Definitions from other texts: the files that `use` names, and the shipped library.

The folder `std` is the list of the shipped blocks: `std/se.cnn` defines `se`. They need no `use`,
unless a definition of the text hides them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from striate.errors import TextError, did_you_mean
from striate.files import why_unreadable
from striate.notation import syntax
from striate.notation.arithmetic import brief
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


Beside = Callable[[Path], str]
"""Reads a file that `use` names, for texts that come from no folder; raises OSError."""


def read_file(path: Path) -> str:
    """The text of a file of this machine."""
    return path.read_text("utf-8")


def used_file(statement: syntax.Use, beside: Beside) -> syntax.File:
    """The file that a `use` statement names: beside the text that uses it, or shipped.

    Raises:
        TextError: there is no such file, or its path leads out of the folder of the text.
    """
    span = statement.span
    if statement.is_library:
        name = statement.path.removeprefix("std.")
        found = std_file(name)
        if found is None:
            raise TextError.of(
                "unknown-library",
                f"the library has no '{brief(name)}'{did_you_mean(name, std_names())}",
                f"it has {brief(', '.join(std_names()), 250)}",
                span=span,
            )
        return found
    return _beside(statement.path, span, beside)


def _beside(path: str, span: Span, beside: Beside) -> syntax.File:
    leads_out = path.startswith("/") or ".." in Path(path).parts or "\\" in path or ":" in path
    if leads_out or not path.endswith(".cnn"):
        raise TextError.of(
            "use-outside",
            f"use takes a .cnn file beside or below this text, not '{brief(path)}'",
            "copy the file here; texts never reach outside their folder",
            span=span,
        )
    target = Path(span.source.name).parent / path
    try:
        return parse(Source(str(target), beside(target)))
    except (OSError, ValueError) as problem:
        raise TextError.of(
            "use-unreadable",
            f"cannot read '{brief(path)}': {why_unreadable(problem)}",
            f"looked for {brief(str(target), 200)}",
            span=span,
        ) from None
