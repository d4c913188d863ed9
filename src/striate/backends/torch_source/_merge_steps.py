"""Two forward passes as one, in which steps that only one side has may be passed by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from striate.backends.torch_source._align import Unlike, aligned, merged_atom, padded_atom
from striate.backends.torch_source._terms import Body, Step

_MOST_CHOICES = 3

Pair = tuple[Step | None, Step | None]


def merged_steps(left: Body, right: Body) -> tuple[tuple[Step, ...], tuple[int, ...]]:
    """Steps and outputs for the instances of both.

    Where a side lacks a step, one of the step's inputs goes on in place of its output. Of several
    inputs each is tried: `F(x) + x` may become `F(x)` or `x`.

    Raises:
        Unlike: nothing that is tried gives both sides what they had.
    """
    pairs = aligned(left.steps, right.steps, lambda a, b: int(a.key == b.key))
    lone = [step for pair in pairs for step in pair if step and None in pair]
    if not all(map(_may_lack, lone)):
        raise Unlike
    if sum(len(step.inputs) > 1 for step in lone) > _MOST_CHOICES:
        raise Unlike
    for bypasses in product(*(range(len(step.inputs)) for step in lone)):
        try:
            return _Join(left, right).joined(pairs, bypasses)
        except Unlike:
            continue
    raise Unlike


def _may_lack(step: Step) -> bool:
    """It can be passed by: one value goes on for another."""
    is_simple = len(step.outputs) == 1 and bool(step.inputs) and not step.body
    return is_simple and (len(step.inputs) == 1 or not step.target)


class _Join:
    """One way to lay two forward passes on each other; side 0 is the left, 1 the right.

    places: for each side, the number in the joined pass of each of its values.
    passed: for each side, joined values that it lacks, with the one that stands in their place.
    """

    def __init__(self, left: Body, right: Body) -> None:
        self.left = left
        self.right = right
        self.total = len(left.inputs)
        inputs = {number: number for number in range(self.total)}
        self.places = inputs, dict(inputs)
        self.passed: tuple[dict[int, int], dict[int, int]] = {}, {}

    def joined(
        self, pairs: Sequence[Pair], bypasses: Iterable[int]
    ) -> tuple[tuple[Step, ...], tuple[int, ...]]:
        """Steps and outputs; `bypasses` tells which input goes on for each step without a pair."""
        rest = iter(bypasses)
        steps = []
        for a, b in pairs:
            if a and b:
                steps.append(self._both(a, b))
            elif a:
                steps.append(self._alone(a, 0, next(rest)))
            elif b:
                steps.append(self._alone(b, 1, next(rest)))
        if len(self.left.outputs) != len(self.right.outputs):
            raise Unlike
        outputs = zip(self.left.outputs, self.right.outputs, strict=True)
        return tuple(steps), tuple(self._value(a, b) for a, b in outputs)

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
        body = tuple(_inner(x, y) for x, y in zip(a.body, b.body, strict=True))
        return replace(
            a,
            inputs=inputs,
            outputs=outputs,
            atoms=tuple(merged_atom(x, y) for x, y in zip(a.atoms, b.atoms, strict=True)),
            present=a.present + b.present,
            body=body,
        )

    def _alone(self, step: Step, side: int, bypass: int) -> Step:
        """A step of one side only; on the other one of its inputs goes on."""
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
            atoms=tuple(padded_atom(atom, rows, before=before) for atom in step.atoms),
            present=absent + step.present if before else step.present + absent,
            bypass=bypass,
        )

    def _fresh(self, number: int) -> tuple[int, ...]:
        self.total += number
        return tuple(range(self.total - number, self.total))

    def _value(self, a: int, b: int) -> int:
        """The joined value that is `a` for the instances of the left and `b` for the right."""
        wanted = self.places[0][a], self.places[1][b]
        for value in wanted:
            if self._is_there(0, value, wanted[0]) and self._is_there(1, value, wanted[1]):
                return value
        raise Unlike

    def _is_there(self, side: int, value: int, wanted: int) -> bool:
        """`value` is `wanted`, or becomes it by steps that instances of this side pass by."""
        while value != wanted and value in self.passed[side]:
            value = self.passed[side][value]
        return value == wanted


def _inner(a: Step, b: Step) -> Step:
    """A step of the rounds of two loops, which must take and give the same."""
    if (a.inputs, a.outputs) != (b.inputs, b.outputs):
        raise Unlike
    atoms = tuple(merged_atom(x, y) for x, y in zip(a.atoms, b.atoms, strict=True))
    return replace(a, atoms=atoms, present=a.present + b.present)
