"""What laying two instances on each other rests on: pairs of parts, and numbers side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TypeVar

from striate.backends.torch_source._terms import MISSING, Atom, Entry, Step

_Part = TypeVar("_Part", Entry, Step)


class Unlike(Exception):
    """The two are not of one shape."""


def merged_atom(left: Atom, right: Atom) -> Atom:
    """The values of the one, then those of the other.

    Raises:
        Unlike: only one of them grows by the rounds of a loop.
    """
    if (left.slope is None) != (right.slope is None):
        raise Unlike
    slope = left.slope and right.slope and merged_atom(left.slope, right.slope)
    return Atom(left.values + right.values, left.kind, slope)


def padded_atom(atom: Atom, rows: int, *, before: bool) -> Atom:
    """With so many more instances that do not have it, in front or behind."""
    gap = (MISSING,) * rows
    slope = atom.slope and padded_atom(atom.slope, rows, before=before)
    return Atom(gap + atom.values if before else atom.values + gap, atom.kind, slope)


def aligned(
    left: Sequence[_Part], right: Sequence[_Part], fits: Callable[[_Part, _Part], int]
) -> list[tuple[_Part | None, _Part | None]]:
    """Pairs in order that fit best in all; parts of one side alone stand between.

    The longest common subsequence by dynamic programming: `best[i][j]` is what the parts from `i`
    and `j` on can reach.

    fits: how well two parts fit, 0 where they do not.
    """
    width = len(right)
    scores = [[fits(one, other) for other in right] for one in left]
    best = [[0] * (width + 1) for _ in range(len(left) + 1)]
    for i, j in product(reversed(range(len(left))), reversed(range(width))):
        paired = scores[i][j]
        best[i][j] = max(best[i + 1][j], best[i][j + 1], paired and paired + best[i + 1][j + 1])
    pairs: list[tuple[_Part | None, _Part | None]] = []
    i = j = 0
    while i < len(left) and j < width:
        paired = scores[i][j]
        if paired and best[i][j] == paired + best[i + 1][j + 1]:
            pairs.append((left[i], right[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            pairs.append((left[i], None))
            i += 1
        else:
            pairs.append((None, right[j]))
            j += 1
    return pairs + [(rest, None) for rest in left[i:]] + [(None, rest) for rest in right[j:]]
