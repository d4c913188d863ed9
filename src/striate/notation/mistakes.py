"""What goes wrong while a tree is made into a graph: collected, placed, each told once."""

from __future__ import annotations

from collections.abc import Callable

from striate.errors import Diagnostic, StriateError, TextError
from striate.ir import TensorType, Value
from striate.notation.limits import MOST_CALLS, MOST_MISTAKES, LimitExceeded, calls_itself
from striate.notation.values import Flow
from striate.source import Span

LONGEST_TRAIL = 8


class Mistakes:
    """The mistakes found so far, each once, with the chain of definitions that led to it."""

    def __init__(self, type_of: Callable[[Value], TensorType]) -> None:
        self._type_of = type_of
        self._found: dict[tuple[str, Span | None], Diagnostic] = {}
        self._calls: list[tuple[str, Span, Flow]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def error(self) -> TextError:
        """All of them, in the order of the text."""
        return TextError(*sorted(self._found.values(), key=_position))

    def note(self, error: StriateError, span: Span | None) -> None:
        """Writes a mistake down; `span` is its place where it says none itself.

        Raises:
            LimitExceeded: there are so many that reading on helps nobody.
        """
        for one in error.diagnostics:
            place = one.span or span
            trail = _shortened((*one.trail, *self._trail(place)))
            noted = Diagnostic(one.code, one.reason, place, one.help, trail)
            self._found.setdefault((one.code, place), noted)
        if len(self._found) >= MOST_MISTAKES and not isinstance(error, LimitExceeded):
            raise LimitExceeded(*list(self._found.values())[-1:])

    def enter(self, name: str, span: Span, flow: Flow) -> None:
        """A definition is called here, with these streams.

        Raises:
            LimitExceeded: definitions call each other without end.
        """
        if len(self._calls) >= MOST_CALLS:
            (endless,) = calls_itself(name, span).diagnostics
            trail = _shortened(self._trail(span))
            raise LimitExceeded(Diagnostic(endless.code, endless.reason, span, endless.help, trail))
        self._calls.append((name, span, flow))

    def leave(self) -> None:
        """The latest definition is done."""
        self._calls.pop()

    def _trail(self, place: Span | None) -> tuple[str, ...]:
        lines = []
        for name, span, flow in reversed(self._calls):
            types = ", ".join([str(self._type_of(one)) for one in flow.values[:4]]) if flow else ""
            entered = f" with input {types}" if types else ""
            lines.append(f"{name}, called at {_where(span, place)}{entered}")
        return tuple(lines)


def located(error: TextError, span: Span) -> TextError:
    """The error with a place, unless it already has one."""
    first, *rest = error.diagnostics
    if first.span is not None:
        return error
    return type(error)(Diagnostic(first.code, first.reason, span, first.help, first.trail), *rest)


def called(error: TextError, name: str, span: Span) -> TextError:
    """The error with one more line that says which call led to it."""
    first, *rest = error.diagnostics
    line = f"{name}, called at {_where(span, first.span)}"
    trail = (*first.trail, line)
    return type(error)(Diagnostic(first.code, first.reason, first.span, first.help, trail), *rest)


def _where(span: Span, mistake: Span | None) -> str:
    """`line 3`, with the file where it is not that of the mistake."""
    same = mistake is None or span.source is mistake.source
    return f"line {span.line}" if same else f"{span.source.name}:{span.line}"


def _shortened(trail: tuple[str, ...]) -> tuple[str, ...]:
    if len(trail) <= LONGEST_TRAIL:
        return trail
    return (*trail[:4], f"... {len(trail) - 7} more calls ...", *trail[-3:])


def _position(diagnostic: Diagnostic) -> tuple[str, int]:
    span = diagnostic.span
    return (span.source.name, span.start) if span else ("", 0)
