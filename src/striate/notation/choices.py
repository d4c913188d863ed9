"""Which option is taken at each choice site, and what was taken so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from striate.errors import TextError
from striate.notation import syntax
from striate.notation.values import Datum, Poisoned, Shared

Decide = Callable[[syntax.Expr, int], int]
"""Asked at each choice site with the number of options; gives the index of the one to take."""

FREE_RANGES = {"N": range(1, 4), "M": range(1, 5), "K": range(3)}
"""The notes' free variables: N usually up to 3, K under 3."""


class NoChoices:
    """For texts that must be networks: a choice is a mistake, and one of them is told."""

    def __init__(self) -> None:
        self._is_told = False

    def __call__(self, expr: syntax.Expr, options: int) -> int:
        if self._is_told:
            raise Poisoned
        self._is_told = True
        raise TextError.of(
            "open-choice",
            "this is a pattern, not a network: a choice is left open",
            "fix it with a value, or sample/enumerate the pattern",
            span=expr.span,
        )


class Choices:
    """Takes decisions in the order of elaboration and keeps them."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self._replay: list[int] = []
        self._free: dict[str, int] = {}
        self.taken: list[int] = []

    def __call__(self, expr: syntax.Expr, options: int) -> int:
        if self._replay:
            return self._replay.pop()
        chosen = self._decide(expr, options)
        self.taken.append(chosen)
        return chosen

    def free(self, expr: syntax.Name) -> Datum:
        """The value of a free N, M or K, chosen at its first mention; None for other names."""
        name = expr.name
        if name not in self._free and name in FREE_RANGES:
            options = FREE_RANGES[name]
            self._free[name] = options[self(expr, len(options))]
        return self._free.get(name)

    @contextmanager
    def within(self, shared: Shared) -> Iterator[None]:
        """The choices inside a shared module: its first use takes them, later ones repeat them."""
        before = len(self.taken)
        if shared.is_used:
            self._replay = list(reversed(shared.decisions))
        yield
        if not shared.is_used:
            shared.decisions.extend(self.taken[before:])
            shared.is_used = True
