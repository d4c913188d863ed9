"""Deformable convolution: the filter's points are moved by a learned field of offsets."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import prod

from striate.errors import GraphError
from striate.ir import (
    Cost,
    Linear,
    OnnxConstant,
    OnnxInput,
    OnnxTerm,
    Sizes,
    TensorType,
    Types,
    Window,
    count,
    flag,
    sizes,
    width,
)
from striate.ops._axes import per_axis, window
from striate.ops._convolution import Channels, ConvolutionForm
from striate.ops._onnx import (
    X,
    known_plane,
    node,
    per_channel,
    stacked,
    weight,
    whole,
    window_attributes,
)


class DeformableConvolution(ConvolutionForm):
    """Deformable convolution: each point of the filter reads where its offset points to.

    Streams (x, offsets) are version 1, (x, offsets, mask) version 2. For K points of the filter and
    r axes the offsets have `G*K*r` channels (group, point, axis) and the mask `G*K`, on the plane
    of the output; G groups of input channels move alike. The mask is used as it is: put a sigmoid
    before it. With zero offsets it is a convolution. Its work counts the sampling, 2^r
    multiply-accumulates for each number read.
    """

    name = "deform"
    also = ("deformconv", "dcn")
    formula = (
        "y[w, o] = b[w] + sum over c, i of weight[w, c, i] * x(c, s*o + d*i - p + offset[i, o])"
        " * mask[i, o]"
    )
    source = "Dai et al., Deformable convolutional networks, 2017; Zhu et al., Deformable ConvNets"
    source += " v2, 2019"
    streams = (2, 3)
    examples = (
        "input(4, 9, 9) -> (id, conv(18)) -> deform(8) :: 8x9x9",
        "input(4, 9, 9) -> (id, conv(18, 3, 2), conv(9, 3, 2) -> sigmoid) -> deform(8, 3, 2) "
        ":: 8x5x5",
        "input(4, 20) -> (id, conv(3)) -> deform(6) :: 6x20",
        "input(2, 5, 5, 5) -> (id, conv(81)) -> deform(4) :: 4x5x5x5",
        "input(4, 9, 9) -> (id, conv(36)) -> deform(8, g=2, b=0) :: 8x9x9",
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

    def channels(self, given: TensorType) -> Channels:
        return Channels(given.channels, self.w, self.g)

    def check_others(self, inputs: Types, plane: TensorType) -> None:
        points = self._points(inputs[0])
        numbers = points * inputs[0].rank
        groups, rest = divmod(inputs[1].channels, numbers)
        if rest or inputs[0].channels % groups or not _fits(inputs[1], plane):
            expected = plane.with_channels(numbers)
            raise GraphError.of(
                "wrong-offsets",
                f"deform: the offsets are {inputs[1]}, expected {expected}",
                f"{points} points of the filter times {inputs[0].rank} axes, at every output "
                f"position: make them by conv({numbers}) with the kernel and stride of deform",
            )
        if len(inputs) == 3 and not (
            inputs[2].channels == groups * points and _fits(inputs[2], plane)
        ):
            raise GraphError.of(
                "wrong-mask",
                f"deform: the mask is {inputs[2]}, expected {plane.with_channels(groups * points)}",
                "one number for each point of the filter at every output position",
            )

    def _points(self, given: TensorType) -> int:
        return prod(per_axis(self.name, "kernel", self.k, given.rank))

    def linear(self, inputs: Types) -> Linear | None:
        return Linear(groups=self.g, pads=True)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        positions = outputs[0].positions
        if positions is None:
            return Cost(known=False)
        read = positions * self._points(inputs[0]) * inputs[0].channels
        masked = read if len(inputs) == 3 else 0
        macs = positions * self.weights(inputs)[0].count + read * 2 ** inputs[0].rank
        return Cost(macs, masked)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        start = window(self.slides(inputs[0]))
        others = (Window.point(outputs[0].rank),) * (len(inputs) - 1)
        return (replace(start, learned=True), *others)

    def torch_name(self, rank: int, is_even: bool) -> str:
        return f"striate.nn.DeformConv{rank}d"

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given = inputs[0]
        groups = inputs[1].channels // (self._points(given) * given.rank)
        if given.rank != 2:
            return self._sampled_in_onnx(inputs, outputs[0], groups)
        bias = weight("bias") if self.b else None
        mask = OnnxInput(2) if len(inputs) == 3 else None
        frame = window_attributes(self.slides(given))
        facts = {**frame, "group": self.g, "offset_group": groups}
        return node("DeformConv", X, weight("weight"), OnnxInput(1), bias, mask, **facts)

    def _sampled_in_onnx(self, inputs: Types, output: TensorType, groups: int) -> OnnxTerm:
        """Lines and volumes, which runtimes have no operator for: sampled, then multiplied."""
        given, points, rank = inputs[0], self._points(inputs[0]), inputs[0].rank
        size, out = known_plane(self.name, given), known_plane(self.name, output)
        # A line is sampled as an image one pixel high.
        lying = (1, *size) if rank == 1 else size
        places = prod(out)
        image = stacked(self.name, X, given.channels // groups, *lying)
        values = node("GridSample", image, self._grid(size, out))
        if len(inputs) == 3:
            mask = stacked(self.name, OnnxInput(2), 1, points, places)
            apart = stacked(self.name, values, given.channels // groups, points, places)
            values = node("Mul", apart, mask)
        inner = given.channels // self.g * points
        columns = stacked(self.name, values, self.g, inner, places)
        made = node("MatMul", weight("weight", self.g, self.w // self.g, inner), columns)
        shaped = stacked(self.name, made, self.w, *out)
        return node("Add", shaped, per_channel("bias", output)) if self.b else shaped

    def _grid(self, size: tuple[int, ...], out: tuple[int, ...]) -> OnnxTerm:
        """Where each point of the filter reads, from -1 to 1, last axis first."""
        rank, places = len(size), prod(out)
        slides = self.slides(TensorType(1, size))
        pairs = zip(slides, out, strict=True)
        starts = [[at * one.stride - one.before for at in range(count)] for one, count in pairs]
        taps = [range(0, one.dilation * one.kernel, one.dilation) for one in slides]
        still = [
            start[axis] + tap[axis]
            for tap in product(*taps)
            for axis in range(rank)
            for start in product(*starts)
        ]
        points = len(still) // (rank * places)
        moved = stacked(self.name, OnnxInput(1), points, rank, places)
        place = node("Add", moved, OnnxConstant(tuple(still), (points, rank, places)))
        scale = OnnxConstant(tuple(2 / one for one in size), (rank, 1))
        shift = OnnxConstant(tuple(1 / one - 1 for one in size), (rank, 1))
        scaled = node("Add", node("Mul", place, scale), shift)
        grid: OnnxTerm = node("Transpose", scaled, perm=(0, 1, 3, 2))
        if rank == 1:
            return node("Pad", grid, whole(0, 1), None, whole(3))
        reversed_ = node("Gather", grid, whole(*reversed(range(rank))), axis=3)
        return node("Unsqueeze", reversed_, whole(2))


def _fits(given: TensorType, plane: TensorType) -> bool:
    if given.rank != plane.rank:
        return False
    pairs = zip(given.plane, plane.plane, strict=True)
    return all(one == other or one is None or other is None for one, other in pairs)
