"""Transposed convolution: the way back up."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import NamedTuple

from striate.errors import GraphError
from striate.ir import (
    Cost,
    Linear,
    OnnxTerm,
    Op,
    Reach,
    Setting,
    Size,
    Sizes,
    TensorType,
    TorchLayer,
    Types,
    Weight,
    Window,
    count,
    flag,
    sizes,
    width,
)
from striate.ops._axes import Slide, only_changed, per_axis, shortest
from striate.ops._groups import check_groups
from striate.ops._onnx import X, node, padded, per_channel, weight


class _Axis(NamedTuple):
    kernel: int
    stride: int
    padding: int
    extra: int
    dilation: int

    @property
    def spread(self) -> int:
        return self.dilation * (self.kernel - 1)

    def length(self, size: Size) -> Size:
        if size is None:
            return None
        return (size - 1) * self.stride - 2 * self.padding + self.spread + 1 + self.extra

    def explain(self, size: Size) -> str:
        if self.dilation > 1:
            kernel = f"{self.dilation}*({self.kernel}-1)+1"
        else:
            kernel = str(self.kernel)
        made = f"({size}-1)*{self.stride}-2*{self.padding}+{kernel}+{self.extra}"
        return f"{made} = {self.length(size)}"

    @property
    def reach(self) -> Reach:
        """Pixel i of the input writes to i*stride - padding + dilation*j for every j < kernel."""
        step = Fraction(1, self.stride)
        return Reach(step, (self.padding - self.spread) * step, self.padding * step)


class TransposedConvolution(Op):
    """Transposed convolution: every input pixel paints its filter into a larger plane.

    The backward pass of a convolution with the same arguments, hence the sizes. N×C×H×W becomes
    N×w×H'×W', with weights C×(w/g)×k×k. `op` adds pixels at the end, where a stride
    leaves open which size the convolution had come from.
    """

    name = "tconv"
    also = ("deconv", "transposedconvolution")
    glyph = "conv"
    ranks = (1, 2, 3)
    formula = "y[w, s*i + d*j - p] += weight[c, w, j] * x[c, i] for all c, i, j"
    source = "Zeiler et al., Deconvolutional networks, 2010; as up-sampling:"
    source += " Long, Shelhamer and Darrell, Fully convolutional networks, 2015"
    examples = (
        "input(8, 12, 12) -> tconv(4) :: 4x24x24",
        "input(8, 7, 7) -> tconv(4, 4, 2, 1) :: 4x14x14",
        "input(8, 7, 7) -> tconv(4, 3, 2, 1, op=1) :: 4x14x14",
        "input(6, 10) -> tconv(4, 3, 3, g=2, b=0) :: 4x30",
        "input(4, 3, 4, 5) -> tconv(2, 2) :: 2x6x8x10",
        "input(4, 5, 5) -> tconv(2, 3x2, 1x2, d=2x1) :: 2x9x10",
    )

    w: int = width(doc="channels out")
    k: Sizes = sizes(2, long="kernel", doc="size of the filter")
    s: Sizes = sizes(2, long="stride", doc="pixels of the output for one of the input")
    p: Sizes = sizes(0, long="padding", least=0, doc="pixels cut off at each end")
    op: Sizes = sizes(0, long="output_padding", least=0, doc="pixels added at the end")
    d: Sizes = sizes(1, long="dilation", doc="step between the points of the filter")
    g: int = count(1, long="groups", doc="groups of channels that do not see each other")
    b: bool = flag(True, long="bias", doc="adds a learned number to each channel")

    def _axes(self, given: TensorType) -> list[_Axis]:
        columns = {
            "kernel": self.k,
            "stride": self.s,
            "padding": self.p,
            "output_padding": self.op,
            "dilation": self.d,
        }
        values = [per_axis(self.name, what, value, given.rank) for what, value in columns.items()]
        return [_Axis(*axis) for axis in zip(*values, strict=True)]

    def infer(self, inputs: Types) -> Types:
        given = inputs[0]
        check_groups(self.name, self.g, given.channels)
        check_groups(self.name, self.g, self.w, "output")
        axes = self._axes(given)
        for axis in axes:
            if axis.extra >= max(axis.stride, axis.dilation):
                raise GraphError.of(
                    "output-padding-too-large",
                    f"tconv: op={axis.extra} is not below the stride ({axis.stride}) "
                    f"or the dilation ({axis.dilation})",
                    "a whole step more comes from a larger input, not from op",
                )
        plane = tuple(axis.length(size) for axis, size in zip(axes, given.plane, strict=True))
        if any(size is not None and size < 1 for size in plane):
            raise GraphError.of(
                "padding-cuts-all",
                f"tconv: the padding cuts everything off: {self.explain(inputs)}",
                f"the input here is {given}; use less padding or a larger kernel",
            )
        return (TensorType(self.w, plane),)

    def linear(self, inputs: Types) -> Linear | None:
        return Linear(out=1, into=0, groups=self.g, pads=True)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        into = inputs[0].channels
        kernel = per_axis(self.name, "kernel", self.k, inputs[0].rank)
        fan = (into // self.g * prod(kernel), self.w * prod(kernel))
        weight = Weight("weight", (into, self.w // self.g, *kernel), fan=fan)
        return (weight, Weight("bias", (self.w,), "bias", fan=fan)) if self.b else (weight,)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        positions = inputs[0].positions
        if positions is None:
            return Cost(known=False)
        return Cost(macs=positions * self.weights(inputs)[0].count)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (Window(tuple(axis.reach for axis in self._axes(inputs[0]))),)

    def explain(self, inputs: Types) -> str:
        pairs = zip(self._axes(inputs[0]), inputs[0].plane, strict=True)
        lines = [axis.explain(size) for axis, size in pairs if size is not None]
        return ", ".join(dict.fromkeys(lines))

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        axes = self._axes(inputs[0])
        keywords: dict[str, Setting] = {}
        keywords |= only_changed("stride", [axis.stride for axis in axes], 1)
        keywords |= only_changed("padding", [axis.padding for axis in axes], 0)
        keywords |= only_changed("output_padding", [axis.extra for axis in axes], 0)
        keywords |= only_changed("dilation", [axis.dilation for axis in axes], 1)
        keywords |= only_changed("groups", [self.g], 1)
        if not self.b:
            keywords["bias"] = False
        name = f"torch.nn.ConvTranspose{inputs[0].rank}d"
        kernel = shortest([axis.kernel for axis in axes])
        return TorchLayer(name, (inputs[0].channels, self.w, kernel), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        axes = self._axes(inputs[0])
        ends = [axis.padding for axis in axes]
        if all(axis.extra < axis.stride for axis in axes):
            extra = tuple(axis.extra for axis in axes)
            bias = weight("bias") if self.b else None
            return self._onnx_painted(axes, ends, bias, output_padding=extra)
        # Runtimes refuse a whole step more. So less is cut off, and what lacks then are zeros.
        kept = [min(axis.extra, axis.padding) for axis in axes]
        painted = self._onnx_painted(
            axes, [end - one for end, one in zip(ends, kept, strict=True)], None
        )
        more = [axis.extra - one for axis, one in zip(axes, kept, strict=True)]
        behind = padded(painted, [Slide(1, after=one) for one in more])
        return node("Add", behind, per_channel("bias", outputs[0])) if self.b else behind

    def _onnx_painted(
        self,
        axes: Sequence[_Axis],
        ends: Sequence[int],
        bias: OnnxTerm | None,
        **attributes: Setting,
    ) -> OnnxTerm:
        return node(
            "ConvTranspose",
            X,
            weight("weight"),
            bias,
            kernel_shape=tuple(axis.kernel for axis in axes),
            strides=tuple(axis.stride for axis in axes),
            pads=(*(axis.padding for axis in axes), *ends),
            dilations=tuple(axis.dilation for axis in axes),
            group=self.g,
            **attributes,
        )
