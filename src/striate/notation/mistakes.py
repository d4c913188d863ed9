"""What goes wrong while a tree is made into a graph: collected, placed, and bounded."""

from __future__ import annotations

from collections.abc import Callable

from striate.errors import Diagnostic, StriateError, TextError
from striate.ir import TensorType, Value
from striate.notation.evaluate import LimitExceeded
from striate.notation.values import Flow
from striate.source import Span

MOST_NODES = 20_000
MOST_MISTAKES = 20
DEEPEST = 200


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
            noted = Diagnostic(one.code, one.reason, place, one.help, one.trail or self._trail())
            self._found.setdefault((one.code, place), noted)
        if len(self._found) >= MOST_MISTAKES and not isinstance(error, LimitExceeded):
            raise LimitExceeded(*list(self._found.values())[-1:])

    def enter(self, name: str, span: Span, flow: Flow) -> None:
        """A definition is called here, with these streams.

        Raises:
            LimitExceeded: definitions call each other without end.
        """
        if len(self._calls) >= DEEPEST:
            raise LimitExceeded.of(
                "too-deep",
                f"'{name}' calls itself more than {DEEPEST} times",
                "a recursion needs an end: if d > 0 then ...",
                span=span,
            )
        self._calls.append((name, span, flow))

    def leave(self) -> None:
        """The latest definition is done."""
        self._calls.pop()

    def _trail(self) -> tuple[str, ...]:
        lines = []
        for name, span, flow in reversed(self._calls):
            types = ", ".join(str(self._type_of(one)) for one in flow.values) if flow else ""
            entered = f" with input {types}" if types else ""
            lines.append(f"{name}, called at line {span.line}{entered}")
        if len(lines) > 8:
            lines[4:-3] = [f"... {len(lines) - 7} more calls ..."]
        return tuple(lines)


def too_many_nodes(count: int, span: Span) -> LimitExceeded:
    """The network is larger than any real one."""
    about = f"{count:,}" if count < 10**9 else f"10^{len(str(count)) - 1}"
    return LimitExceeded.of(
        "too-many-nodes",
        f"this makes the network larger than {MOST_NODES:,} layers (about {about})",
        "the largest published networks have a few thousand",
        span=span,
    )


def _position(diagnostic: Diagnostic) -> tuple[str, int]:
    span = diagnostic.span
    return (span.source.name, span.start) if span else ("", 0)
