"""A sum of parallel linear branches becomes one convolution.

Source: Ding et al., RepVGG: making VGG-style ConvNets great again, 2021, section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from striate.ir import Node, RunningNorm, TensorType, Value
from striate.ir.recipe import Delta, NormFactor, NormShift, Padded, Recipe, Scaled, Sum
from striate.ops.convolution import Convolution, Depthwise
from striate.ops.merge import Add
from striate.rewrites._rewrite import Change, Refusal, Rewrite, View, has_bias

_KINDS = (Convolution, Depthwise)


class _Window(NamedTuple):
    """What a filter covers along one axis; `before` is the padding at the start."""

    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    before: int = 0


@dataclass(frozen=True, slots=True)
class _Branch:
    """A convolution that only the sum reads, or the identity, as it is or normalized.

    at: its node; None for the identity.
    norm: the norm of the identity.
    """

    value: Value
    at: int | None
    windows: tuple[_Window, ...]
    groups: int
    norm: Node | None = None


class MergeBranches(Rewrite):
    """`(conv(w) + conv(w, 1) + id)` becomes `conv(w)`, whose filters are the sum of all three."""

    def change(self, view: View, index: int) -> Change | Refusal | None:
        node = view.graph.nodes[index]
        if not isinstance(node.op, Add) or len(set(node.inputs)) < len(node.inputs):
            return None
        for source in _sources(view, node):
            found = [_branch(view, index, value, source) for value in node.inputs]
            branches = [one for one in found if one]
            for group in _alike(branches):
                if change := _merged(view, index, group):
                    return change
        return None


def _sources(view: View, node: Node) -> list[Value]:
    """What the convolutions of a sum read."""
    before = [view.graph.nodes[value.node] for value in node.inputs]
    return list(dict.fromkeys(one.inputs[0] for one in before if isinstance(one.op, _KINDS)))


def _branch(view: View, index: int, value: Value, source: Value) -> _Branch | None:
    if value == source:
        rank = view.graph.type_of(value).rank
        return _Branch(value, None, (_Window(),) * rank, 0)
    norm = view.graph.nodes[value.node]
    if norm.op.running_norm() and norm.inputs == (source,):
        is_own = view.uses[norm.path] == 1 and view.readers[value] == [index]
        return (
            _Branch(value, None, (_Window(),) * norm.outputs[0].rank, 0, norm) if is_own else None
        )
    at = view.linear_before(index, value)
    if not isinstance(at, int):
        return None
    node = view.graph.nodes[at]
    if not isinstance(node.op, _KINDS) or node.inputs[0] != source:
        return None
    given, windows = node.input_types[0], _windows(node.op, node.input_types[0])
    if windows is None or node.outputs != view.graph.nodes[index].outputs:
        return None
    return _Branch(value, at, windows, node.op.channels(given).groups)


def _windows(op: Convolution | Depthwise, given: TensorType) -> tuple[_Window, ...] | None:
    """The window along each axis; None where it is not the same for inputs of all sizes."""
    slides = op.slides(given)
    if op.padding_mode != "zeros" or (op.p == "tf" and any(one.stride > 1 for one in slides)):
        return None
    return tuple([_Window(one.kernel, one.stride, one.dilation, one.before) for one in slides])


def _alike(branches: Sequence[_Branch]) -> list[list[_Branch]]:
    """Groups of branches that step and group alike; the identity joins any that stay in place."""
    identities = [one for one in branches if one.at is None]

    def form(one: _Branch) -> tuple[object, ...]:
        steps = tuple((slide.stride, slide.dilation) for slide in one.windows)
        return (one.groups, steps)

    convolutions = sorted((one for one in branches if one.at is not None), key=form)
    found = []
    for _, group in groupby(convolutions, form):
        members = list(group)
        stays = all(slide.stride == 1 for slide in members[0].windows)
        found.append(members + (identities if stays else []))
    return [group for group in found if len(group) > 1]


def _merged(view: View, index: int, group: Sequence[_Branch]) -> Change | None:
    """One convolution for all branches of a group, whose window holds those of the others."""
    largest = max(group, key=lambda one: [slide.kernel for slide in one.windows])
    assert largest.at is not None
    node = view.graph.nodes[largest.at]
    if not all(_holds(largest, one) for one in group):
        return None
    shape = node.weights[0].shape
    is_square = node.input_types[0] == node.outputs[0]
    if any(one.at is None for one in group) and not is_square:
        return None
    terms = tuple(_filters(view, one, largest, shape) for one in group)
    biases = [bias for one in group if (bias := _bias(view, one))]
    changed = view.with_bias(largest.at, Sum(terms), biases)
    total = view.graph.nodes[index]
    gone = {one.value for one in group if one is not largest}
    rest = tuple(value for value in total.inputs if value not in gone)
    lost = frozenset(one.value for one in group if one.at is not None or one.norm)
    if len(rest) == 1:
        return Change(changed.nodes, {Value(index): largest.value}, changed.weights, lost)
    types = tuple(map(view.graph.type_of, rest))
    fewer = replace(total, inputs=rest, input_types=types)
    return Change({**changed.nodes, index: fewer}, {}, changed.weights, lost)


def _holds(largest: _Branch, one: _Branch) -> bool:
    """Whether the window of a branch lies inside that of the largest, on the same points."""
    return all(
        _margins(outer, inner) is not None
        for outer, inner in zip(largest.windows, one.windows, strict=True)
    )


def _margins(outer: _Window, inner: _Window) -> tuple[int, int] | None:
    """Points of the outer window before and after the inner one; None where it does not fit."""
    before, off_grid = divmod(outer.before - inner.before, outer.dilation)
    after = outer.kernel - inner.kernel - before
    return None if off_grid or before < 0 or after < 0 else (before, after)


def _filters(view: View, one: _Branch, largest: _Branch, shape: tuple[int, ...]) -> Recipe:
    margins = [_margins(*pair) for pair in zip(largest.windows, one.windows, strict=True)]
    before = tuple([margin[0] for margin in margins if margin])
    after = tuple([margin[1] for margin in margins if margin])
    if one.norm:
        factor = NormFactor(one.norm.path, _norm_of(one.norm))
        return Scaled(Delta(shape, before), factor, axis=0, groups=1)
    if one.at is None:
        return Delta(shape, before)
    weight = view.tensor(view.graph.nodes[one.at], "weight")
    return Padded(weight, before, after) if any(before + after) else weight


def _bias(view: View, one: _Branch) -> Recipe | None:
    """What a branch adds to each channel."""
    if one.norm:
        return NormShift(one.norm.path, _norm_of(one.norm))
    if one.at is None or not has_bias(view.graph.nodes[one.at]):
        return None
    return view.tensor(view.graph.nodes[one.at], "bias")


def _norm_of(node: Node) -> RunningNorm:
    norm = node.op.running_norm()
    assert norm is not None
    return norm
