"""Lays two instances on each other: one class for both, where they differ only in numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import TypeVar

from striate.backends.torch_source._terms import (
    MISSING,
    Atom,
    Bare,
    Body,
    Entry,
    Group,
    Make,
    Plain,
    Step,
    Term,
)

_MOST_OPTIONAL = 3
_MOST_CHOICES = 3


class Unlike(Exception):
    """The two are not of one shape."""


_Part = TypeVar("_Part", Entry, Step)


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
        steps, outputs = _Flow(left, right).merged()
    first, last = (_atom(a, b) for a, b in zip(left.channels, right.channels, strict=True))
    made = replace(left, entries=entries, steps=steps, outputs=outputs, channels=(first, last))
    _check_readable(made)
    return made


def _check_readable(body: Body) -> None:
    """Few parts that only some instances have."""
    optional = _optional(body.entries)
    joins = sum(not all(step.present) and not step.target for step in body.steps)
    if optional > _MOST_OPTIONAL or 2 * optional > len(body.entries) or joins > _MOST_OPTIONAL:
        raise Unlike


def _atom(left: Atom, right: Atom) -> Atom:
    if (left.slope is None) != (right.slope is None):
        raise Unlike
    slope = left.slope and right.slope and _atom(left.slope, right.slope)
    return Atom(left.values + right.values, left.kind, slope)


def _term(left: Term, right: Term, rows: tuple[int, int]) -> Term:
    match left, right:
        case Make(), Make():
            return _make(left, right)
        case Bare(), Bare() if len(left.sizes) == len(right.sizes):
            sizes = tuple(_atom(a, b) for a, b in zip(left.sizes, right.sizes, strict=True))
            return Bare(sizes, _atom(left.value, right.value))
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
        name: _atom(
            own.get(name) or _default(defaults[name], name, left),
            other.get(name) or _default(defaults[name], name, right),
        )
        for name in names
    }
    return replace(
        left,
        callee=_atom(left.callee, right.callee),
        arguments=tuple(filled.items()),
        positional=max(left.positional, right.positional),
    )


def _default(value: Plain, name: str, make: Make) -> Atom:
    """What a call takes without saying it, in the instances that have the call."""
    return Atom(tuple(MISSING if one is MISSING else value for one in make.callee.values), name)


def _aligned(
    left: Sequence[_Part], right: Sequence[_Part], fits: Callable[[_Part, _Part], int]
) -> list[tuple[_Part | None, _Part | None]]:
    """Pairs in order, the most of them that fit; parts of one side alone stand between."""
    width = len(right)
    best = [[0] * (width + 1) for _ in range(len(left) + 1)]
    for i, j in product(reversed(range(len(left))), reversed(range(width))):
        paired = fits(left[i], right[j])
        best[i][j] = max(best[i + 1][j], best[i][j + 1], paired and paired + best[i + 1][j + 1])
    pairs: list[tuple[_Part | None, _Part | None]] = []
    i = j = 0
    while i < len(left) and j < width:
        paired = fits(left[i], right[j])
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

    pairs = _aligned(left, right, fits)
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
        _term(left.term, right.term, rows),
        left.present + right.present,
        _atom(left.count, right.count),
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
        _padded_atom(entry.count, rows, before=before),
        entry.pattern,
        entry.is_filled,
    )


def _padded_atom(atom: Atom, rows: int, *, before: bool) -> Atom:
    gap = (MISSING,) * rows
    slope = atom.slope and _padded_atom(atom.slope, rows, before=before)
    return Atom(gap + atom.values if before else atom.values + gap, atom.kind, slope)


def _padded(term: Term, rows: int, *, before: bool) -> Term:
    """The same with nothing for the instances of the other side."""

    def pad(atom: Atom) -> Atom:
        return _padded_atom(atom, rows, before=before)

    match term:
        case Make():
            arguments = tuple((name, pad(atom)) for name, atom in term.arguments)
            return replace(term, callee=pad(term.callee), arguments=arguments)
        case Bare():
            return Bare(tuple(map(pad, term.sizes)), pad(term.value))
        case Group():
            inner = (_padded_entry(entry, rows, before=before) for entry in term.entries)
            return Group(term.kind, tuple(inner))


class _Flow:
    """The forward passes of two bodies as one, in which steps of one alone may be passed by."""

    def __init__(self, left: Body, right: Body) -> None:
        self.left = left
        self.right = right
        self.pairs = _aligned(left.steps, right.steps, lambda a, b: int(a.key == b.key))

    def merged(self) -> tuple[tuple[Step, ...], tuple[int, ...]]:
        """Steps and outputs; what an absent step gives on is tried out."""
        open_ = [a or b for a, b in self.pairs if not (a and b)]
        for step in open_:
            if step is None or len(step.outputs) != 1 or not step.inputs or step.body:
                raise Unlike
            if step.target and len(step.inputs) > 1:
                raise Unlike
        several = [step for step in open_ if step and len(step.inputs) > 1]
        if len(several) > _MOST_CHOICES:
            raise Unlike
        for choice in product(*(range(len(step.inputs)) for step in several)):
            try:
                return self._with(list(choice))
            except Unlike:
                continue
        raise Unlike

    def _with(self, choice: list[int]) -> tuple[tuple[Step, ...], tuple[int, ...]]:
        self.total = len(self.left.inputs)
        self.passed: tuple[dict[int, int], dict[int, int]] = {}, {}
        places = ({n: n for n in range(self.total)}, {n: n for n in range(self.total)})
        self.places = places
        steps = []
        for a, b in self.pairs:
            if a and b:
                steps.append(self._both(a, b))
            else:
                lone = a or b
                assert lone
                bypass = choice.pop(0) if len(lone.inputs) > 1 else 0
                steps.append(self._alone(lone, 0 if a else 1, bypass))
        pairs = zip(self.left.outputs, self.right.outputs, strict=False)
        if len(self.left.outputs) != len(self.right.outputs):
            raise Unlike
        return tuple(steps), tuple(self._value(a, b) for a, b in pairs)

    def _both(self, a: Step, b: Step) -> Step:
        inputs = tuple(self._value(x, y) for x, y in zip(a.inputs, b.inputs, strict=True))
        outputs = self._fresh(len(a.outputs))
        self.places[0].update(zip(a.outputs, outputs, strict=True))
        self.places[1].update(zip(b.outputs, outputs, strict=True))
        if not (all(a.present) and all(b.present)) and a.bypass != b.bypass:
            optional = [step for step in (a, b) if not all(step.present)]
            if len(optional) > 1:
                raise Unlike
            a = replace(a, bypass=optional[0].bypass)
        body = tuple(self._inner(x, y) for x, y in zip(a.body, b.body, strict=True))
        return replace(
            a,
            inputs=inputs,
            outputs=outputs,
            atoms=tuple(_atom(x, y) for x, y in zip(a.atoms, b.atoms, strict=True)),
            present=a.present + b.present,
            body=body,
        )

    def _inner(self, a: Step, b: Step) -> Step:
        """A step of the rounds of two loops, which must take and give the same."""
        if (a.inputs, a.outputs) != (b.inputs, b.outputs):
            raise Unlike
        atoms = tuple(_atom(x, y) for x, y in zip(a.atoms, b.atoms, strict=True))
        return replace(a, atoms=atoms, present=a.present + b.present)

    def _alone(self, step: Step, side: int, bypass: int) -> Step:
        inputs = tuple(self.places[side][value] for value in step.inputs)
        outputs = self._fresh(1)
        self.places[side][step.outputs[0]] = outputs[0]
        self.passed[1 - side][outputs[0]] = inputs[bypass]
        rows = self.right.rows if side == 0 else self.left.rows
        before = side == 1
        absent = (False,) * rows
        if not all(step.present) and step.bypass != bypass:
            raise Unlike
        return replace(
            step,
            inputs=inputs,
            outputs=outputs,
            atoms=tuple(_padded_atom(atom, rows, before=before) for atom in step.atoms),
            present=absent + step.present if before else step.present + absent,
            bypass=bypass,
        )

    def _fresh(self, number: int) -> tuple[int, ...]:
        self.total += number
        return tuple(range(self.total - number, self.total))

    def _value(self, a: int, b: int) -> int:
        """The value that is `a` for the instances of the left and `b` for those of the right."""
        wanted = self.places[0][a], self.places[1][b]
        for candidate in wanted:
            if (
                self._seen(0, candidate) == self._seen(0, wanted[0])
                and self._seen(1, candidate) == self._seen(1, wanted[1])
                and (candidate == wanted[0] or self._passes(0, candidate, wanted[0]))
                and (candidate == wanted[1] or self._passes(1, candidate, wanted[1]))
            ):
                return candidate
        raise Unlike

    def _passes(self, side: int, value: int, wanted: int) -> bool:
        """`value` is `wanted`, given on by steps that instances of this side lack."""
        while value in self.passed[side]:
            value = self.passed[side][value]
            if value == wanted:
                return True
        return False

    def _seen(self, side: int, value: int) -> int:
        """The value that instances of one side have in its place."""
        while value in self.passed[side]:
            value = self.passed[side][value]
        return value


def merged_terms(left: Term, right: Term, rows: tuple[int, int]) -> Term:
    """One part for the instances of both.

    Raises:
        Unlike: they are not of one shape.
    """
    return _term(left, right, rows)
