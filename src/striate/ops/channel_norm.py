"""Normalization over the channels of each position alone: layer, root mean square, local, L2."""

from __future__ import annotations

from striate.ir import Cost, Op, Setting, TorchLayer, Types, Weight, count, flag, number
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
