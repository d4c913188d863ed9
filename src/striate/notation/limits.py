"""How large a text may grow before nothing more of it is read: hostile texts end in a message."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from striate.errors import TextError
from striate.source import Span

MOST_NODES: Final = 10_000
MOST_STREAMS: Final = 1_000
MOST_MISTAKES: Final = 20
MOST_CALLS: Final = 200
"""Definitions inside one another."""
DEEPEST_NESTING: Final = 1_500
"""Expressions inside one another, definitions and parentheses together."""
MOST_STEPS: Final = 100_000
"""Work of one elaboration, in evaluations of an expression; HRNet-W48 needs 12,000."""
STEPS_OF_A_CALL: Final = 8
"""About what calling a definition costs."""
STEPS_OF_A_LAYER: Final = 8


class LimitExceeded(TextError):
    """The text asks for more work than any real network; nothing more of it is read."""


class Budget:
    """The work left for one elaboration, and how deep it is nested now."""

    def __init__(self) -> None:
        self.steps = 0
        self.depth = 0

    def expect(self, more: int, span: Span) -> None:
        """Stops at once where `more` steps would go past the limit.

        Raises:
            LimitExceeded: they would.
        """
        if self.steps + more > MOST_STEPS:
            raise LimitExceeded.of(
                "too-much-work",
                "this text asks for more work than any network needs",
                "a repetition, list or recursion in it is too large",
                span=span,
            )

    def spend(self, steps: int, span: Span) -> None:
        """Counts work that is done now.

        Raises:
            LimitExceeded: there is none left.
        """
        self.steps += steps
        if self.steps > MOST_STEPS:
            self.expect(0, span)


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Room for the deepest text that the limits allow; Python calling Python needs no C stack."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 25 * DEEPEST_NESTING))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def too_many_nodes(count: int, span: Span) -> LimitExceeded:
    """The network is larger than any real one."""
    about = f"{count:,}" if count < 10**9 else f"10^{len(str(count)) - 1}"
    return LimitExceeded.of(
        "too-many-layers",
        f"this makes the network larger than {MOST_NODES:,} layers (about {about})",
        "the largest published networks have a few thousand",
        span=span,
    )


def too_many_streams(count: int, span: Span) -> LimitExceeded:
    """More values side by side than any real network has."""
    return LimitExceeded.of(
        "too-many-streams",
        f"{count:,} streams side by side; the most is {MOST_STREAMS:,}",
        "a tuple of tuples is flat: ((a, b), (a, b)) has four streams",
        span=span,
    )


def calls_itself(name: str, span: Span) -> LimitExceeded:
    """Definitions call each other without end."""
    return LimitExceeded.of(
        "endless-recursion",
        f"'{name}' calls itself more than {MOST_CALLS} times",
        "a recursion needs an end: if d > 0 then ...",
        span=span,
    )


def nested_too_deep(span: Span) -> LimitExceeded:
    """Definitions inside definitions inside parentheses."""
    return LimitExceeded.of(
        "too-deep",
        "definitions and parentheses are nested too deeply here",
        "a recursion needs an end, and lists and networks are best built by loops",
        span=span,
    )
