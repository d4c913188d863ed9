"""Works out once what depends on weights alone: filters that are standardized at each call."""

from __future__ import annotations

from dataclasses import replace

from striate.ir.recipe import Standardized
from striate.ops.convolution import Convolution, WeightStandardizedConvolution
from striate.rewrites._rewrite import Change, Refusal, Rewrite, View


class FoldConstants(Rewrite):
    """`wsconv` becomes `conv` with filters of mean 0 and variance 1."""

    def change(self, view: View, index: int) -> Change | Refusal | None:
        node = view.graph.nodes[index]
        if not isinstance(node.op, WeightStandardizedConvolution):
            return None
        if view.uses[node.path] > 1:
            return Refusal(node.path, "its weights are shared with other calls")
        settings = {name: value for name, value in node.op.settings.items() if name != "eps"}
        standardized = Standardized(view.tensor(node, "weight"), node.op.eps)
        return Change(
            {index: replace(node, op=Convolution(**settings))},
            weights={f"{node.path}.weight": standardized},
        )
