"""Point-wise functions."""

from __future__ import annotations

from typing import ClassVar

from striate.errors import GraphError
from striate.ir import OnnxTerm, Setting, TorchLayer, Types, Weight, count, number, word
from striate.ops._onnx import X, node, per_channel, scalar
from striate.ops._pointwise import Pointwise, changed


class Activation(Pointwise):
    """A function of each number alone."""

    glyph = "act"
    layer: ClassVar[str]
    """Its class in `torch.nn`."""
    keys: ClassVar[dict[str, str]] = {}
    """The keyword of torch for each argument."""
    onnx_name: ClassVar[str] = ""
    """Its operator in ONNX, where that is called otherwise."""
    onnx_keys: ClassVar[dict[str, str]] = {}
    """The attribute of ONNX for each argument."""

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer(f"torch.nn.{self.layer}", (), changed(self, **self.keys))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        settings = {name: getattr(self, key) for key, name in self.onnx_keys.items()}
        return node(self.onnx_name or self.layer, X, **settings)


class ReLU(Activation):
    """Rectified linear unit: negative numbers become 0."""

    name = "relu"
    layer = "ReLU"
    onnx_name = "Relu"
    formula = "y = max(x, 0)"
    source = "Nair and Hinton, Rectified linear units improve restricted Boltzmann machines, 2010"
    examples = ("input(3, 8, 8) -> relu :: 3x8x8", "input(5) -> relu :: 5")


class ReLU6(Activation):
    """Rectified linear unit that ends at 6, for numbers of few bits."""

    name = "relu6"
    layer = "ReLU6"
    formula = "y = min(max(x, 0), 6)"
    source = "Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010"
    examples = ("input(3, 8, 8) -> relu6 :: 3x8x8",)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Clip", X, scalar(0.0), scalar(6.0))


class LeakyReLU(Activation):
    """Rectified linear unit that lets a small share of the negative numbers through."""

    name = "lrelu"
    also = ("leakyrelu",)
    layer = "LeakyReLU"
    keys: ClassVar = {"a": "negative_slope"}
    onnx_name = "LeakyRelu"
    onnx_keys: ClassVar = {"a": "alpha"}
    formula = "y = x for x >= 0, a*x below"
    source = "Maas, Hannun and Ng, Rectifier nonlinearities improve acoustic models, 2013"
    examples = ("input(3, 8, 8) -> lrelu :: 3x8x8", "input(3, 9) -> lrelu(0.2) :: 3x9")

    a: float = number(0.01, long="slope", doc="slope of the negative side")


class PReLU(Pointwise):
    """Rectified linear unit with a learned slope on the negative side: one, or one per channel.

    `prelu(_)` learns one for each channel, as the paper does; the default is one for all, as torch
    does.
    """

    name = "prelu"
    glyph = "act"
    formula = "y = x for x >= 0, weight*x below"
    source = "He et al., Delving deep into rectifiers, 2015 (equation 1)"
    examples = (
        "input(3, 8, 8) -> prelu :: 3x8x8",
        "input(4, 9) -> prelu(4, init=0.1) :: 4x9",
        "input(4) -> prelu(_) :: 4",
    )

    n: int = count(1, long="slopes", doc="learned slopes: 1, or as many as channels")
    init: float = number(0.25, doc="the slope at the start")

    def infer(self, inputs: Types) -> Types:
        if self.n not in (1, inputs[0].channels):
            raise GraphError.of(
                "wrong-slope-count",
                f"prelu: {self.n} slopes do not fit {inputs[0].channels} channels",
                "write prelu for one slope, prelu(_) for one per channel",
            )
        return (inputs[0],)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return (Weight("weight", (self.n,), "constant", self.init),)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.PReLU", (), changed(self, n="num_parameters", init="init"))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("PRelu", X, per_channel("weight", inputs[0]))


class ELU(Activation):
    """Exponential linear unit: smooth, ends at -a on the negative side."""

    name = "elu"
    layer = "ELU"
    keys: ClassVar = {"a": "alpha"}
    onnx_name = "Elu"
    onnx_keys: ClassVar = {"a": "alpha"}
    formula = "y = x for x > 0, a*(exp(x) - 1) below"
    source = "Clevert, Unterthiner and Hochreiter, Fast and accurate deep network learning, 2015"
    examples = ("input(3, 8, 8) -> elu :: 3x8x8", "input(3, 9) -> elu(0.5) :: 3x9")

    a: float = number(1.0, long="alpha", doc="the end of the negative side")


class CELU(Activation):
    """Exponential linear unit whose slope at 0 is 1 for every a."""

    name = "celu"
    layer = "CELU"
    keys: ClassVar = {"a": "alpha"}
    onnx_name = "Celu"
    onnx_keys: ClassVar = {"a": "alpha"}
    formula = "y = max(x, 0) + min(a*(exp(x/a) - 1), 0)"
    source = "Barron, Continuously differentiable exponential linear units, 2017"
    examples = ("input(3, 8, 8) -> celu(2) :: 3x8x8",)

    a: float = number(1.0, long="alpha", least=1e-6, doc="the end of the negative side")


class SELU(Activation):
    """Exponential linear unit scaled so that activations stay near mean 0 and variance 1."""

    name = "selu"
    layer = "SELU"
    onnx_name = "Selu"
    formula = "y = 1.0507*x for x > 0, 1.0507*1.6733*(exp(x) - 1) below"
    source = "Klambauer et al., Self-normalizing neural networks, 2017 (equation 2)"
    examples = ("input(3, 8, 8) -> selu :: 3x8x8",)


class GELU(Activation):
    """Gaussian error linear unit: each number times the probability of a smaller one."""

    name = "gelu"
    layer = "GELU"
    keys: ClassVar = {"approx": "approximate"}
    onnx_name = "Gelu"
    onnx_keys: ClassVar = {"approx": "approximate"}
    formula = "y = x * Phi(x), Phi the normal distribution"
    source = "Hendrycks and Gimpel, Gaussian error linear units, 2016"
    examples = ("input(3, 8, 8) -> gelu :: 3x8x8", "input(3, 9) -> gelu(tanh) :: 3x9")

    approx: str = word(
        "none", ("none", "tanh"), long="approximate", doc="tanh: the paper's cheaper formula"
    )


class SiLU(Activation):
    """Sigmoid-weighted linear unit, also called Swish."""

    name = "silu"
    also = ("swish",)
    layer = "SiLU"
    formula = "y = x * sigmoid(x)"
    source = "Ramachandran, Zoph and Le, Searching for activation functions, 2017"
    examples = ("input(3, 8, 8) -> silu :: 3x8x8",)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Mul", X, node("Sigmoid", X))


class Mish(Activation):
    """A smooth unit like SiLU with a little more curvature below zero."""

    name = "mish"
    layer = "Mish"
    formula = "y = x * tanh(log(1 + exp(x)))"
    source = "Misra, Mish: a self regularized non-monotonic activation function, 2019"
    examples = ("input(3, 8, 8) -> mish :: 3x8x8",)


class HardSwish(Activation):
    """SiLU made of straight pieces, for small devices."""

    name = "hswish"
    also = ("hardswish",)
    layer = "Hardswish"
    onnx_name = "HardSwish"
    formula = "y = x * min(max(x + 3, 0), 6) / 6"
    source = "Howard et al., Searching for MobileNetV3, 2019 (section 5.2)"
    examples = ("input(3, 8, 8) -> hswish :: 3x8x8",)


class HardSigmoid(Activation):
    """The sigmoid made of straight pieces."""

    name = "hsigmoid"
    also = ("hardsigmoid",)
    layer = "Hardsigmoid"
    formula = "y = min(max(x + 3, 0), 6) / 6"
    source = "Howard et al., Searching for MobileNetV3, 2019 (section 5.2)"
    examples = ("input(3, 8, 8) -> hsigmoid :: 3x8x8",)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("HardSigmoid", X, alpha=1 / 6, beta=0.5)


class Sigmoid(Activation):
    """The logistic function: any number becomes one between 0 and 1."""

    name = "sigmoid"
    layer = "Sigmoid"
    formula = "y = 1 / (1 + exp(-x))"
    source = "Rumelhart, Hinton and Williams, Learning representations by back-propagation, 1986"
    examples = ("input(3, 8, 8) -> sigmoid :: 3x8x8",)


class LogSigmoid(Activation):
    """The logarithm of the logistic function, computed so that it does not overflow."""

    name = "logsigmoid"
    layer = "LogSigmoid"
    formula = "y = -log(1 + exp(-x))"
    source = "Rumelhart, Hinton and Williams, Learning representations by back-propagation, 1986"
    examples = ("input(3, 8, 8) -> logsigmoid :: 3x8x8",)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Neg", node("Softplus", node("Neg", X)))


class Tanh(Activation):
    """The hyperbolic tangent: any number becomes one between -1 and 1."""

    name = "tanh"
    layer = "Tanh"
    formula = "y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))"
    source = "LeCun et al., Gradient-based learning applied to document recognition, 1998"
    examples = ("input(3, 8, 8) -> tanh :: 3x8x8",)


class HardTanh(Activation):
    """Numbers cut off at two limits, unchanged between them."""

    name = "hardtanh"
    also = ("clip",)
    layer = "Hardtanh"
    keys: ClassVar = {"low": "min_val", "high": "max_val"}
    formula = "y = min(max(x, low), high)"
    source = "Collobert, Large scale machine learning, 2004"
    examples = ("input(3, 8, 8) -> hardtanh :: 3x8x8", "input(3, 9) -> hardtanh(0, 1) :: 3x9")

    low: float = number(-1.0, doc="the least number that comes out")
    high: float = number(1.0, doc="the largest number that comes out")

    def infer(self, inputs: Types) -> Types:
        if self.low >= self.high:
            raise GraphError.of(
                "empty-range",
                f"hardtanh: nothing lies between low={self.low:g} and high={self.high:g}",
                "give the smaller limit first",
            )
        return (inputs[0],)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Clip", X, scalar(self.low), scalar(self.high))


class Softplus(Activation):
    """A smooth rectifier, above zero everywhere."""

    name = "softplus"
    layer = "Softplus"
    keys: ClassVar = {"beta": "beta", "t": "threshold"}
    formula = "y = log(1 + exp(beta*x)) / beta, and x where beta*x > t"
    source = "Glorot, Bordes and Bengio, Deep sparse rectifier neural networks, 2011"
    examples = ("input(3, 8, 8) -> softplus :: 3x8x8", "input(3, 9) -> softplus(2) :: 3x9")

    beta: float = number(1.0, least=1e-6, doc="sharpness of the bend")
    t: float = number(20.0, long="threshold", doc="where the straight line begins")

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        sharp = X if self.beta == 1 else node("Mul", X, scalar(self.beta))
        bent: OnnxTerm = node("Softplus", sharp)
        if self.beta != 1:
            bent = node("Div", bent, scalar(self.beta))
        return node("Where", node("Greater", sharp, scalar(self.t)), X, bent)


class Softsign(Activation):
    """A sigmoid with slow tails."""

    name = "softsign"
    layer = "Softsign"
    formula = "y = x / (1 + |x|)"
    source = "Bergstra et al., Quadratic polynomials learn better image features, 2009"
    examples = ("input(3, 8, 8) -> softsign :: 3x8x8",)


class TanhShrink(Activation):
    """What the hyperbolic tangent takes away: small numbers nearly vanish."""

    name = "tanhshrink"
    layer = "Tanhshrink"
    formula = "y = x - tanh(x)"
    source = "Kavukcuoglu et al., Fast inference in sparse coding algorithms, 2010"
    examples = ("input(3, 8, 8) -> tanhshrink :: 3x8x8",)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Sub", X, node("Tanh", X))


class SoftShrink(Activation):
    """Each number moved towards 0 by a fixed amount, small ones to 0."""

    name = "softshrink"
    layer = "Softshrink"
    keys: ClassVar = {"t": "lambd"}
    formula = "y = sign(x) * max(|x| - t, 0)"
    source = "Gregor and LeCun, Learning fast approximations of sparse coding, 2010 (section 2)"
    examples = ("input(3, 8, 8) -> softshrink :: 3x8x8", "input(3, 9) -> softshrink(0.1) :: 3x9")

    t: float = number(0.5, long="threshold", least=0, doc="the amount")

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Shrink", X, lambd=self.t, bias=self.t)


class HardShrink(Activation):
    """Small numbers become 0, others stay."""

    name = "hardshrink"
    layer = "Hardshrink"
    keys: ClassVar = {"t": "lambd"}
    formula = "y = x where |x| > t, else 0"
    source = "Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, 1994"
    examples = ("input(3, 8, 8) -> hardshrink :: 3x8x8",)

    t: float = number(0.5, long="threshold", least=0, doc="what counts as small")

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Shrink", X, lambd=self.t, bias=0.0)


class Threshold(Pointwise):
    """Numbers not above a threshold are replaced by a fixed one."""

    name = "threshold"
    glyph = "act"
    formula = "y = x where x > t, else v"
    source = "Fukushima, Visual feature extraction by analog threshold elements, 1969"
    examples = ("input(3, 8, 8) -> threshold(0.1, 0) :: 3x8x8",)

    t: float = number(0.0, long="threshold", doc="what must be exceeded")
    v: float = number(0.0, long="value", doc="what stands instead")

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        arguments: tuple[Setting, ...] = (float(self.t), float(self.v))
        return TorchLayer("torch.nn.Threshold", arguments)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Where", node("Greater", X, scalar(self.t)), X, scalar(self.v))


class Affine(Pointwise):
    """A fixed factor and shift for all numbers: `affine(-1, 1)` is 1 - x."""

    name = "affine"
    formula = "y = a*x + b"
    source = "Srivastava, Greff and Schmidhuber, Highway networks, 2015 (equation 3, as 1 - T)"
    examples = (
        "input(8, 6, 6) -> affine(-1, 1) :: 8x6x6",
        "input(8) -> affine(0.5) :: 8",
    )

    a: float = number(1.0, doc="factor")
    b: float = number(0.0, doc="shift")

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.Affine", (), changed(self, a="a", b="b"))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        scaled = X if self.a == 1 else node("Mul", X, scalar(self.a))
        return node("Add", scaled, scalar(self.b)) if self.b else scaled
