"""What a class takes: the numbers in which its instances differ, named, and those that follow."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterator, Sequence
from itertools import chain, combinations

from striate.backends.torch_source._argument import USUALLY_ONE, Parameter, is_channels
from striate.backends.torch_source._layers_of_torch import RESERVED
from striate.backends.torch_source._literals import literal
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
    atoms_of,
    same,
)

_LARGEST_FACTOR = 16
_NAMES = {"p": "drop", "callee": "activation", "num_groups": "groups"}
_SHORTCUT = "shortcut"
_VAGUE = {"block", "body", "branch", "conv", "f", "layers", "main"}
"""Labels that say less than the class of what is in them."""
_BUILT_IN = {"type", "input", "range", "int", "nn", "torch", "self", "super", "len"}


class Parameters:
    """The arguments of a class, and the expression in them for each of its numbers."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.all: list[Parameter] = []
        self.kept: dict[str, str] = {}
        self.texts: dict[tuple[tuple[Plain, ...], str], str] = {}
        self.fuller = _fuller(body)
        for entry in body.entries:
            self._learn(entry)
        for step in body.steps:
            self._learn_step(step)
        self.flags = {present: self._flag(present, name) for present, name in self._optional(body)}
        self.all.sort(key=lambda one: one.default is not MISSING)

    def text(self, atom: Atom) -> str:
        """The expression for an argument; that of a loop has `i` in it."""
        if atom.slope is not None:
            return self._line(atom, atom.slope)
        if atom.is_constant:
            return literal(atom.known[0])
        return self.texts[atom.values, _family(atom.kind)]

    def _line(self, atom: Atom, slope: Atom) -> str:
        """What an argument is in round `i`."""
        base, step = self.text(Atom(atom.values, atom.kind)), self.text(slope)
        first, by = atom.values[0], slope.values[0]
        if isinstance(first, float) and isinstance(by, float):
            rounds = round(first / by)
            if math.isclose(rounds * by, first, rel_tol=1e-9, abs_tol=1e-12):
                return f"({step}) * (i + {rounds})" if rounds else f"({step}) * i"
        return f"({base}) + i" if step == "1" else f"({base}) + ({step}) * i"

    def flag(self, present: tuple[bool, ...], within: tuple[bool, ...] = ()) -> str:
        """The condition under which a part is there; empty where what is around it says it."""
        return "" if covers(present, within) else self.flags[present]

    def kept_text(self, atom: Atom) -> str:
        """The expression for a number of the forward pass."""
        text = self.text(atom)
        if atom.is_constant:
            return text
        name = text if text.isidentifier() else _NAMES.get(atom.kind, atom.kind) or "value"
        return self.keep(name, text)

    def keep(self, name: str, text: str) -> str:
        """The attribute that keeps what the forward pass needs."""
        taken = {entry.name for entry in self.body.entries} | RESERVED
        while name in taken or self.kept.get(name, text) != text:
            name += "_"
        self.kept[name] = text
        return f"self.{name}"

    def _learn(self, entry: Entry) -> None:
        for owner, atom in _numbers(entry.term, entry.name):
            self._express(atom, owner)
        self._express(entry.count, entry.name)

    def _learn_step(self, step: Step) -> None:
        for atom in step.atoms:
            self._express(atom, step.target)
        for inner in step.body:
            self._learn_step(inner)

    def _express(self, atom: Atom, owner: str) -> None:
        if atom.slope is not None:
            self._express(atom.slope, owner)
        if atom.is_constant:
            return
        key = atom.values, _family(atom.kind)
        if key not in self.texts:
            whole = self.fuller.get(key, atom)
            self.texts[key] = self._derived(whole) or self._new(whole, owner)

    def _new(self, atom: Atom, owner: str) -> str:
        name, values = self._name(atom, owner), atom.values
        for anchor in self.body.channels:
            if is_channels(atom.kind) and _agrees(values, anchor.values):
                values = anchor.values
        self.all.append(Parameter(name, atom.kind, values))
        return name

    def _name(self, atom: Atom, owner: str) -> str:
        taken = {one.name for one in self.all} | _BUILT_IN
        first, last = self.body.channels
        if is_channels(atom.kind):
            enters, leaves = _agrees(atom.values, first.values), _agrees(atom.values, last.values)
            role = "channels" if enters and leaves else "in_channels" if enters else "out_channels"
            words = [role] if enters or leaves else ["width"]
            words.append(f"{owner}_channels" if owner else "width")
        else:
            plain = _NAMES.get(atom.kind, atom.kind) or "value"
            words = [plain, f"{owner}_{plain}"]
        known = [one for one in words if one.isidentifier()]
        numbered = (f"{known[-1]}{at}" for at in range(2, 10_000))
        return next(one for one in chain(known, numbered) if one not in taken)

    def _derived(self, atom: Atom) -> str:
        """An expression in what is there already, if a plain one gives the same numbers."""
        for text, values in self._candidates(atom):
            if _agrees(atom.values, values):
                return text
        return ""

    def _candidates(self, atom: Atom) -> Iterator[tuple[str, Sequence[Plain]]]:
        family = _family(atom.kind)
        alike = [one for one in self.all if _family(one.kind) == family]
        yield from ((one.name, one.values) for one in alike)
        channels = [one for one in self.all if is_channels(one.kind)]
        if family == "groups":
            yield from ((one.name, one.values) for one in channels)
            for (values, kind), text in self.texts.items():
                if kind == "channels" and "+" not in text and "-" not in text:
                    yield text, values
        if family == "padding":
            for one in self.all:
                if one.kind == "dilation":
                    yield one.name, one.values
                if one.kind == "kernel_size":
                    yield f"{one.name} // 2", _halves(one.values)
        if family == "channels":
            yield from _multiples(channels)
            yield from _sums(channels, len(set(atom.known)))

    def _optional(self, body: Body) -> Iterator[tuple[tuple[bool, ...], str]]:
        """Parts and steps that only some instances have."""
        for entry in body.entries:
            yield from _optional_parts(entry)
        for step in body.steps:
            if not all(step.present) and not step.target:
                yield step.present, _SHORTCUT if step.verb == "+" else "gate"

    def _flag(self, present: tuple[bool, ...], owner: str) -> str:
        """A condition on what is there already that says which instances have a part."""
        tests = list(self._tests())
        for one in self.all if owner != _SHORTCUT else ():
            known = tuple(value is not MISSING and value is not None for value in one.values)
            if known == present and one.default is None:
                return f"{one.name} is not None"
        for text, outcome in tests:
            if outcome == present:
                return text
        for (first, left), (second, right) in combinations(tests, 2):
            pairs = list(zip(left, right, strict=True))
            if tuple(a and b for a, b in pairs) == present:
                return f"{first} and {second}"
            if tuple(a or b for a, b in pairs) == present:
                return f"{first} or {second}"
        return self._new_flag(present, owner)

    def _new_flag(self, present: tuple[bool, ...], owner: str) -> str:
        taken = {one.name for one in self.all} | _BUILT_IN
        word = owner if owner.isidentifier() else "extra"
        names = (f"has_{word}{at}" for at in ("", *range(2, 1000)))
        name = next(one for one in names if one not in taken)
        self.all.append(Parameter(name, "flag", present))
        return name

    def _tests(self) -> Iterator[tuple[str, tuple[bool, ...]]]:
        """Comparisons that people would write, with their outcome for each instance."""
        terms = [(one.name, one.values) for one in self.all if is_channels(one.kind)]
        last = self.body.channels[1]
        text = self.texts.get((last.values, "channels"), "")
        if not last.is_constant and text and not text.isidentifier():
            terms.append((text, last.values))
        if last.is_constant:
            terms.append((literal(last.values[0]), last.values))
        for (first, values), (second, others) in combinations(terms, 2):
            if MISSING not in values and MISSING not in others:
                equal = tuple(a == b for a, b in zip(values, others, strict=True))
                yield f"{first} == {second}", equal
                yield f"{first} != {second}", tuple(not value for value in equal)
        for one in self.all:
            if one.kind in (*USUALLY_ONE, "kernel_size") and MISSING not in one.values:
                equal = tuple(value == 1 for value in one.values)
                yield f"{one.name} == 1", equal
                yield f"{one.name} != 1", tuple(not value for value in equal)
            if one.kind == "flag":
                yield one.name, tuple(bool(value) for value in one.values)


def _family(kind: str) -> str:
    """Kinds that may stand for each other."""
    if is_channels(kind):
        return "channels"
    return re.sub(r"\d+$", "", kind)


def _numbers(term: Term, owner: str) -> Iterator[tuple[str, Atom]]:
    """Arguments below a part, each with a word for whose it is."""
    match term:
        case Make():
            yield owner, term.callee
            for _, atom in term.arguments:
                yield owner, atom
        case Bare():
            for atom in (*term.sizes, term.value):
                yield owner, atom
        case Group():
            words = [_owner(entry.term, owner) for entry in term.entries]
            for entry, word in zip(term.entries, words, strict=True):
                is_alone = words.count(word) == 1 and (owner in _VAGUE or not owner.isidentifier())
                inner = word if is_alone else owner
                inner = entry.name if entry.name.isidentifier() else inner
                yield from _numbers(entry.term, inner)
                yield inner, entry.count


def _owner(term: Term, otherwise: str) -> str:
    if isinstance(term, Make) and term.glyph == "block":
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(term.callee.known[0])).lower()
    return otherwise


def _flag_owner(term: Term) -> str:
    if isinstance(term, Make) and term.glyph != "block" and term.callee.is_constant:
        return str(term.callee.known[0]).rpartition(".")[2].lower()
    return _owner(term, "")


def _optional_parts(
    entry: Entry, within: tuple[bool, ...] = ()
) -> Iterator[tuple[tuple[bool, ...], str]]:
    if not covers(entry.present, within):
        yield entry.present, entry.name if entry.name.isidentifier() else _flag_owner(entry.term)
    if isinstance(entry.term, Group):
        for inner in entry.term.entries:
            yield from _optional_parts(inner, entry.present)


def covers(present: tuple[bool, ...], within: tuple[bool, ...]) -> bool:
    """A part is there in all instances that have what is around it."""
    return all(present) or (bool(within) and all(map(operator.ge, present, within)))


def _fuller(body: Body) -> dict[tuple[tuple[Plain, ...], str], Atom]:
    """For what some instances lack, an argument that has the same numbers in all that have it.

    One name does for both then.
    """
    found: dict[str, dict[tuple[Plain, ...], Atom]] = {}
    parts: list[Entry | Step] = [*body.entries, *body.steps]
    for part in parts:
        for atom in atoms_of(part):
            if atom.slope is None and not atom.is_constant:
                found.setdefault(_family(atom.kind), {})[atom.values] = atom
    pairs: dict[tuple[tuple[Plain, ...], str], Atom] = {}
    for family, atoms in found.items():
        whole = [atom for atom in atoms.values() if MISSING not in atom.values]
        for values in atoms:
            if MISSING in values:
                alike = (atom for atom in whole if _agrees(values, atom.values))
                better = next(alike, None)
                if better:
                    pairs[values, family] = better
    return pairs


def _agrees(values: Sequence[Plain], others: Sequence[Plain]) -> bool:
    """Equal wherever the first are known."""
    pairs = zip(values, others, strict=True)
    return all(one is MISSING or same(one, other) for one, other in pairs)


def _multiples(channels: Sequence[Parameter]) -> Iterator[tuple[str, Sequence[Plain]]]:
    for factor in range(2, _LARGEST_FACTOR + 1):
        for one in channels:
            yield (
                f"{factor} * {one.name}",
                [v * factor if isinstance(v, int) else MISSING for v in one.values],
            )
            if all(not isinstance(v, int) or v % factor == 0 for v in one.values):
                yield (
                    f"{one.name} // {factor}",
                    [v // factor if isinstance(v, int) else MISSING for v in one.values],
                )


def _sums(channels: Sequence[Parameter], kinds: int) -> Iterator[tuple[str, Sequence[Plain]]]:
    """Sums and differences; only where three instances or more bear them out."""
    if kinds < 3:
        return
    for first, second in combinations(channels, 2):
        pairs = list(zip(first.values, second.values, strict=True))
        whole = [(a, b) if isinstance(a, int) and isinstance(b, int) else None for a, b in pairs]
        yield f"{first.name} + {second.name}", [p[0] + p[1] if p else MISSING for p in whole]
        yield f"{first.name} - {second.name}", [p[0] - p[1] if p else MISSING for p in whole]
        yield f"{second.name} - {first.name}", [p[1] - p[0] if p else MISSING for p in whole]


def _halves(values: Sequence[Plain]) -> Sequence[Plain]:
    return [value // 2 if isinstance(value, int) else MISSING for value in values]
