"""Leaves out what acts only while training: dropout, stochastic depth, DropBlock."""

from __future__ import annotations

from striate.ir import Value
from striate.rewrites._rewrite import Change, Refusal, Rewrite, View


class DropTraining(Rewrite):
    """`x -> dropout` becomes `x`."""

    def change(self, view: View, index: int) -> Change | Refusal | None:
        node = view.graph.nodes[index]
        if not node.op.acts_only_in_training:
            return None
        return Change(instead={Value(index): node.inputs[0]})
