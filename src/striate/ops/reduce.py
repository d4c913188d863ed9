"""Reducers of a tuple, `(a, b) -> add`: the joins as layers, and some more."""

from __future__ import annotations

from striate.ir import Cost, OnnxTerm, TorchFunction, Types
from striate.ops._onnx import node
from striate.ops._pointwise import work
from striate.ops.merge import Concatenation, PointwiseJoin, Product, folded, streams


class SumOfStreams(PointwiseJoin):
    """The sum of all streams of a tuple: `(a, b) -> add` is `(a + b)`."""

    name = "add"
    formula = "y = x1 + x2 + ..."
    source = "He et al., Deep residual learning for image recognition, 2015 (equation 1)"
    examples = (
        "input(8, 6, 6) -> (id, conv(8), gap) -> add :: 8x6x6",
        "input(8) -> (id, fc(8)) -> add :: 8",
    )

    def torch(self, inputs: Types, outputs: Types) -> TorchFunction:
        return TorchFunction("operator.add", folded=True)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return folded("Add", streams(inputs))


class MeanOfStreams(PointwiseJoin):
    """The mean of all streams of a tuple."""

    name = "mean"
    formula = "y = (x1 + x2 + ... + xn) / n"
    source = "Larsson, Maire and Shakhnarovich, FractalNet, 2017 (section 2)"
    examples = (
        "input(8, 6, 6) -> (id, conv(8), conv(8, 1)) -> mean :: 8x6x6",
        "input(8, 20) -> (id, conv(8)) -> mean :: 8x20",
    )

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], len(inputs))

    def torch(self, inputs: Types, outputs: Types) -> TorchFunction:
        divide = TorchFunction("torch.div", {"other": len(inputs)})
        return TorchFunction("operator.add", folded=True, then=divide)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Mean", *streams(inputs))


class MaxOfStreams(PointwiseJoin):
    """The largest of all streams of a tuple, number by number.

    Over groups of channels of one stream it is `maxpieces`.
    """

    name = "maxout"
    formula = "y = max(x1, x2, ...)"
    source = "Goodfellow et al., Maxout networks, 2013 (section 3)"
    examples = (
        "input(8, 6, 6) -> (conv(4), conv(4)) -> maxout :: 4x6x6",
        "input(8) -> (fc(4), fc(4), fc(4)) -> maxout :: 4",
    )

    def torch(self, inputs: Types, outputs: Types) -> TorchFunction:
        return TorchFunction("torch.maximum", folded=True)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Max", *streams(inputs))


class ProductOfStreams(Product):
    """The product of all streams of a tuple, stretched as by `&`."""

    name = "prod"
    formula = "y = x1 * x2 * ..."
    source = "Hu et al., Squeeze-and-excitation networks, 2018 (equation 4)"
    examples = (
        "input(8, 6, 6) -> (id, gap -> sigmoid, cmean -> sigmoid) -> prod :: 8x6x6",
        "input(8, 20) -> (id, fc(8)) -> prod :: 8x20",
    )


class ConcatenationOfStreams(Concatenation):
    """All streams of a tuple one behind the other along channels: `(a, b) -> cat` is `(a | b)`."""

    name = "cat"
    also = ("concat",)
    formula = "y = (x1 | x2 | ...)"
    source = "Szegedy et al., Going deeper with convolutions, 2015 (section 4)"
    examples = (
        "input(8, 6, 6) -> (id, conv(4)) -> cat :: 12x6x6",
        "input(8) -> (id, fc(4), fc(3)) -> cat :: 15",
    )
