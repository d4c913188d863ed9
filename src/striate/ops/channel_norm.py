"""Normalization over the channels of each position alone: layer, root mean square, local, L2."""

from __future__ import annotations

from striate.ir import Cost, OnnxTerm, Op, Setting, TorchLayer, Types, Weight, count, flag, number
from striate.ops._axes import Slide
from striate.ops._onnx import (
    X,
    filled,
    node,
    per_channel,
    scalar,
    weight,
    whole,
    window_attributes,
    with_shape_of,
)
from striate.ops._pointwise import changed, work
from striate.ops.normalization import scale_and_shift


class ChannelNorm(Op):
    """A norm at each position; nothing flows between positions."""

    glyph = "norm"

    def infer(self, inputs: Types) -> Types:
        return (inputs[0],)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 5)


class LayerNorm(ChannelNorm):
    """Layer normalization over the channels of each position, as in ConvNeXt.

    Over channels and plane together it is `gn(1)`.
    """

    name = "ln"
    also = ("layernorm",)
    formula = "y = weight * (x - mean) / sqrt(variance + eps) + bias, both over channels"
    source = "Ba, Kiros and Hinton, Layer normalization, 2016; over channels alone:"
    source += " Liu et al., A ConvNet for the 2020s, 2022"
    examples = (
        "input(8, 6, 6) -> ln :: 8x6x6",
        "input(8) -> ln :: 8",
        "input(8, 20) -> ln(eps=0.00001) :: 8x20",
        "input(8, 4, 6, 6) -> ln(affine=0) :: 8x4x6x6",
        "input(8) -> ln(0.001, 0) :: 8",
    )

    eps: float = number(1e-6, least=0, doc="added to the variance")
    affine: bool = flag(True, doc="learned scale and shift for each channel")

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return scale_and_shift(inputs[0].channels) if self.affine else ()

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        channels = (inputs[0].channels,)
        if inputs[0].rank:
            keywords = changed(self, eps="eps", affine="affine")
            return TorchLayer("striate.nn.LayerNormChannels", channels, keywords)
        flat: dict[str, Setting] = {"eps": self.eps}
        if not self.affine:
            flat["elementwise_affine"] = False
        return TorchLayer("torch.nn.LayerNorm", channels, flat)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        channels = inputs[0].channels
        scale = weight("weight") if self.affine else filled(1.0, channels)
        shift = weight("bias") if self.affine else None
        if not inputs[0].rank:
            return node("LayerNormalization", X, scale, shift, axis=-1, epsilon=self.eps)
        spatial = range(2, 2 + inputs[0].rank)
        last = node("Transpose", X, perm=(0, *spatial, 1))
        normal = node("LayerNormalization", last, scale, shift, axis=-1, epsilon=self.eps)
        back = (one - 1 for one in spatial)
        return node("Transpose", normal, perm=(0, inputs[0].rank + 1, *back))


class RootMeanSquareNorm(ChannelNorm):
    """Root mean square normalization over channels: like `ln`, but no mean is taken away."""

    name = "rmsn"
    also = ("rmsnorm",)
    formula = "y = weight * x / sqrt(mean over c of x[c]^2 + eps)"
    source = "Zhang and Sennrich, Root mean square layer normalization, 2019 (equation 4)"
    examples = (
        "input(8, 6, 6) -> rmsn :: 8x6x6",
        "input(8) -> rmsn(0.001) :: 8",
        "input(8, 20) -> rmsn(affine=0) :: 8x20",
    )

    eps: float = number(1e-6, least=0, doc="added to the mean square")
    affine: bool = flag(True, doc="learned scale for each channel")

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return scale_and_shift(inputs[0].channels)[:1] if self.affine else ()

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        channels = (inputs[0].channels,)
        if inputs[0].rank:
            keywords = changed(self, eps="eps", affine="affine")
            return TorchLayer("striate.nn.RMSNormChannels", channels, keywords)
        flat: dict[str, Setting] = {"eps": self.eps}
        if not self.affine:
            flat["elementwise_affine"] = False
        return TorchLayer("torch.nn.RMSNorm", channels, flat)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        energy = node("ReduceMean", node("Mul", X, X), whole(1))
        normal = node("Div", X, node("Sqrt", node("Add", energy, scalar(self.eps))))
        return node("Mul", normal, per_channel("weight", inputs[0])) if self.affine else normal


class LocalResponseNorm(ChannelNorm):
    """Local response normalization: each number by the energy of n neighbouring channels.

    `div=1` divides alpha by n, as torch and Caffe do; the AlexNet paper does not, and has k=2.
    """

    name = "lrn"
    also = ("localresponsenorm",)
    ranks = (1, 2, 3)
    formula = "y[c] = x[c] / (k + alpha/n * sum over n channels around c of x^2)^beta"
    source = "Krizhevsky, Sutskever and Hinton, ImageNet classification, 2012 (section 3.3)"
    examples = (
        "input(8, 6, 6) -> lrn :: 8x6x6",
        "input(8, 20) -> lrn(3, k=2) :: 8x20",
        "input(8, 6, 6) -> lrn(5, 0.0001, 0.75, 2, div=0) :: 8x6x6",
        "input(8, 4, 6, 6) -> lrn(4) :: 8x4x6x6",
    )

    n: int = count(5, long="size", doc="channels that count, itself in the middle")
    alpha: float = number(1e-4, doc="weight of their energy")
    beta: float = number(0.75, doc="power of the divisor")
    k: float = number(1.0, doc="added, so that silence is not divided by 0")
    div: bool = flag(True, long="divide_alpha", doc="alpha is divided by n")

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords = changed(self, alpha="alpha", beta="beta", k="k", div="divide_alpha")
        name = "torch.nn.LocalResponseNorm" if self.div else "striate.nn.LocalResponseNorm"
        return TorchLayer(name, (self.n,), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given = inputs[0]
        alpha = self.alpha if self.div else self.alpha * self.n
        if given.rank == 2 and self.n % 2 and min(alpha, self.beta) > 0:
            return node("LRN", X, size=self.n, alpha=alpha, beta=self.beta, bias=self.k)
        # Other planes and numbers onnxruntime refuses, and an even n reaches one channel further
        # down than up in torch, but up in ONNX.
        flat = node("Reshape", node("Mul", X, X), whole(0, 1, given.channels, -1))
        slides = (Slide(self.n, before=self.n // 2, after=(self.n - 1) // 2), Slide(1))
        frame = window_attributes(slides)
        mean = node("AveragePool", flat, **frame, count_include_pad=1)
        energy = node("Add", node("Mul", mean, scalar(alpha)), scalar(self.k))
        divisor = with_shape_of(node("Pow", energy, scalar(self.beta)), given, X)
        return node("Div", X, divisor)


class L2Norm(ChannelNorm):
    """Channels of each position scaled to length 1, then by a learned factor per channel."""

    name = "l2norm"
    formula = "y = weight * x / sqrt(sum over c of x[c]^2)"
    source = "Liu, Rabinovich and Berg, ParseNet, 2015 (section 3.3)"
    examples = (
        "input(8, 6, 6) -> l2norm :: 8x6x6",
        "input(8) -> l2norm(10) :: 8",
        "input(8, 20) -> l2norm :: 8x20",
    )

    s: float = number(20.0, long="scale", doc="the factor at the start")

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return (Weight("weight", (inputs[0].channels,), "constant", self.s),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 3)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords = changed(self, s="scale")
        return TorchLayer("striate.nn.L2Normalize", (inputs[0].channels,), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        length = node("Max", node("ReduceL2", X, whole(1)), scalar(1e-12))
        return node("Mul", node("Div", X, length), per_channel("weight", inputs[0]))
