"""Calls of a block that repeat an earlier one: their nodes are copied, not worked out again.

Networks are blocks repeated, so most calls differ from an earlier one in nothing but their place.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from striate.ir import Copy, GraphBuilder, Stretch, Value
from striate.notation.limits import MOST_NODES, MOST_STEPS, Budget
from striate.notation.values import (
    ABSENT,
    Applied,
    Datum,
    Defined,
    Flow,
    Names,
    Place,
    Streams,
)

Key = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class _Call:
    """What running the body of a definition gave.

    steps: the work that it took, which a copy counts as well: limits do not depend on copies.
    keeps: what the key knows by its id only, and must therefore outlive it.
    """

    stretch: Stretch
    result: Streams
    names: Names
    steps: int
    keeps: tuple[Defined, Mapping[str, Datum]]


class Repeats:
    """The calls of one elaboration by all that their outcome depends on."""

    def __init__(self, builder: GraphBuilder, budget: Budget) -> None:
        self._builder = builder
        self._budget = budget
        self._calls: dict[Key, _Call] = {}

    def key(self, defined: Defined, variables: Mapping[str, Datum], flow: Flow) -> Key | None:
        """All that the outcome of a call depends on; None where that cannot be compared."""
        if flow is None:
            return None
        known = [_key(value) for value in variables.values()]
        if None in known:
            return None
        types = tuple(map(self._builder.type_of, flow.values))
        first: dict[Value, int] = {}
        same = tuple([first.setdefault(one, at) for at, one in enumerate(flow.values)])
        return (id(defined.definition), id(defined.file), tuple(known), types, same)

    def again(self, key: Key, place: Place, flow: Streams) -> Streams | None:
        """What a call gives that has the key of an earlier one; None where it has to be run."""
        known = self._calls.get(key)
        if known is None:
            return None
        nodes = len(self._builder.nodes) + len(known.stretch.nodes)
        if nodes > MOST_NODES or self._budget.steps + known.steps > MOST_STEPS:
            return None
        moved = self._builder.again(known.stretch, flow.values, place.path)
        if moved is None:
            return None
        self._budget.steps += known.steps
        _fill(place.names, known.names, moved)
        return _moved(known.result, moved)

    def keep(
        self,
        key: Key,
        stretch: Stretch,
        result: Streams,
        names: Names,
        *,
        steps: int,
        keeps: tuple[Defined, Mapping[str, Datum]],
    ) -> None:
        """Remembers a call."""
        self._calls[key] = _Call(stretch, result, names, steps, keeps)


def _key(value: Datum) -> Hashable:
    """What stands for a value in a key; with its type, since 1 == True; None where nothing can."""
    if isinstance(value, int | float | str):
        return type(value), value
    if isinstance(value, tuple):
        known = tuple([_key(one) for one in value])
        return None if None in known else known
    if isinstance(value, Applied) and not value.arguments:
        target = value.target
        if isinstance(target, Defined):
            return id(target.definition), id(target.file)
        return target, value.spelling, id(value.file)
    return None


def _fill(names: Names, known: Names, moved: Copy) -> None:
    """Gives a scope the labels of an earlier one, with the values of the copy."""
    for label, flow in known.flows.items():
        names.flows[label] = flow if flow is None or flow is ABSENT else _moved(flow, moved)
    for name, scope in known.inner.items():
        inner = names.inner[name] = Names(names if scope.parent else None)
        _fill(inner, scope, moved)


def _moved(flow: Streams, moved: Copy) -> Streams:
    return Streams(tuple([moved(value) for value in flow.values]))
