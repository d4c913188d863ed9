"""Everything that can be the user's mistake, as exceptions that explain themselves.

    StriateError
    ├── TextError        the text of a network: spelling, names, shapes; holds every mistake found
    ├── GraphError       a layer or a graph made from Python that cannot be; has no place in a text
    ├── UsageError       an option, argument or file name of a command or of the Python interface
    ├── DataError        images, labels, splits
    ├── TrainingError    a training that cannot go on
    └── BundleError      a run folder or bundle that is damaged, missing or of another version

A broken promise between our own functions is an `assert`, never one of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

from striate.source import Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: where, what was found, what was expected, what to do.

    code: stable, kebab-case; the name of its file in `tests/messages`.
    help: facts and advice, one line each, most important first.
    trail: the definitions that led to the place, innermost first.
    """

    code: str
    reason: str
    span: Span | None = None
    help: tuple[str, ...] = ()
    trail: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"{self.span}: " if self.span else ""
        lines = [f"{where}error: {self.reason}  [{self.code}]"]
        if self.span:
            lines.extend(self.span.excerpt())
        lines.extend(f"   = help: {line}" for line in self.help)
        lines.extend(f"   = in {line}" for line in self.trail)
        return "\n".join(lines)


class StriateError(Exception):
    """The user's mistake, or several independent ones told together."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        assert diagnostics, "an error without a diagnostic says nothing"
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    @classmethod
    def of(cls, code: str, reason: str, *help_: str, span: Span | None = None) -> Self:
        """An error with one mistake."""
        return cls(Diagnostic(code, reason, span, help_))

    @property
    def code(self) -> str:
        """The code of the first mistake."""
        return self.diagnostics[0].code

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.diagnostics))


class TextError(StriateError):
    """The text of a network is wrong."""


class GraphError(StriateError):
    """A layer or graph that cannot be, found where no text is known."""


class UsageError(StriateError):
    """An option, argument or file name that cannot be used."""


class DataError(StriateError):
    """Images, labels or splits that cannot be used."""


class TrainingError(StriateError):
    """A training that cannot go on."""


class BundleError(StriateError):
    """A run folder or bundle that is damaged, missing or of another version."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'conv'?` for the nearest known name, or nothing."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    nearest = get_close_matches(name[:50].lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean '{by_lower[nearest[0]]}'?" if nearest else ""


def listing(names: Sequence[str], most: int = 12) -> str:
    """Names for a message, cut where they would fill the screen."""
    rest = f", ... ({len(names) - most} more)" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
