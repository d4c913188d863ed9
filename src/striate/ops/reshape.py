"""The same numbers in another order or shape."""

from __future__ import annotations

from striate.errors import GraphError
from striate.ir import WHOLE, Op, TensorType, TorchLayer, Types, Window


class Flatten(Op):
    """One long vector of all numbers, channel after channel: [C, H, W] becomes [C*H*W]."""

    name = "flatten"
    glyph = "shape"
    formula = "y[(c*H + h)*W + w] = x[c, h, w]"
    examples = (
        "input(8, 6, 6) -> flatten :: 288",
        "input(8) -> flatten :: 8",
        "input(8, 20) -> flatten :: 160",
        "input(2, 3, 4, 5) -> flatten :: 120",
    )

    def infer(self, inputs: Types) -> Types:
        elements = inputs[0].elements
        if elements is None:
            raise GraphError.of(
                "needs-size",
                f"flatten: the plane here is of unknown size ({inputs[0]})",
                "give the input its sizes, or bring the plane to a known size: gap -> flatten",
            )
        return (TensorType(elements),)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (WHOLE,)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.Flatten")
