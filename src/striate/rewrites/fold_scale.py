"""A fixed or learned factor for each channel becomes part of the linear layer before it."""

from __future__ import annotations

from striate.ir import Value
from striate.ir.recipe import Filled, Flat, Recipe
from striate.ops.activation import Affine
from striate.ops.merge import Multiply
from striate.ops.wires import BareParameter
from striate.rewrites._rewrite import Change, Refusal, Rewrite, View


class FoldScale(Rewrite):
    """`conv -> affine(2)` and the layer scale `conv -> (id & param(C, 1, 1))` become `conv`."""

    def change(self, view: View, index: int) -> Change | Refusal | None:
        node = view.graph.nodes[index]
        channels = node.outputs[0].channels
        if isinstance(node.op, Affine):
            shift = Filled(node.op.b, (channels,)) if node.op.b else None
            return _folded(view, index, node.inputs[0], Filled(node.op.a, (channels,)), shift)
        if not isinstance(node.op, Multiply) or len(node.inputs) != 2:
            return None
        for scale, value in (node.inputs, node.inputs[::-1]):
            if factor := _factor(view, scale, channels):
                return _folded(view, index, value, factor, None)
        return None


def _factor(view: View, value: Value, channels: int) -> Recipe | None:
    """A learned number for each channel, where the value is that."""
    node = view.graph.nodes[value.node]
    if isinstance(node.op, BareParameter) and node.outputs[0].elements == channels:
        return Flat(view.tensor(node, "")) if node.outputs[0].channels == channels else None
    return None


def _folded(
    view: View, index: int, value: Value, factor: Recipe, shift: Recipe | None
) -> Change | Refusal | None:
    before = view.linear_before(index, value)
    if not isinstance(before, int):
        return before
    if view.graph.type_of(value) != view.graph.nodes[index].outputs[0]:
        return None
    changed = view.scaled(before, factor, shift)
    return Change(changed.nodes, {Value(index): value}, changed.weights, frozenset((value,)))
