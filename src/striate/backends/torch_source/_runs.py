"""Parts in a row that can be made by a loop: equal ones, or some that grow by equal steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from striate.backends.torch_source._terms import Atom, Entry, Make, Plain, same

_FEWEST = 4


def runs(entries: Sequence[Entry]) -> Iterator[tuple[Entry, int, bool]]:
    """Parts with how many alike stand there, and whether each differs from the last by a step."""
    at = 0
    while at < len(entries):
        equal = _equal(entries, at)
        grown = _grown(entries, at) if equal == 1 else None
        if grown is not None and grown[1] >= _FEWEST:
            yield grown[0], grown[1], True
            at += grown[1]
        else:
            yield entries[at], equal, False
            at += equal


def _equal(entries: Sequence[Entry], at: int) -> int:
    first = entries[at]
    end = at + 1
    while end < len(entries) and (entries[end].term, entries[end].count, entries[end].present) == (
        first.term,
        first.count,
        first.present,
    ):
        end += 1
    return end - at


def _grown(entries: Sequence[Entry], at: int) -> tuple[Entry, int] | None:
    """The first part, with the step of each number, and how many follow it so."""
    values = _numbers(entries[at])
    nexts = _numbers(entries[at + 1]) if at + 1 < len(entries) else None
    if values is None or nexts is None or values.keys() != nexts.keys():
        return None
    steps = {name: _step(values[name], nexts[name]) for name in values}
    if any(step is None for step in steps.values()):
        return None
    end = at + 1
    while end < len(entries) and _follows(values, steps, _numbers(entries[end]), end - at):
        end += 1
    term = entries[at].term
    assert isinstance(term, Make)
    arguments = tuple(
        (name, replace(atom, slope=Atom((steps[name],), atom.kind)) if steps[name] else atom)
        for name, atom in term.arguments
    )
    return replace(entries[at], term=replace(term, arguments=arguments)), end - at


def _numbers(entry: Entry) -> dict[str, Plain] | None:
    """What a part is made with; None where it is no call of a single instance."""
    term = entry.term
    if not isinstance(term, Make) or len(entry.present) > 1 or entry.is_filled:
        return None
    return {"": term.callee.values[0]} | {name: atom.values[0] for name, atom in term.arguments}


def _step(one: Plain, other: Plain) -> float | None:
    """What is added from the one to the other; None where neither that nor equal."""
    if same(one, other):
        return 0
    is_number = isinstance(one, int | float) and not isinstance(one, bool)
    if is_number and type(one) is type(other):
        return other - one  # type: ignore[operator]
    return None


def _follows(
    first: dict[str, Plain],
    steps: dict[str, float | None],
    found: dict[str, Plain] | None,
    rounds: int,
) -> bool:
    if found is None or found.keys() != first.keys():
        return False
    return all(_is_at(first[name], steps[name], rounds, found[name]) for name in first)


def _is_at(start: Plain, step: float | None, rounds: int, value: Plain) -> bool:
    """A value is so many steps from the start."""
    if not step:
        return same(start, value)
    if not isinstance(start, int | float) or not isinstance(value, int | float):
        return False
    return math.isclose(value, start + rounds * step, rel_tol=1e-9, abs_tol=1e-12)
