"""Lays two instances on each other: one class for both, where they differ only in numbers.

Anti-unification: parts of one shape become one, whose numbers are rows with a value for each
instance. A part that one side lacks has `MISSING` in its place there. What would read badly, being
more conditions than parts, is refused like what does not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from striate.backends.torch_source._align import Unlike, aligned, merged_atom, padded_atom
from striate.backends.torch_source._merge_steps import merged_steps
from striate.backends.torch_source._terms import (
    MISSING,
    Atom,
    Bare,
    Body,
    Entry,
    Group,
    Make,
    Plain,
    Term,
)

_MOST_OPTIONAL = 3


def merged(left: Body, right: Body) -> Body:
    """One class for all instances of both.

    Raises:
        Unlike: their parts, or how values go through them, differ too much.
    """
    if (left.base, left.inputs, left.is_numbered) != (right.base, right.inputs, right.is_numbered):
        raise Unlike
    rows = left.rows, right.rows
    is_fixed = left.is_numbered
    entries = _entries(left.entries, right.entries, rows, by_name=left.base == "Module")
    if is_fixed and any(not all(entry.present) for entry in entries):
        raise Unlike
    steps, outputs = left.steps, left.outputs
    if left.base == "Module" or is_fixed:
        steps, outputs = merged_steps(left, right)
    first, last = (merged_atom(a, b) for a, b in zip(left.channels, right.channels, strict=True))
    made = replace(left, entries=entries, steps=steps, outputs=outputs, channels=(first, last))
    _check_readable(made)
    return made


def _check_readable(body: Body) -> None:
    """Few parts that only some instances have."""
    optional = _optional(body.entries)
    joins = sum(not all(step.present) and not step.target for step in body.steps)
    if optional > _MOST_OPTIONAL or 2 * optional > len(body.entries) or joins > _MOST_OPTIONAL:
        raise Unlike


def merged_terms(left: Term, right: Term, rows: tuple[int, int]) -> Term:
    """One part for the instances of both.

    rows: number of instances of each.

    Raises:
        Unlike: they are not of one shape.
    """
    match left, right:
        case Make(), Make():
            return _make(left, right)
        case Bare(), Bare() if len(left.sizes) == len(right.sizes):
            sizes = tuple(merged_atom(a, b) for a, b in zip(left.sizes, right.sizes, strict=True))
            return Bare(sizes, merged_atom(left.value, right.value))
        case Group(), Group() if left.kind == right.kind:
            by_name = left.kind != "Sequential" or not _is_numbered(left)
            entries = _entries(left.entries, right.entries, rows, by_name=by_name)
            if by_name and _optional(entries):
                raise Unlike
            return Group(left.kind, entries)
        case _:
            raise Unlike


def _is_numbered(group: Group) -> bool:
    return all(entry.name.isdecimal() for entry in group.entries)


def _make(left: Make, right: Make) -> Make:
    same_class = left.callee.known[:1] == right.callee.known[:1]
    plain_acts = left.glyph == right.glyph == "act" and not (left.arguments or right.arguments)
    is_same = same_class and left.callee.is_constant and right.callee.is_constant
    if not (is_same or plain_acts):
        raise Unlike
    if left.zeroed != right.zeroed or left.has_state != right.has_state:
        raise Unlike
    own, other = dict(left.arguments), dict(right.arguments)
    defaults = dict(left.defaults) | dict(right.defaults)
    names = list(dict.fromkeys([*own, *other]))
    if any(name not in defaults for name in names if name not in own or name not in other):
        raise Unlike
    filled = {
        name: merged_atom(
            own.get(name) or _default(defaults[name], name, left),
            other.get(name) or _default(defaults[name], name, right),
        )
        for name in names
    }
    return replace(
        left,
        callee=merged_atom(left.callee, right.callee),
        arguments=tuple(filled.items()),
        positional=max(left.positional, right.positional),
    )


def _default(value: Plain, name: str, make: Make) -> Atom:
    """What a call takes without saying it, in the instances that have the call."""
    return Atom(tuple(MISSING if one is MISSING else value for one in make.callee.values), name)


def _entries(
    left: Sequence[Entry], right: Sequence[Entry], rows: tuple[int, int], *, by_name: bool
) -> tuple[Entry, ...]:
    def fits(one: Entry, other: Entry) -> int:
        if by_name:
            return int(one.name == other.name)
        try:
            _entry(one, other, rows)
        except Unlike:
            return 0
        return 2 + _is_alike(one.term, other.term)

    pairs = aligned(left, right, fits)
    if by_name and len({entry.name for pair in pairs for entry in pair if entry}) < len(pairs):
        raise Unlike
    found = tuple(_either(a, b, rows) for a, b in pairs)
    optional = _optional(found)
    if optional > _MOST_OPTIONAL or 2 * optional > len(found) + 1:
        raise Unlike
    return found


def _optional(entries: Sequence[Entry]) -> int:
    """How many parts some instances lack, of those that have any of them."""
    ever = tuple(map(any, zip(*(entry.present for entry in entries), strict=True)))
    return sum(entry.present != ever for entry in entries)


def _is_alike(one: Term, other: Term) -> bool:
    return isinstance(one, Make) and isinstance(other, Make) and one.callee == other.callee


def _either(a: Entry | None, b: Entry | None, rows: tuple[int, int]) -> Entry:
    if a and b:
        return _entry(a, b, rows)
    for lone in (a, b):
        if lone and isinstance(lone.term, Group) and lone.term.kind != "Sequential":
            raise Unlike  # its parts are called one by one
    if a:
        return _padded_entry(a, rows[1], before=False)
    assert b
    return _padded_entry(b, rows[0], before=True)


def _entry(left: Entry, right: Entry, rows: tuple[int, int]) -> Entry:
    if left.pattern != right.pattern:
        raise Unlike
    if _is_gap(left) != _is_gap(right):
        kept = right if _is_gap(left) else left
        before = kept is right
        padded = _padded_entry(kept, rows[0] if before else rows[1], before=before)
        return replace(padded, is_filled=True)
    return Entry(
        left.name,
        merged_terms(left.term, right.term, rows),
        left.present + right.present,
        merged_atom(left.count, right.count),
        left.pattern,
        left.is_filled or right.is_filled,
    )


def _is_gap(entry: Entry) -> bool:
    """It only keeps a number."""
    term = entry.term
    return isinstance(term, Make) and term.glyph == "" and term.callee.known[:1] == ["nn.Identity"]


def _padded_entry(entry: Entry, rows: int, *, before: bool) -> Entry:
    absent = (False,) * rows
    return Entry(
        entry.name,
        _padded(entry.term, rows, before=before),
        absent + entry.present if before else entry.present + absent,
        padded_atom(entry.count, rows, before=before),
        entry.pattern,
        entry.is_filled,
    )


def _padded(term: Term, rows: int, *, before: bool) -> Term:
    """The same with nothing for the instances of the other side."""

    def pad(atom: Atom) -> Atom:
        return padded_atom(atom, rows, before=before)

    match term:
        case Make():
            arguments = tuple((name, pad(atom)) for name, atom in term.arguments)
            return replace(term, callee=pad(term.callee), arguments=arguments)
        case Bare():
            return Bare(tuple(map(pad, term.sizes)), pad(term.value))
        case Group():
            inner = (_padded_entry(entry, rows, before=before) for entry in term.entries)
            return Group(term.kind, tuple(inner))
