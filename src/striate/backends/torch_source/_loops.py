"""Rounds of like layers under numbered names, such as those of a dense block, as a loop."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from striate.backends.torch_source._align import Unlike
from striate.backends.torch_source._merge import merged_terms
from striate.backends.torch_source._terms import (
    Atom,
    Body,
    Entry,
    Group,
    Make,
    Step,
    Term,
    is_mark,
    single,
)

_FEWEST = 3
_LONGEST_ROUND = 3
_NUMBERED = re.compile(r"(.*?)(\d+)")


def rolled(body: Body) -> Body:
    """The same with loops where they are due."""
    if body.base != "Module":
        return body
    at = 0
    while at < len(body.steps):
        for period in range(1, _LONGEST_ROUND + 1):
            made = _rolled_at(body, at, period)
            if made is not None:
                body = made
                break
        at += 1
    return body


def _rolled_at(body: Body, at: int, period: int) -> Body | None:
    """With the loop that starts at a step, if one does."""
    first = _round(body, at, period)
    if first is None:
        return None
    stem, number, shape = first
    rounds = 1
    carried = body.steps[at].inputs[0]
    while True:
        start = at + rounds * period
        found = _round(body, start, period)
        if found != (stem, number + rounds, shape):
            break
        if body.steps[start].inputs[0] != body.steps[start - 1].outputs[0]:
            break
        rounds += 1
    if rounds < _FEWEST:
        return None
    end = at + rounds * period
    if _leaks(body, at, end, carried):
        return None
    names = [f"{stem}{number + n}" for n in range(rounds)]
    term = _affine([next(e.term for e in body.entries if e.name == name) for name in names])
    return None if term is None else _with_loop(body, at, end, period, (stem, number, term))


def _round(body: Body, at: int, period: int) -> tuple[str, int, object] | None:
    """Stem and number of the one numbered part of a round, and what the round does."""
    steps = body.steps[at : at + period]
    if len(steps) < period or any(len(step.outputs) != 1 for step in steps):
        return None
    if any(step.body or step.verb == "read" for step in steps) or not steps[0].inputs:
        return None
    places = {steps[0].inputs[0]: 0}
    numbered: list[tuple[str, int]] = []
    shape = []
    for step in steps:
        if any(value not in places for value in step.inputs):
            return None
        target = step.target
        if target and not is_mark(target):
            match = _NUMBERED.fullmatch(target)
            if match is None or "." in target:
                return None
            numbered.append((match[1], int(match[2])))
            target = "#"
        shape.append((step.verb, target, tuple(places[v] for v in step.inputs), step.atoms))
        places[step.outputs[0]] = len(places)
    if len(numbered) != 1 or not numbered[0][0]:
        return None
    return *numbered[0], tuple(shape)


def _leaks(body: Body, at: int, end: int, carried: int) -> bool:
    """Values of the rounds but the last are read outside, or a part is used elsewhere."""
    inside = body.steps[at:end]
    hidden = {value for step in inside for value in step.outputs} - set(inside[-1].outputs)
    rest = body.steps[:at] + body.steps[end:]
    used = {value for step in rest for value in step.inputs} | set(body.outputs)
    targets = {step.target for step in inside if not is_mark(step.target)} - {""}
    return bool(hidden & used) or any(step.target in targets for step in rest)


def _affine(terms: list[Term]) -> Term | None:
    """One part for all rounds, whose numbers grow by the same amount from each to the next."""
    whole = terms[0]
    try:
        for rows, term in enumerate(terms[1:], 1):
            whole = merged_terms(whole, term, (rows, 1))
        return _sloped(whole)
    except Unlike:
        return None


def _sloped(term: Term) -> Term:
    match term:
        case Make():
            arguments = tuple((name, _line(atom)) for name, atom in term.arguments)
            return replace(term, callee=_line(term.callee), arguments=arguments)
        case Group():
            if any(not all(entry.present) for entry in term.entries):
                raise Unlike
            entries = (
                Entry(e.name, _sloped(e.term), (True,), _line(e.count)) for e in term.entries
            )
            return Group(term.kind, tuple(entries))
        case _:
            raise Unlike


def _line(atom: Atom) -> Atom:
    values = atom.values
    if atom.is_constant:
        return Atom(values[:1], atom.kind)
    whole = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    steps = {b - a for a, b in pairwise(whole)}
    if len(whole) < len(values) or len(steps) != 1:
        raise Unlike
    return Atom(values[:1], atom.kind, single(steps.pop(), "width"))


def _with_loop(body: Body, at: int, end: int, period: int, part: tuple[str, int, Term]) -> Body:
    stem, number, term = part
    rounds = (end - at) // period
    name = f"{stem}{number}"
    steps = body.steps[at : at + period]
    places = {steps[0].inputs[0]: 0}
    inner = []
    for step in steps:
        inputs = tuple(places[value] for value in step.inputs)
        places[step.outputs[0]] = len(places)
        inner.append(replace(step, inputs=inputs, outputs=(places[step.outputs[0]],)))
    loop = Step("loop", name, steps[0].inputs[:1], body.steps[end - 1].outputs, body=tuple(inner))
    gone = {f"{stem}{number + n}" for n in range(1, rounds)}
    entries = tuple(
        Entry(name, term, (True,), single(rounds, "depth"), (f"{stem}{{}}", number))
        if entry.name == name
        else entry
        for entry in body.entries
        if entry.name not in gone
    )
    return replace(body, entries=entries, steps=(*body.steps[:at], loop, *body.steps[end:]))
