"""The same numbers in another order: channel shuffle, depth to space and back."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from striate.errors import GraphError
from striate.ir import OnnxTerm, Op, Reach, Size, Sizes, TorchLayer, Types, Window, count, sizes
from striate.ops._axes import Slide, per_axis, shortest, window
from striate.ops._groups import check_groups
from striate.ops._onnx import X, node, reshaped, with_channels_as, with_shape_of


class ChannelShuffle(Op):
    """Channels of g groups mixed like cards, so that the next grouped layer sees all groups."""

    name = "shuffle"
    also = ("channelshuffle",)
    glyph = "shape"
    ranks = (1, 2, 3)
    formula = "y[c*g + j] = x[j*(C/g) + c]"
    source = "Zhang et al., ShuffleNet, 2018 (section 3.1)"
    examples = (
        "input(12, 6, 6) -> shuffle(3) :: 12x6x6",
        "input(8, 20) -> shuffle(2) :: 8x20",
        "input(8, 3, 4, 5) -> shuffle(4) :: 8x3x4x5",
    )

    g: int = count(long="groups", doc="groups of channels")

    def infer(self, inputs: Types) -> Types:
        check_groups(self.name, self.g, inputs[0].channels)
        return (inputs[0],)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.ChannelShuffle", (self.g,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given, rank = inputs[0], inputs[0].rank
        grouped = with_channels_as(X, given, self.g, given.channels // self.g)
        mixed = node("Transpose", grouped, perm=(0, 2, 1, *range(3, 3 + rank)))
        return with_shape_of(mixed, given, X)


class PixelShuffle(Op):
    """Depth to space: `r*r` channels become one of r times the height and the width."""

    name = "pixelshuffle"
    glyph = "shape"
    ranks = (1, 2, 3)
    formula = "y[c, r*h + i, r*w + j] = x[(c*r + i)*r + j, h, w]"
    source = "Shi et al., Real-time single image and video super-resolution, 2016 (equation 4)"
    examples = (
        "input(12, 5, 6) -> pixelshuffle(2) :: 3x10x12",
        "input(6, 5) -> pixelshuffle(3) :: 2x15",
        "input(16, 2, 3, 4) -> pixelshuffle :: 2x4x6x8",
        "input(12, 5, 6) -> pixelshuffle(2x3) :: 2x10x18",
    )

    r: Sizes = sizes(2, long="factor", doc="factor of the size of the plane")

    def infer(self, inputs: Types) -> Types:
        given = inputs[0]
        factors = per_axis(self.name, "factor", self.r, given.rank)
        depth = prod(factors)
        times = "*".join(map(str, factors))
        check_groups(self.name, depth, given.channels, parts=f"groups of {times} = {depth}")
        pairs = zip(given.plane, factors, strict=True)
        plane = (None if size is None else size * factor for size, factor in pairs)
        return (given.with_channels(given.channels // depth).with_plane(*plane),)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        steps = [Fraction(1, one) for one in per_axis(self.name, "factor", self.r, inputs[0].rank)]
        return (Window(tuple(Reach(step, step - 1) for step in steps)),)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        factor = shortest(per_axis(self.name, "factor", self.r, inputs[0].rank))
        is_torchs = inputs[0].rank == 2 and isinstance(factor, int)
        return TorchLayer(f"{'torch' if is_torchs else 'striate'}.nn.PixelShuffle", (factor,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given, rank = inputs[0], inputs[0].rank
        factors = per_axis(self.name, "factor", self.r, rank)
        if rank == 2 and len(set(factors)) == 1:
            return node("DepthToSpace", X, blocksize=factors[0], mode="CRD")
        parts = with_channels_as(X, given, outputs[0].channels, *factors)
        order = (axis for at in range(rank) for axis in (2 + rank + at, 2 + at))
        laid = node("Transpose", parts, perm=(0, 1, *order))
        return reshaped(self.name, laid, *outputs[0].sizes)


class PixelUnshuffle(Op):
    """Space to depth: each block of `r*r` pixels becomes as many channels of one pixel."""

    name = "unshuffle"
    also = ("pixelunshuffle",)
    glyph = "shape"
    ranks = (1, 2, 3)
    formula = "y[(c*r + i)*r + j, h, w] = x[c, r*h + i, r*w + j]"
    source = (
        "Shi et al., Real-time single image and video super-resolution, 2016 (inverse of eq. 4)"
    )
    examples = (
        "input(3, 10, 12) -> unshuffle(2) :: 12x5x6",
        "input(2, 15) -> unshuffle(3) :: 6x5",
        "input(2, 4, 6, 8) -> unshuffle :: 16x2x3x4",
        "input(2, 10, 18) -> unshuffle(2x3) :: 12x5x6",
    )

    r: Sizes = sizes(2, long="factor", doc="factor of the size of the plane")

    def infer(self, inputs: Types) -> Types:
        given = inputs[0]
        factors = per_axis(self.name, "factor", self.r, given.rank)
        plane: list[Size] = []
        for size, factor in zip(given.plane, factors, strict=True):
            if size is not None and size % factor:
                raise GraphError.of(
                    "size-does-not-divide",
                    f"unshuffle: {size} pixels do not divide into blocks of {factor}",
                    f"the input here is {given}; pad or crop it first",
                )
            plane.append(None if size is None else size // factor)
        return (given.with_channels(given.channels * prod(factors)).with_plane(*plane),)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        factors = per_axis(self.name, "factor", self.r, inputs[0].rank)
        return (window([Slide(one, one) for one in factors]),)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        factor = shortest(per_axis(self.name, "factor", self.r, inputs[0].rank))
        is_torchs = inputs[0].rank == 2 and isinstance(factor, int)
        return TorchLayer(f"{'torch' if is_torchs else 'striate'}.nn.PixelUnshuffle", (factor,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given, rank = inputs[0], inputs[0].rank
        factors = per_axis(self.name, "factor", self.r, rank)
        pairs = zip(outputs[0].plane, factors, strict=True)
        blocks = (part for pair in pairs for part in pair)
        parts = reshaped(self.name, X, given.channels, *blocks)
        order = (*range(3, 3 + 2 * rank, 2), *range(2, 2 + 2 * rank, 2))
        stacked = node("Transpose", parts, perm=(0, 1, *order))
        return reshaped(self.name, stacked, *outputs[0].sizes)
