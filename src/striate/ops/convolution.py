"""Convolution (grouped, dilated), its depthwise form, and one with standardised filters."""

from __future__ import annotations

from collections.abc import Mapping

from striate.ir import (
    Linear,
    OnnxTerm,
    Setting,
    Sizes,
    TensorType,
    Types,
    count,
    flag,
    number,
    sizes,
    width,
    word,
)
from striate.ops._convolution import PADDING_MODES, Channels, ConvolutionForm
from striate.ops._onnx import node, scalar, weight, whole
from striate.ops._padding import PADDINGS
from striate.ops._pointwise import changed


class Convolution(ConvolutionForm):
    """Convolution: each output channel is a learned filter slid over the input.

    N×C×H×W becomes N×w×H'×W', with weights w×(C/g)×k×k and w biases: `C/g*k*k*w + w` numbers.

    Padding: `same` is d(k-1)/2 at each end, so that a stride of 1 keeps the size and s makes it
    ceil(n/s); an even kernel needs another, but for k = s, which tiles the plane without any.
    `valid` is none. `tf` is TensorFlow's SAME, the odd pixel at the end.
    """

    name = "conv"
    also = ("convolution",)
    formula = "y[w, o] = b[w] + sum over c, i of weight[w, c, i] * x[c, s*o + d*i - p]"
    source = "LeCun et al., Gradient-based learning applied to document recognition, 1998"
    examples = (
        "input(3, 32, 32) -> conv(16) :: 16x32x32",
        "input(3, 56, 56) -> conv(8, 3, 2) :: 8x28x28",
        "input(3, 20) -> conv(4, 5, p=0) :: 4x16",
        "input(2, 8, 9, 10) -> conv(4, 3) :: 4x8x9x10",
        "input(4, 17, 12) -> conv(6, 3x5, 2x1, 1x4, d=1x2, g=2, b=0) :: 6x9x12",
        "input(3, 15, 15) -> conv(4, 3, 2, p=tf) :: 4x8x8",
        "input(3, 16, 16) -> conv(4, 3, 2, p=tf) :: 4x8x8",
        "input(3, 9, 9) -> conv(4, 5, pm=reflect) :: 4x9x9",
        "input(3, 8, 8) -> conv(4, 4, 4) :: 4x2x2",
        "input(3x?x?) -> conv(4, 3, 2) :: 4x?x?",
    )

    w: int = width(doc="channels out")
    k: Sizes = sizes(3, long="kernel", doc="size of the filter")
    s: Sizes = sizes(1, long="stride", doc="step of the window")
    p: Sizes | str = sizes(
        "same", long="padding", words=PADDINGS, least=0, doc="pixels at each end"
    )
    d: Sizes = sizes(1, long="dilation", doc="step between the points of the filter")
    g: int = count(1, long="groups", doc="groups of channels that do not see each other")
    b: bool = flag(True, long="bias", doc="adds a learned number to each channel")
    pm: str = word("zeros", PADDING_MODES, long="padding_mode", doc="what stands in the padding")

    def channels(self, given: TensorType) -> Channels:
        return Channels(given.channels, self.w, self.g)

    @property
    def padding_mode(self) -> str:
        return self.pm


class Depthwise(ConvolutionForm):
    """Depthwise convolution: each input channel has filters of its own and meets no other.

    A convolution with as many groups as channels. N×C×H×W becomes N×mC×H'×W', with weights
    mC×1×k×k; padding as for `conv`.
    """

    name = "dw"
    also = ("depthwise",)
    follows = "conv"
    formula = "y[c, o] = b[c] + sum over i of weight[c, i] * x[c, s*o + d*i - p]"
    source = "Chollet, Xception: deep learning with depthwise separable convolutions, 2017"
    examples = (
        "input(8, 32, 32) -> dw :: 8x32x32",
        "input(8, 32, 32) -> dw(7, 2, m=2) :: 16x16x16",
        "input(8, 20) -> dw(5) :: 8x20",
        "input(4, 6, 6, 6) -> dw(3, 2, b=0) :: 4x3x3x3",
    )

    k: Sizes = sizes(3, long="kernel", doc="size of the filter")
    s: Sizes = sizes(1, long="stride", doc="step of the window")
    p: Sizes | str = sizes(
        "same", long="padding", words=PADDINGS, least=0, doc="pixels at each end"
    )
    d: Sizes = sizes(1, long="dilation", doc="step between the points of the filter")
    m: int = count(1, long="multiplier", doc="filters for each channel")
    b: bool = flag(True, long="bias", doc="adds a learned number to each channel")
    pm: str = word("zeros", PADDING_MODES, long="padding_mode", doc="what stands in the padding")

    def channels(self, given: TensorType) -> Channels:
        return Channels(given.channels, self.m * given.channels, given.channels)

    @property
    def padding_mode(self) -> str:
        return self.pm


class WeightStandardizedConvolution(ConvolutionForm):
    """Convolution whose filters are brought to mean 0 and variance 1 before each use."""

    name = "wsconv"
    also = ("stdconv",)
    formula = "conv with (weight - mean) / sqrt(variance + eps), both of each filter"
    source = "Qiao et al., Micro-batch training with batch-channel normalization, 2019"
    examples = (
        "input(3, 32, 32) -> wsconv(16) -> gn(8) :: 16x32x32",
        "input(4, 20) -> wsconv(6, 5, 2, g=2, b=0) :: 6x10",
        "input(2, 6, 6, 6) -> wsconv(4, eps=0.001) :: 4x6x6x6",
    )

    w: int = width(doc="channels out")
    k: Sizes = sizes(3, long="kernel", doc="size of the filter")
    s: Sizes = sizes(1, long="stride", doc="step of the window")
    p: Sizes | str = sizes(
        "same", long="padding", words=("same", "valid"), least=0, doc="pixels at each end"
    )
    d: Sizes = sizes(1, long="dilation", doc="step between the points of the filter")
    g: int = count(1, long="groups", doc="groups of channels that do not see each other")
    b: bool = flag(True, long="bias", doc="adds a learned number to each channel")
    pm: str = word("zeros", PADDING_MODES, long="padding_mode", doc="what stands in the padding")
    eps: float = number(1e-6, least=0, doc="added to the variance")

    def linear(self, inputs: Types) -> Linear | None:
        return None  # not in the tensor `weight`: another is made of it at each call

    def channels(self, given: TensorType) -> Channels:
        return Channels(given.channels, self.w, self.g)

    @property
    def padding_mode(self) -> str:
        return self.pm

    def own_keywords(self) -> Mapping[str, Setting]:
        return changed(self, eps="eps")

    def torch_name(self, rank: int, is_even: bool) -> str:
        return f"striate.nn.WeightStandardizedConv{rank}d"

    def onnx_filter(self, given: TensorType) -> OnnxTerm:
        inner = whole(*range(1, 2 + given.rank))
        centred = node("Sub", weight("weight"), node("ReduceMean", weight("weight"), inner))
        variance = node("ReduceMean", node("Mul", centred, centred), inner)
        return node("Div", centred, node("Sqrt", node("Add", variance, scalar(self.eps))))
