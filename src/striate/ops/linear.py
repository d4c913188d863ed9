"""Fully connected layers."""

from __future__ import annotations

from striate.ir import (
    WHOLE,
    Cost,
    Linear,
    OnnxTerm,
    Op,
    Setting,
    TensorType,
    TorchFunction,
    TorchLayer,
    Types,
    Weight,
    Window,
    flag,
    width,
)
from striate.ops._axes import known_elements
from striate.ops._onnx import X, node, weight


def _weights(into: int, out: int, has_bias: bool) -> tuple[Weight, ...]:
    fan = (into, out)
    weight = Weight("weight", (out, into), fan=fan)
    return (weight, Weight("bias", (out,), "bias", fan=fan)) if has_bias else (weight,)


def _gemm(term: OnnxTerm, has_bias: bool) -> OnnxTerm:
    return node("Gemm", term, weight("weight"), weight("bias") if has_bias else None, transB=1)


class Dense(Op):
    """Fully connected layer: every output sees every number that arrives; a plane is flattened.

    `[C, H, W]` counts as `C*H*W` features in that order; the output is flat, `[w]`.
    """

    name = "fc"
    also = ("dense", "fullyconnected")
    glyph = "fc"
    formula = "y = weight * flatten(x) + bias"
    source = "Rosenblatt, The perceptron, 1958"
    examples = (
        "input(8) -> fc(10) :: 10",
        "input(16, 5, 5) -> fc(120) :: 120",
        "input(8, 20) -> fc(3, b=0) :: 3",
        "input(2, 3, 4, 5) -> fc(7) :: 7",
    )

    w: int = width(doc="features out")
    b: bool = flag(True, long="bias", doc="adds a learned number to each output")

    def infer(self, inputs: Types) -> Types:
        known_elements(self.name, inputs[0])
        return (TensorType(self.w),)

    def linear(self, inputs: Types) -> Linear | None:
        return Linear(into=None if inputs[0].rank else 1)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return _weights(known_elements(self.name, inputs[0]), self.w, self.b)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return Cost(macs=known_elements(self.name, inputs[0]) * self.w)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (WHOLE,)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords: dict[str, Setting] = {} if self.b else {"bias": False}
        features = known_elements(self.name, inputs[0])
        flatten = TorchFunction("torch.flatten", {"start_dim": 1}) if inputs[0].rank else None
        return TorchLayer("torch.nn.Linear", (features, self.w), keywords, flatten)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return _gemm(node("Flatten", X, axis=1) if inputs[0].rank else X, self.b)


class ChannelwiseLinear(Op):
    """The same fully connected layer over the channels of every position, as a 1x1 convolution.

    It differs from `conv(w, 1)` in the shape of its weights alone, w×C.
    """

    name = "linear"
    glyph = "fc"
    formula = "y[w, o] = sum over c of weight[w, c] * x[c, o] + bias[w]"
    source = "Liu et al., A ConvNet for the 2020s, 2022 (section 2.3)"
    examples = (
        "input(8, 6, 6) -> linear(32) :: 32x6x6",
        "input(8) -> linear(10) :: 10",
        "input(8, 20) -> linear(4, b=0) :: 4x20",
        "input(8, 4, 6, 6) -> linear(3) :: 3x4x6x6",
    )

    w: int = width(doc="channels out")
    b: bool = flag(True, long="bias", doc="adds a learned number to each channel")

    def infer(self, inputs: Types) -> Types:
        return (inputs[0].with_channels(self.w),)

    def linear(self, inputs: Types) -> Linear | None:
        return Linear()

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return _weights(inputs[0].channels, self.w, self.b)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        positions = inputs[0].positions
        if positions is None:
            return Cost(known=False)
        return Cost(macs=positions * inputs[0].channels * self.w)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords: dict[str, Setting] = {} if self.b else {"bias": False}
        name = "striate.nn.ChannelwiseLinear" if inputs[0].rank else "torch.nn.Linear"
        return TorchLayer(name, (inputs[0].channels, self.w), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        if not inputs[0].rank:
            return _gemm(X, self.b)
        filters = weight("weight", self.w, inputs[0].channels, *(1,) * inputs[0].rank)
        return node("Conv", X, filters, weight("bias") if self.b else None)
