"""The same numbers in another shape: flatten, reshape, split, zero channels added."""

from __future__ import annotations

from math import prod

from striate.errors import GraphError
from striate.ir import (
    WHOLE,
    OnnxNode,
    OnnxTerm,
    Op,
    Size,
    Sizes,
    TensorType,
    TorchFunction,
    TorchLayer,
    Types,
    Window,
    brief_setting,
    shape,
    sizes,
    width,
)
from striate.ops._axes import known_elements
from striate.ops._groups import check_groups
from striate.ops._onnx import X, node, reshaped, whole

_MOST_PARTS = 1024


class Flatten(Op):
    """One long vector of all numbers, channel after channel: `[C, H, W]` to `[C*H*W]`."""

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
        return (TensorType(known_elements(self.name, inputs[0])),)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (WHOLE,)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.Flatten")

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return node("Flatten", X, axis=1)


class Reshape(Op):
    """The same numbers, in the same order, in another shape: `reshape(64, 7, 7)`.

    One spatial size may be left open: `reshape(64x7x?)`.
    """

    name = "reshape"
    also = ("unflatten",)
    glyph = "shape"
    gathers = True
    formula = "flatten(y) = flatten(x)"
    examples = (
        "input(3136) -> reshape(64, 7, 7) :: 64x7x7",
        "input(8, 6, 6) -> reshape(16, 18) :: 16x18",
        "input(8, 20) -> reshape(160) :: 160",
        "input(8, 4, 6, 6) -> reshape(8x24x?) :: 8x24x6",
    )

    sizes: tuple[Size, ...] = shape(doc="channels, then the spatial sizes")

    def infer(self, inputs: Types) -> Types:
        given, channels = inputs[0], self.sizes[0] if self.sizes else None
        if channels is None or len(self.sizes) > 4 or self.sizes.count(None) > 1:
            raise GraphError.of(
                "bad-reshape",
                f"reshape: {brief_setting(self.sizes)} is no shape",
                "give channels, then 0 to 3 spatial sizes, one of which may be ?",
            )
        elements = known_elements(self.name, given)
        known = prod(size for size in self.sizes if size is not None)
        left, rest = divmod(elements, known)
        if rest or (None not in self.sizes and left != 1):
            factors = "*".join(map(str, given.sizes))
            raise GraphError.of(
                "wrong-element-count",
                f"reshape: {given} has {factors} = {elements} numbers, "
                f"{brief_setting(self.sizes)} has {known}",
                "the numbers must be as many",
            )
        plane = (left if size is None else size for size in self.sizes[1:])
        return (TensorType(channels, tuple(plane)),)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        is_same = inputs[0].plane == outputs[0].plane
        return (Window.point(outputs[0].rank) if is_same else WHOLE,)

    def torch(self, inputs: Types, outputs: Types) -> TorchFunction:
        return TorchFunction("torch.reshape", {"shape": (-1, *outputs[0].sizes)})

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return reshaped(self.name, X, *outputs[0].sizes)


class Split(Op):
    """Several streams from one, cut along channels: n equal ones, or of the widths listed."""

    name = "split"
    also = ("chunk",)
    glyph = "shape"
    formula = "x = (y1 | y2 | ...)"
    examples = (
        "input(8, 6, 6) -> split(2) -> (.0 | .1 -> conv(5)) :: 9x6x6",
        "input(9, 20) -> split([2, 7]) -> .1 :: 7x20",
        "input(9) -> split(3) -> add :: 3",
    )

    n: Sizes = sizes(long="parts", doc="number of equal parts, or a list of widths")

    def infer(self, inputs: Types) -> Types:
        given = inputs[0]
        parts = self.n if isinstance(self.n, int) else len(self.n)
        if parts > _MOST_PARTS:
            raise GraphError.of(
                "too-many-parts",
                f"split: {parts} parts are more than {_MOST_PARTS}",
                "layers that treat every channel alone are depthwise: dw, gn(_), inorm",
            )
        if isinstance(self.n, int):
            check_groups(self.name, self.n, given.channels, parts=f"{self.n} equal parts")
            return (given.with_channels(given.channels // self.n),) * self.n
        if sum(self.n) != given.channels:
            total = " + ".join(map(str, self.n[:8])) + (" + ..." if len(self.n) > 8 else "")
            raise GraphError.of(
                "wrong-widths",
                f"split: the widths add up to {total} = {sum(self.n)}, "
                f"and {given.channels} channels arrive",
                f"the last one can be what is left: split([..., _ - {sum(self.n[:-1])}])",
            )
        return tuple(given.with_channels(one) for one in self.n)

    def torch(self, inputs: Types, outputs: Types) -> TorchFunction:
        if isinstance(self.n, int):
            return TorchFunction("torch.chunk", {"chunks": self.n, "dim": 1}, many=True)
        return TorchFunction("torch.split", {"split_size_or_sections": self.n, "dim": 1}, many=True)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        widths = whole(*(one.channels for one in outputs))
        return OnnxNode("Split", (X, widths), {"axis": 1}, len(outputs))


class PadChannels(Op):
    """Channels of zeros added up to a width, half before and half after: a shortcut of no weights.

    The option A of the CIFAR ResNets: `maxpool(1, 2) -> padchannels(32)`.
    """

    name = "padchannels"
    glyph = "shape"
    formula = "y = (0 | x | 0)"
    source = "He et al., Deep residual learning for image recognition, 2015 (section 3.3, option A)"
    examples = (
        "input(16, 8, 8) -> padchannels(32) :: 32x8x8",
        "input(16, 8, 8) -> maxpool(1, 2) -> padchannels(32) :: 32x4x4",
        "input(3) -> padchannels(8) :: 8",
    )

    w: int = width(doc="channels out")

    def infer(self, inputs: Types) -> Types:
        if inputs[0].channels > self.w:
            raise GraphError.of(
                "too-wide",
                f"padchannels: {inputs[0].channels} channels arrive, more than {self.w}",
                f"conv({self.w}, 1) makes them fewer",
            )
        return (inputs[0].with_channels(self.w),)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.PadChannels", (self.w,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        missing = self.w - inputs[0].channels
        if not missing:
            return X
        return node("Pad", X, whole(missing // 2, missing - missing // 2), None, whole(1))
