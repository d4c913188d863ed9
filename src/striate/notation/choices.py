"""Which option is taken at each choice site, and what was taken so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from striate.errors import TextError
from striate.notation import syntax
from striate.notation.values import Datum, FileScope, Poisoned, Shared

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
        self.asked = 0

    def __call__(self, expr: syntax.Expr, options: int) -> int:
        self.asked += 1
        if self._replay:
            return self._replay.pop()
        chosen = self._decide(expr, options)
        self.taken.append(chosen)
        return chosen

    def choose_free(self, network: syntax.Network, scope: FileScope) -> None:
        """Takes the notes' free N, M and K that the text mentions, before all else."""
        for name, mention in free_names(network, scope).items():
            options = FREE_RANGES[name]
            self._free[name] = options[self(mention, len(options))]

    def free(self, expr: syntax.Name) -> Datum:
        """The value of a free N, M or K; None for other names."""
        return self._free.get(expr.name)

    @contextmanager
    def within(self, shared: Shared) -> Iterator[None]:
        """The choices inside a shared module: its first use takes them, later ones repeat them."""
        before = len(self.taken)
        if shared.is_used:
            self._replay = list(reversed(shared.decisions))
        try:
            yield
        finally:
            self._replay.clear()
        if not shared.is_used:
            shared.decisions.extend(self.taken[before:])
            shared.is_used = True


def free_names(network: syntax.Network, scope: FileScope) -> dict[str, syntax.Name]:
    """N, M and K where the text mentions them and gives them no meaning; with a mention of each."""
    found: dict[str, syntax.Name] = {}
    unseen = dict(scope.definitions)
    todo: list[tuple[syntax.Tree, frozenset[str]]] = [(network, frozenset())]
    while todo:
        tree, bound = todo.pop()
        bound |= _names_bound_by(tree)
        if isinstance(tree, syntax.Name) and tree.name not in bound:
            if tree.name in unseen:
                todo.append((unseen.pop(tree.name), frozenset()))
            elif tree.name in FREE_RANGES and tree.name not in scope.definitions:
                found.setdefault(tree.name, tree)
        todo.extend((child, bound) for child in syntax.children(tree))
    return {name: found[name] for name in FREE_RANGES if name in found}


def _names_bound_by(tree: syntax.Tree) -> frozenset[str]:
    match tree:
        case syntax.Definition(parameters=parameters, where=where):
            return frozenset(one.name for one in (*(parameters or ()), *where))
        case syntax.Network(where=where):
            return frozenset(one.name for one in where)
        case syntax.Fold(names=names) | syntax.Comprehension(names=names):
            return frozenset(names)
    return frozenset()
