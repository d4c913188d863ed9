"""Normalization by statistics of whole planes: batch, group, instance, global response."""

from __future__ import annotations

from striate.errors import GraphError
from striate.ir import (
    WHOLE,
    Cost,
    OnnxTerm,
    Op,
    RunningNorm,
    TorchLayer,
    Types,
    Weight,
    Window,
    count,
    flag,
    number,
)
from striate.ops._groups import check_groups
from striate.ops._onnx import X, affine, filled, node, plane_axes, scalar, weight, whole
from striate.ops._pointwise import changed, work


def scale_and_shift(channels: int) -> tuple[Weight, ...]:
    """The learned gamma and beta of each channel, by torch's names."""
    return (Weight("weight", (channels,), "scale", 1.0), Weight("bias", (channels,), "shift"))


class BatchNorm(Op):
    """Batch normalization: each channel by its mean and deviation over the batch and the plane.

    At test time by running averages, which makes it linear, so that it folds into a convolution.
    """

    name = "bn"
    also = ("batchnorm",)
    glyph = "norm"
    formula = "y = weight * (x - mean) / sqrt(variance + eps) + bias"
    source = "Ioffe and Szegedy, Batch normalization, 2015 (algorithm 1)"
    examples = (
        "input(8, 6, 6) -> bn :: 8x6x6",
        "input(8) -> bn :: 8",
        "input(8, 20) -> bn(eps=0.001, m=0.01) :: 8x20",
        "input(8, 4, 6, 6) -> bn(affine=0) :: 8x4x6x6",
    )

    eps: float = number(1e-5, least=0, doc="added to the variance")
    m: float = number(
        0.1, long="momentum", least=0, most=1, doc="share of a new batch in the running averages"
    )
    affine: bool = flag(True, doc="learned scale and shift for each channel")

    def infer(self, inputs: Types) -> Types:
        return (inputs[0],)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        channels = inputs[0].channels
        running = (
            Weight("running_mean", (channels,), "statistic", 0.0, trained=False),
            Weight("running_var", (channels,), "statistic", 1.0, trained=False),
            Weight("num_batches_tracked", (), "statistic", 0.0, trained=False),
        )
        return (*scale_and_shift(channels), *running) if self.affine else running

    def running_norm(self) -> RunningNorm | None:
        return RunningNorm(self.eps, self.affine)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 2)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords = changed(self, eps="eps", m="momentum", affine="affine")
        name = f"torch.nn.BatchNorm{max(inputs[0].rank, 1)}d"
        return TorchLayer(name, (inputs[0].channels,), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        channels = inputs[0].channels
        scale = weight("weight") if self.affine else filled(1.0, channels)
        shift = weight("bias") if self.affine else filled(0.0, channels)
        running = (weight("running_mean"), weight("running_var"))
        return node("BatchNormalization", X, scale, shift, *running, epsilon=self.eps)


class GroupNorm(Op):
    """Group normalization: mean and deviation over groups of channels and the plane, per image.

    `gn(1)` is layer normalization over the whole image.
    """

    name = "gn"
    also = ("groupnorm",)
    glyph = "norm"
    formula = "y = weight * (x - mean) / sqrt(variance + eps) + bias, both of the group"
    source = "Wu and He, Group normalization, 2018"
    examples = (
        "input(64, 6, 6) -> gn :: 64x6x6",
        "input(8, 20) -> gn(4) :: 8x20",
        "input(8) -> gn(2, eps=0.001) :: 8",
        "input(8, 4, 6, 6) -> gn(1, affine=0) :: 8x4x6x6",
    )

    g: int = count(32, long="groups", doc="groups of channels")
    eps: float = number(1e-5, least=0, doc="added to the variance")
    affine: bool = flag(True, doc="learned scale and shift for each channel")

    def infer(self, inputs: Types) -> Types:
        check_groups(self.name, self.g, inputs[0].channels)
        return (inputs[0],)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return scale_and_shift(inputs[0].channels) if self.affine else ()

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 5)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (WHOLE,)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords = changed(self, eps="eps", affine="affine")
        return TorchLayer("torch.nn.GroupNorm", (self.g, inputs[0].channels), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        channels = inputs[0].channels
        scale = weight("weight") if self.affine else filled(1.0, channels)
        shift = weight("bias") if self.affine else filled(0.0, channels)
        return node("GroupNormalization", X, scale, shift, num_groups=self.g, epsilon=self.eps)


class InstanceNorm(Op):
    """Instance normalization: each channel by its mean and deviation over the plane, per image."""

    name = "inorm"
    also = ("instancenorm",)
    glyph = "norm"
    ranks = (1, 2, 3)
    formula = "y = (x - mean) / sqrt(variance + eps), both of the channel of one image"
    source = "Ulyanov, Vedaldi and Lempitsky, Instance normalization, 2016"
    examples = (
        "input(8, 6, 6) -> inorm :: 8x6x6",
        "input(8, 20) -> inorm(eps=0.001) :: 8x20",
        "input(8, 4, 6, 6) -> inorm(affine=1) :: 8x4x6x6",
    )

    eps: float = number(1e-5, least=0, doc="added to the variance")
    affine: bool = flag(False, doc="learned scale and shift for each channel")

    def infer(self, inputs: Types) -> Types:
        if inputs[0].positions == 1:
            raise GraphError.of(
                "norm-of-one-pixel",
                f"inorm: a plane of one pixel has no deviation ({inputs[0]})",
                "leave the layer out here, or use ln, gn or bn",
            )
        return (inputs[0],)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return scale_and_shift(inputs[0].channels) if self.affine else ()

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 5)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (WHOLE,)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords = changed(self, eps="eps", affine="affine")
        name = f"torch.nn.InstanceNorm{inputs[0].rank}d"
        return TorchLayer(name, (inputs[0].channels,), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        channels = inputs[0].channels
        scale = weight("weight") if self.affine else filled(1.0, channels)
        shift = weight("bias") if self.affine else filled(0.0, channels)
        return node("InstanceNormalization", X, scale, shift, epsilon=self.eps)


class GlobalResponseNorm(Op):
    """Global response normalization: channels compete by their energy over the whole image.

    The identity at the start, as both of its weights are 0.
    """

    name = "grn"
    also = ("globalresponsenorm",)
    glyph = "norm"
    ranks = (1, 2, 3)
    formula = "y = weight * x * |x[c]| / (mean over c of |x[c]| + eps) + bias + x"
    source = "Woo et al., ConvNeXt V2, 2023 (equations 1 to 3)"
    examples = (
        "input(8, 6, 6) -> grn :: 8x6x6",
        "input(8, 20) -> grn(0.001) :: 8x20",
        "input(8, 4, 6, 6) -> grn :: 8x4x6x6",
    )

    eps: float = number(1e-6, least=0, doc="added to the mean energy")

    def infer(self, inputs: Types) -> Types:
        return (inputs[0],)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        sizes = (inputs[0].channels,)
        return (Weight("weight", sizes, "constant"), Weight("bias", sizes, "constant"))

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 5)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (WHOLE,)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        name = "striate.nn.GlobalResponseNorm"
        return TorchLayer(name, (inputs[0].channels,), changed(self, eps="eps"))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        energy = node("ReduceL2", X, whole(*plane_axes(inputs[0])))
        mean = node("Add", node("ReduceMean", energy, whole(1)), scalar(self.eps))
        shared = node("Mul", X, node("Div", energy, mean))
        return node("Add", X, affine(shared, inputs[0]))
