"""Functions in which channels compete."""

from __future__ import annotations

from striate.ir import Cost, OnnxNode, OnnxPort, OnnxTerm, Op, TorchLayer, Types, count
from striate.ops._groups import check_groups
from striate.ops._onnx import X, node, whole, with_channels_as, with_shape_of
from striate.ops._pointwise import Pointwise, work


class Softmax(Op):
    """Softmax: positive numbers that sum to 1, over channels at each position.

    `softmax(n)` sees the channels as n groups; the n channels with the same place in their groups
    sum to 1 (split attention).
    """

    name = "softmax"
    glyph = "act"
    formula = "y[c] = exp(x[c]) / sum over c of exp(x[c])"
    source = "Bridle, Probabilistic interpretation of feedforward network outputs, 1990; in groups:"
    source += " Zhang et al., ResNeSt, 2020 (equation 2)"
    examples = (
        "input(10) -> softmax :: 10",
        "input(8, 6, 6) -> softmax :: 8x6x6",
        "input(8, 1, 1) -> softmax(2) :: 8x1x1",
        "input(6, 20) -> softmax(3) :: 6x20",
    )

    n: int = count(0, long="groups", least=0, doc="groups that compete; 0: all channels do")

    def infer(self, inputs: Types) -> Types:
        if self.n:
            check_groups(self.name, self.n, inputs[0].channels, parts=f"{self.n} groups")
        return (inputs[0],)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 3)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        if self.n:
            return TorchLayer("striate.nn.GroupSoftmax", (self.n,))
        return TorchLayer("torch.nn.Softmax", (), {"dim": 1})

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        if not self.n:
            return node("Softmax", X, axis=1)
        given = inputs[0]
        grouped = with_channels_as(X, given, self.n, given.channels // self.n)
        return with_shape_of(node("Softmax", grouped, axis=1), given, X)


class LogSoftmax(Pointwise):
    """The logarithm of the softmax over channels, computed so that it does not overflow."""

    name = "logsoftmax"
    glyph = "act"
    formula = "y[c] = x[c] - log(sum over c of exp(x[c]))"
    source = "Bridle, Probabilistic interpretation of feedforward network outputs, 1990"
    examples = ("input(10) -> logsoftmax :: 10", "input(8, 6, 6) -> logsoftmax :: 8x6x6")

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.LogSoftmax", (), {"dim": 1})

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("LogSoftmax", X, axis=1)


class GatedLinear(Op):
    """Gated linear unit: the first half of the channels times the sigmoid of the second."""

    name = "glu"
    glyph = "act"
    formula = "y = a * sigmoid(b), x = (a | b)"
    source = "Dauphin et al., Language modeling with gated convolutional networks, 2017"
    examples = (
        "input(8, 6, 6) -> glu :: 4x6x6",
        "input(8) -> glu :: 4",
        "input(2, 20) -> glu :: 1x20",
    )

    def infer(self, inputs: Types) -> Types:
        channels = inputs[0].channels
        check_groups(self.name, 2, channels, parts="2 equal halves")
        return (inputs[0].with_channels(channels // 2),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 2)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.GLU", (), {"dim": 1})

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        halves = OnnxNode("Split", (X,), {"axis": 1, "num_outputs": 2}, 2)
        return node("Mul", OnnxPort(halves, 0), node("Sigmoid", OnnxPort(halves, 1)))


class MaxPieces(Op):
    """Maxout: the largest of each n neighbouring channels, so that C channels become C/n.

    The maximum of several streams is `maxout`: `(a, b) -> maxout`.
    """

    name = "maxpieces"
    glyph = "act"
    formula = "y[c] = max over j < n of x[n*c + j]"
    source = "Goodfellow et al., Maxout networks, 2013 (section 3)"
    examples = (
        "input(8, 6, 6) -> maxpieces(2) :: 4x6x6",
        "input(9) -> maxpieces(3) :: 3",
        "input(4, 20) -> maxpieces :: 2x20",
    )

    n: int = count(2, long="pieces", doc="channels that compete")

    def infer(self, inputs: Types) -> Types:
        channels = inputs[0].channels
        check_groups(self.name, self.n, channels, parts=f"pieces of {self.n}")
        return (inputs[0].with_channels(channels // self.n),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(inputs[0])

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.Maxout", (self.n,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        pieces = with_channels_as(X, inputs[0], outputs[0].channels, self.n)
        return node("ReduceMax", pieces, whole(2), keepdims=0)


class ChannelMean(Op):
    """The mean over channels at each position: one channel."""

    name = "cmean"
    glyph = "pool"
    formula = "y[o] = mean over c of x[c, o]"
    source = "Woo et al., CBAM: convolutional block attention module, 2018 (section 3.1)"
    examples = ("input(8, 6, 6) -> cmean :: 1x6x6", "input(8, 20) -> cmean :: 1x20")

    def infer(self, inputs: Types) -> Types:
        return (inputs[0].with_channels(1),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(inputs[0])

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.ChannelMean")

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("ReduceMean", X, whole(1))


class ChannelMax(Op):
    """The largest number over channels at each position: one channel."""

    name = "cmax"
    glyph = "pool"
    formula = "y[o] = max over c of x[c, o]"
    source = "Woo et al., CBAM: convolutional block attention module, 2018 (section 3.1)"
    examples = ("input(8, 6, 6) -> cmax :: 1x6x6", "input(8, 20) -> cmax :: 1x20")

    def infer(self, inputs: Types) -> Types:
        return (inputs[0].with_channels(1),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(inputs[0])

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.ChannelMax")

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("ReduceMax", X, whole(1))
