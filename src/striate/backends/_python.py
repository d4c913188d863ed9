"""What is the same wherever Python is written: signs of functions, names of values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain, count
from keyword import iskeyword
from typing import Final

SIGNS: Final = {"operator.add": "+", "operator.sub": "-", "operator.mul": "*"}
"""Functions that are written between their inputs."""

_LETTERS = ("x", "y", "z", "u", "v", "w")


def spare_name(taken: Collection[str]) -> str:
    """A short name for a value; none of those taken."""
    more = (f"x{number}" for number in count(1))
    return next(name for name in chain(_LETTERS, more) if name not in taken)


def argument_names(labels: Sequence[str], reserved: Collection[str]) -> list[str]:
    """For each input of a function its label, or a short name where Python cannot have that."""
    found: list[str] = []
    for label in labels:
        is_good = label.isidentifier() and not iskeyword(label)
        is_good = is_good and label not in reserved and label not in found
        found.append(label if is_good else spare_name(found))
    return found
