"""Distances to fixed codes."""

from __future__ import annotations

from striate.errors import GraphError
from striate.ir import (
    Cost,
    OnnxConstant,
    OnnxTerm,
    Op,
    TensorType,
    TorchLayer,
    Types,
    width,
)
from striate.ops._onnx import X, node, whole


class RadialBasis(Op):
    """Euclidean radial basis functions: how far what arrives is from the fixed code of each class.

    The smallest number wins, so `rbf(10) -> affine(-1)` ends a classifier. Codes are of -1 and 1,
    any two different in about half of the places (rows of a Walsh matrix), and are not learned.
    """

    name = "rbf"
    glyph = "fc"
    ranks = (0,)
    formula = "y[k] = sum over c of (x[c] - code[k, c])^2"
    source = "LeCun et al., Gradient-based learning applied to document recognition, 1998 (eq. 7)"
    examples = ("input(84) -> rbf(10) :: 10", "input(3) -> rbf(2) :: 2")

    w: int = width(doc="classes")

    def infer(self, inputs: Types) -> Types:
        codes = (1 << inputs[0].channels.bit_length()) - 1
        if self.w > codes:
            raise GraphError.of(
                "too-few-codes",
                f"rbf: {inputs[0].channels} numbers arrive, which have {codes} codes, and {self.w} "
                "are needed",
                f"fc(...) in front makes them more, at least {1 << self.w.bit_length() - 1}",
            )
        return (TensorType(self.w),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return Cost(other=3 * inputs[0].channels * self.w)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.RadialBasis", (inputs[0].channels, self.w))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        features = inputs[0].channels
        signs = [
            1.0 - 2.0 * ((row & place).bit_count() & 1)
            for row in range(1, self.w + 1)
            for place in range(1, features + 1)
        ]
        codes = OnnxConstant(tuple(signs), (self.w, features))
        apart = node("Sub", node("Unsqueeze", X, whole(1)), codes)
        return node("ReduceSumSquare", apart, whole(2), keepdims=0)
