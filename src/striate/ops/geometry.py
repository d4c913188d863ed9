"""The frame of a plane: padding, cropping, and warping by a learned affine map."""

from __future__ import annotations

from fractions import Fraction

from striate.errors import GraphError
from striate.ir import (
    UNUSED,
    WHOLE,
    Cost,
    OnnxConstant,
    OnnxInput,
    OnnxTerm,
    Op,
    Reach,
    Setting,
    Size,
    Sizes,
    TorchLayer,
    Types,
    Window,
    brief_setting,
    flag,
    number,
    sizes,
    word,
)
from striate.ops._axes import Slide, check_alike, per_axis, shortest
from striate.ops._convolution import PADDING_MODES, check_padding
from striate.ops._onnx import (
    X,
    known_plane,
    node,
    padded,
    plane_axes,
    reshaped,
    whole,
    with_shape_of,
)
from striate.ops._pointwise import work

_PADS = {
    "zeros": "ZeroPad",
    "reflect": "ReflectionPad",
    "replicate": "ReplicationPad",
    "circular": "CircularPad",
}


class Pad(Op):
    """Pixels added around the plane: `pad(1)` everywhere, `pad(1x2)` by axis, or each end alone.

    Ends are listed axis by axis, first before, then after: `pad([0, 1, 0, 1])` adds a row below and
    a column to the right. (torch lists the last axis first.)
    """

    name = "pad"
    glyph = "shape"
    ranks = (1, 2, 3)
    formula = "y[o] = x[o - before] inside, else what mode says"
    examples = (
        "input(3, 8, 8) -> pad(1) :: 3x10x10",
        "input(3, 8, 8) -> pad([0, 1, 0, 1]) :: 3x9x9",
        "input(3, 8, 8) -> pad(1x2, mode=reflect) :: 3x10x12",
        "input(3, 8) -> pad([2, 0], v=1) :: 3x10",
        "input(3, 4, 5, 6) -> pad([0, 1, 1, 1, 2, 0], circular) :: 3x5x7x8",
    )

    p: Sizes = sizes(
        long="padding", least=0, doc="pixels: one number, one per axis, or one per end"
    )
    mode: str = word("zeros", PADDING_MODES, doc="what the new pixels show")
    v: float = number(0.0, long="value", doc="their value with mode=zeros")

    def _slides(self, rank: int) -> tuple[Slide, ...]:
        ends = self.p
        if isinstance(ends, tuple) and len(ends) == 2 * rank:
            pairs = list(zip(ends[::2], ends[1::2], strict=True))
        elif isinstance(ends, tuple) and len(ends) != rank:
            raise GraphError.of(
                "wrong-pad-count",
                f"pad: {brief_setting(ends)} has {len(ends)} numbers, and the plane here has "
                f"{rank} axes",
                f"give one number, {rank} (one per axis) or {2 * rank} (before and after, by axis)",
            )
        else:
            pairs = [(both, both) for both in per_axis(self.name, "padding", ends, rank)]
        return tuple(Slide(1, before=before, after=after) for before, after in pairs)

    def infer(self, inputs: Types) -> Types:
        given = inputs[0]
        slides = self._slides(given.rank)
        if self.mode != "zeros" and self.v:
            raise GraphError.of(
                "value-without-zeros",
                f"pad: v={self.v:g} has no meaning for mode={self.mode}",
                "leave one of the two out",
            )
        if self.mode != "replicate":
            widest = [max(slide.before, slide.after) for slide in slides]
            alike = tuple(Slide(1, before=most, after=most) for most in widest)
            check_padding(self.name, self.mode, alike, given)
        return (given.with_plane(*_steps(slides, given.plane)),)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (Window(tuple(slide.reach for slide in self._slides(inputs[0].rank))),)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        slides = self._slides(inputs[0].rank)
        ends = shortest([end for one in reversed(slides) for end in (one.before, one.after)])
        if self.mode == "zeros" and self.v:
            return TorchLayer(f"torch.nn.ConstantPad{len(slides)}d", (ends, float(self.v)))
        return TorchLayer(f"torch.nn.{_PADS[self.mode]}{len(slides)}d", (ends,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return padded(X, self._slides(inputs[0].rank), self.mode, self.v)


def _steps(slides: tuple[Slide, ...], plane: tuple[Size, ...]) -> tuple[Size, ...]:
    return tuple(slide.steps(size) for slide, size in zip(slides, plane, strict=True))


class Crop(Op):
    """The middle of a plane: of a given size, or as `(x, like) -> crop` of the size of another.

    Where an odd number of pixels goes, one more goes at the end.
    """

    name = "crop"
    glyph = "shape"
    ranks = (1, 2, 3)
    streams = (1, 2)
    formula = "y[o] = x[o + floor((n - size)/2)]"
    source = "Ronneberger, Fischer and Brox, U-Net, 2015 (figure 1, copy and crop)"
    examples = (
        "input(3, 9, 9) -> crop(6) :: 3x6x6",
        "input(3, 9, 9) -> (id, conv(4, 3, p=0)) -> crop :: 3x7x7",
        "input(3, 20) -> crop(5) :: 3x5",
        "input(3, 8, 9, 10) -> crop(2x3x4) :: 3x2x3x4",
    )

    size: Sizes | None = sizes(None, doc="the size, without a second stream", said="that of like")

    def _target(self, inputs: Types) -> tuple[Size, ...]:
        if (self.size is None) == (len(inputs) == 1):
            raise GraphError.of(
                "one-target",
                "crop needs a size or a second stream to be like, one of the two",
                "crop(224), or (x, like) -> crop",
            )
        if self.size is not None:
            return per_axis(self.name, "size", self.size, inputs[0].rank)
        check_alike(self.name, *inputs)
        return inputs[1].plane

    def infer(self, inputs: Types) -> Types:
        target = self._target(inputs)
        cropped = inputs[0].with_plane(*target)
        for size, wanted in zip(inputs[0].plane, target, strict=True):
            if size is not None and wanted is not None and wanted > size:
                raise GraphError.of(
                    "crop-too-large",
                    f"crop: {cropped} cannot be cut out of {inputs[0]}",
                    "swap the two streams, or pad instead of cropping",
                )
        return (cropped,)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        axes: list[Reach | None] = []
        for size, wanted in zip(inputs[0].plane, outputs[0].plane, strict=True):
            if size is None or wanted is None:
                axes.append(None)
            else:
                start = Fraction((size - wanted) // 2)
                axes.append(Reach(low=start, high=start))
        return (Window(tuple(axes)), UNUSED)[: len(inputs)]

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        if self.size is None:
            return TorchLayer("striate.nn.Crop")
        size = shortest(per_axis(self.name, "size", self.size, inputs[0].rank))
        return TorchLayer("striate.nn.Crop", (size,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        axes = whole(*plane_axes(inputs[0]))
        if None not in (*inputs[0].plane, *outputs[0].plane):
            pairs = list(zip(inputs[0].plane, known_plane(self.name, outputs[0]), strict=True))
            starts = [(size - wanted) // 2 for size, wanted in pairs if size is not None]
            ends = [start + wanted for start, (_, wanted) in zip(starts, pairs, strict=True)]
            return node("Slice", X, whole(*starts), whole(*ends), axes)
        wanted_ = self._onnx_target(inputs)
        start = node("Div", node("Sub", node("Shape", X, start=2), wanted_), whole(2))
        return node("Slice", X, start, node("Add", start, wanted_), axes)

    def _onnx_target(self, inputs: Types) -> OnnxTerm:
        if self.size is None:
            return node("Shape", OnnxInput(1), start=2)
        return whole(*per_axis(self.name, "size", self.size, inputs[0].rank))


class Warp(Op):
    """Sampler of the spatial transformer: `(x, theta) -> warp` sees x through an affine map.

    theta is flat, 2, 6 or 12 numbers for planes of rank 1, 2 and 3, made by a localisation network:
    rows of a matrix from places of the output to places of the input, which run from -1 to 1.
    """

    name = "warp"
    also = ("spatialtransform",)
    glyph = "shape"
    ranks = (1, 2, 3)
    streams = (2, 2)
    formula = "y[c, o] = x[c] at theta * (o, 1), linearly interpolated"
    source = "Jaderberg et al., Spatial transformer networks, 2015 (equations 1 and 5)"
    examples = (
        "input(1, 28, 28) -> (id, fc(6)) -> warp :: 1x28x28",
        "input(2, 20) -> (id, fc(2)) -> warp(size=10) :: 2x10",
        "input(1, 6, 7, 8) -> (id, fc(12)) -> warp(pm=border) :: 1x6x7x8",
    )

    size: Sizes | None = sizes(None, doc="size of the plane that comes out", said="that of x")
    pm: str = word(
        "zeros",
        ("zeros", "border", "reflection"),
        long="padding_mode",
        doc="what is seen outside of x",
    )
    ac: bool = flag(False, long="align_corners", doc="-1 and 1 are pixel centres, not outer edges")

    def infer(self, inputs: Types) -> Types:
        given, theta = inputs
        numbers = given.rank * (given.rank + 1)
        if theta.sizes != (numbers,):
            raise GraphError.of(
                "wrong-theta",
                f"warp: an affine map of {given} is {numbers} numbers, got {theta}",
                f"end the localisation network with fc({numbers})",
            )
        if self.size is None:
            return (given,)
        return (given.with_plane(*per_axis(self.name, "size", self.size, given.rank)),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 2 * 2 ** inputs[0].rank)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        steps = [
            Fraction(size, out) if size and out else Fraction(1)
            for size, out in zip(inputs[0].plane, outputs[0].plane, strict=True)
        ]
        return (Window(tuple(Reach(step) for step in steps), learned=True), WHOLE)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords: dict[str, Setting] = {}
        if self.size is not None:
            keywords["size"] = shortest(per_axis(self.name, "size", self.size, inputs[0].rank))
        if self.pm != "zeros":
            keywords["padding_mode"] = self.pm
        if self.ac:
            keywords["align_corners"] = True
        return TorchLayer("striate.nn.AffineWarp", (), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given, rank = inputs[0], inputs[0].rank
        out = known_plane(self.name, outputs[0])
        image: OnnxTerm = X
        theta = OnnxInput(1)
        if rank == 1:  # sampled as an image one pixel high
            spread = OnnxConstant((1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), (2, 6))
            image = reshaped(self.name, X, given.channels, 1, given.plane[0])
            matrix = reshaped(self.name, node("MatMul", theta, spread), 2, 3)
            out = (1, *out)
        else:
            matrix = reshaped(self.name, theta, rank, rank + 1)
        if self.ac and 1 in out:  # an axis of one pixel is seen in its middle, not at its start
            seen = [0 if size == 1 else 1 for size in reversed(out)]
            matrix = node("Mul", matrix, OnnxConstant((*seen, 1), (1, 1, len(out) + 1)))
        batch = node("Shape", X, start=0, end=1)
        sizes = node("Concat", batch, whole(given.channels, *out), axis=0)
        grid = node("AffineGrid", matrix, sizes, align_corners=int(self.ac))
        facts: dict[str, Setting] = {"padding_mode": self.pm, "align_corners": int(self.ac)}
        made = node("GridSample", image, grid, mode="linear", **facts)
        return with_shape_of(made, outputs[0], X) if rank == 1 else made
