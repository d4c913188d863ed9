"""Batch norm becomes part of the linear layer before it or, where that is exact, after it.

Source: Ioffe and Szegedy, Batch normalization, 2015, section 3.2: at test time it is a linear
transform, which composes with that of the layer.
"""

from __future__ import annotations

from striate.ir import Node, Value
from striate.ir.recipe import NormFactor, NormShift, Recipe, Scaled, Through
from striate.rewrites._rewrite import Change, Refusal, Rewrite, View, has_bias


class FoldNorm(Rewrite):
    """`conv -> bn` becomes `conv`; so does `bn -> conv` where no zeros are padded in between."""

    def change(self, view: View, index: int) -> Change | Refusal | None:
        node = view.graph.nodes[index]
        norm = node.op.running_norm()
        if norm is None:
            return None
        factor, shift = NormFactor(node.path, norm), NormShift(node.path, norm)
        before = view.linear_before(index, node.inputs[0])
        if isinstance(before, int):
            changed = view.scaled(before, factor, shift)
            value = Value(before)
            return Change(
                changed.nodes, {Value(index): value}, changed.weights, frozenset((value,))
            )
        after = _into_next(view, index, factor, shift)
        return before if isinstance(before, Refusal) and not isinstance(after, Change) else after


def _into_next(view: View, index: int, factor: Recipe, shift: Recipe) -> Change | Refusal:
    """The norm as part of the layer behind it."""
    norm, value = view.graph.nodes[index], Value(index)
    readers = view.readers.get(value, [])
    if len(readers) != 1 or readers[0] < 0:
        return Refusal(norm.path, "no linear layer before it, and several read it")
    (at,) = readers
    node = view.graph.nodes[at]
    if reason := _obstacle(view, node, value):
        return Refusal(norm.path, reason)
    linear = node.linear
    assert linear is not None
    assert linear.into is not None
    weight = view.tensor(node, "weight")
    terms: list[Recipe] = [view.tensor(node, "bias")] if has_bias(node) else []
    terms.append(Through(weight, shift, linear.groups))
    scaled = Scaled(weight, factor, linear.into, linear.groups)
    changed = view.with_bias(at, scaled, terms)
    return Change(changed.nodes, {value: norm.inputs[0]}, changed.weights, frozenset((value,)))


def _obstacle(view: View, node: Node, value: Value) -> str:
    """Why a value cannot become part of the layer that reads it; empty where it can."""
    linear = node.linear
    if linear is None or node.inputs[0] != value:
        return f"neither before nor behind it stands a linear layer, but {node.op.name}"
    if view.uses[node.path] > 1:
        return f"the weights of {node.path} behind it are shared with other calls"
    if linear.into != 1 or linear.pads:
        return f"{node.path} behind it pads zeros, which the shift would have to reach"
    return ""
