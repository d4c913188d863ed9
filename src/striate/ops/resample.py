"""Planes brought to another size: interpolation, and subsampling behind a blur."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import comb, floor, prod
from struct import pack, unpack

from striate.errors import GraphError
from striate.ir import (
    UNUSED,
    Cost,
    OnnxConstant,
    OnnxInput,
    OnnxTerm,
    Op,
    Reach,
    Setting,
    Size,
    Sizes,
    TensorType,
    TorchLayer,
    Types,
    Window,
    count,
    factors,
    flag,
    show_setting,
    sizes,
    word,
)
from striate.ops._axes import Slide, check_alike, per_axis, plane_after, shortest, window
from striate.ops._convolution import check_padding
from striate.ops._onnx import (
    X,
    bare,
    known_plane,
    node,
    padded,
    plane_axes,
    whole,
    window_attributes,
)
from striate.ops._pointwise import work
from striate.ops.adaptive import adaptive_onnx, adaptive_reach

_LINEAR = {"linear", "bilinear", "trilinear"}
_MODES = ("nearest", "nearest_exact", "linear", "bilinear", "trilinear", "bicubic", "area")
_TAPS = {"nearest": 0, "nearest_exact": 0, "bicubic": 4, "area": 1}
"""Pixels read per axis for one that is written; copies cost nothing."""
_NEAREST = ("nearest", "nearest_exact")


def _single(value: float) -> float:
    """The number in float32."""
    (rounded,) = unpack("f", pack("f", value))
    return float(rounded)


class Upsample(Op):
    """Interpolation: by the factor s, to a size, or as `(x, like) -> up` to the size of another.

    A factor below 1 makes the plane smaller; sizes are rounded down. `linear`, `bilinear` and
    `trilinear` are one mode, the plane's rank decides. `ac=1` keeps the corner pixels in place.
    """

    name = "up"
    also = ("upsample", "resize")
    glyph = "shape"
    ranks = (1, 2, 3)
    streams = (1, 2)
    formula = "y[o] = x at (o + 1/2)/s - 1/2, interpolated"
    source = "Long, Shelhamer and Darrell, Fully convolutional networks, 2015 (section 3.3)"
    examples = (
        "input(8, 7, 7) -> up :: 8x14x14",
        "input(8, 7, 5) -> up(3, mode=bilinear) :: 8x21x15",
        "input(8, 7, 7) -> up(1.5, mode=bicubic) :: 8x10x10",
        "input(8, 10) -> up(size=16, mode=linear, ac=1) :: 8x16",
        "input(8, 4, 6, 6) -> up(2, mode=trilinear) :: 8x8x12x12",
        "input(8, 14, 10) -> (maxpool(3, 2, p=1), id) -> up(mode=bilinear) :: 8x14x10",
        "input(8, 14, 14) -> up(0.5, mode=area) :: 8x7x7",
    )

    s: float | tuple[float, ...] = factors(2, long="scale", doc="factor of the size")
    size: Sizes | None = sizes(None, doc="the size, instead of a factor", said="none")
    mode: str = word("nearest", _MODES, doc="how pixels between pixels are made")
    ac: bool = flag(False, long="align_corners", doc="corner pixels stay in place")

    def infer(self, inputs: Types) -> Types:
        self._check(inputs)
        given = inputs[0]
        if len(inputs) == 2:
            return (given.with_plane(*inputs[1].plane),)
        if self.size is not None:
            return (given.with_plane(*per_axis(self.name, "size", self.size, given.rank)),)
        pairs = list(zip(given.plane, self._factors(given.rank), strict=True))
        plane = [None if size is None else floor(size * factor) for size, factor in pairs]
        if any(size == 0 for size in plane):
            raise GraphError.of(
                "empty-plane",
                f"up: nothing is left of {given} times {show_setting(self.s)}",
                "use a larger factor, or a larger input",
            )
        return (given.with_plane(*plane),)

    def _check(self, inputs: Types) -> None:
        given = inputs[0]
        targets: list[str] = [name for name in ("s", "size") if name in self.__dict__]
        targets += ["a second stream"] * (len(inputs) - 1)
        if len(targets) > 1:
            raise GraphError.of(
                "two-targets",
                f"up: the size is given twice, by {' and by '.join(targets)}",
                "give a factor, or a size, or a stream to be like",
            )
        if len(inputs) == 2:
            check_alike(self.name, *inputs)
        if self.mode == "bicubic" and given.rank != 2:
            raise GraphError.of(
                "bicubic-on-images",
                f"up: bicubic works on images, and the input here is {given}",
                "use mode=linear",
            )
        if self.ac and self.mode not in (*_LINEAR, "bicubic"):
            raise GraphError.of(
                "corners-without-mode",
                f"up: ac=1 has no meaning for mode={self.mode}",
                "use mode=bilinear or mode=bicubic, or leave ac out",
            )

    def _factors(self, rank: int) -> list[Fraction]:
        values = per_axis(self.name, "scale", self.s, rank)
        # By its digits: the float 0.1 is not one tenth.
        return [Fraction(str(value)) for value in values]

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], _TAPS.get(self.mode, 2) ** inputs[0].rank)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        given, output = inputs[0], outputs[0]
        pairs = list(zip(given.plane, output.plane, strict=True))
        if len(inputs) == 1 and self.size is None and self.mode != "area":
            steps: Sequence[Fraction | None] = [1 / one for one in self._factors(given.rank)]
        else:
            steps = [Fraction(one, out) if one and out else None for one, out in pairs]
        axes = [self._reach(*pair, step) for pair, step in zip(pairs, steps, strict=True)]
        return (Window(tuple(axes)), UNUSED)[: len(inputs)]

    def _reach(self, size: Size, out: Size, step: Fraction | None) -> Reach | None:
        """Interpolation reads the pixels nearer than a distance to the place of the new one.

        Places are multiples of 1/part, so "nearer than 1" is "at most 1 - 1/part".
        """
        if self.mode == "area":
            return adaptive_reach(size, out)
        if self.ac:
            if size is None or out is None:
                return None
            step, shift = Fraction(size - 1, out - 1) if out > 1 else Fraction(0), Fraction(0)
        elif step is None:
            return None
        elif self.mode == "nearest":
            return Reach(step, Fraction(1, step.denominator) - 1, Fraction(0))
        else:
            shift = (step - 1) / 2
        part = step.denominator * shift.denominator
        if self.mode == "nearest_exact":
            return Reach(step, step / 2 - 1 + Fraction(1, 2 * step.denominator), step / 2)
        reach = (2 if self.mode == "bicubic" else 1) - Fraction(1, part)
        return Reach(step, shift - reach, shift + reach)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords: dict[str, Setting] = {}
        rank = inputs[0].rank
        if len(inputs) == 1 and self.size is not None:
            keywords["size"] = shortest(per_axis(self.name, "size", self.size, rank))
        elif len(inputs) == 1:
            keywords["scale_factor"] = self.s
        mode = ("linear", "bilinear", "trilinear")[rank - 1] if self.mode in _LINEAR else self.mode
        if mode != "nearest":
            keywords["mode"] = mode.replace("_", "-")
        if self.ac:
            keywords["align_corners"] = True
        name = "torch.nn.Upsample" if len(inputs) == 1 else "striate.nn.Resize"
        return TorchLayer(name, (), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given, output = inputs[0], outputs[0]
        if self.mode == "area":
            out = known_plane(self.name, output)
            return adaptive_onnx(self.name, given, out, "Average")
        if self.mode in _NEAREST and (picked := self._onnx_picked(inputs, output)):
            return picked
        facts = {"axes": plane_axes(given), **self._onnx_mode()}
        if len(inputs) == 2 and None in output.plane:
            return node("Resize", X, None, None, node("Shape", OnnxInput(1), start=2), **facts)
        if len(inputs) == 2 or self.size is not None or self._is_exact(given):
            return node("Resize", X, None, None, whole(*known_plane(self.name, output)), **facts)
        factors = self._factors(given.rank)
        scales = OnnxConstant(tuple(map(float, factors)), (len(factors),))
        return node("Resize", X, None, scales, None, **facts)

    def _onnx_picked(self, inputs: Types, output: TensorType) -> OnnxTerm | None:
        """The very pixels that torch takes, which counts in float32; None for plain repetition.

        A runtime may round the position of a pixel otherwise, and takes its neighbour.
        """
        follows_factor = len(inputs) == 1 and self.size is None
        factors = per_axis(self.name, "scale", self.s, output.rank)
        shift = 0.5 if self.mode == "nearest_exact" else 0.0
        term: OnnxTerm = X
        is_plain = True
        sizes = (inputs[0].plane, output.plane, factors)
        for axis, (size, out, factor) in enumerate(zip(*sizes, strict=True), start=2):
            if size is None or out is None:
                return None
            step = _single(1 / factor if follows_factor else size / out)
            picks = [min(int(_single((at + shift) * step)), size - 1) for at in range(out)]
            if size != out:
                term = node("Gather", term, whole(*picks), axis=axis)
            is_plain &= out % size == 0 and picks == [at * size // out for at in range(out)]
        return None if is_plain else term

    def _is_exact(self, given: TensorType) -> bool:
        """The factors give whole sizes; else it matters that positions follow the factors."""
        pairs = zip(given.plane, self._factors(given.rank), strict=True)
        return all(size is not None and (size * factor).denominator == 1 for size, factor in pairs)

    def _onnx_mode(self) -> dict[str, Setting]:
        if self.mode == "nearest":
            return {
                "mode": "nearest",
                "coordinate_transformation_mode": "asymmetric",
                "nearest_mode": "floor",
            }
        if self.mode == "nearest_exact":
            return {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}
        corners = "align_corners" if self.ac else "half_pixel"
        mode = "cubic" if self.mode == "bicubic" else "linear"
        return {"mode": mode, "coordinate_transformation_mode": corners, "cubic_coeff_a": -0.75}


class BlurPool(Op):
    """Subsampling that blurs first, so that a shifted image gives a shifted result.

    Each axis becomes ceil(n/s) long. The filter is a row of Pascal's triangle along each axis; it
    is fixed, not learned.
    """

    name = "blurpool"
    glyph = "pool"
    ranks = (1, 2, 3)
    formula = "y[c, o] = sum over i of row[i] * x[c, s*o + i - p], row = (1 2 1)/4 for k=3"
    source = "Zhang, Making convolutional networks shift-invariant again, 2019 (section 3.2)"
    examples = (
        "input(8, 14, 14) -> blurpool :: 8x7x7",
        "input(8, 15) -> blurpool(5, 3) :: 8x5",
        "input(8, 4, 6, 7) -> blurpool(4, 2, pm=zeros) :: 8x2x3x4",
    )

    k: int = count(3, long="kernel", most=7, doc="length of the filter along each axis, 1 to 7")
    s: Sizes = sizes(2, long="stride", doc="step of the window")
    pm: str = word(
        "reflect",
        ("reflect", "replicate", "zeros"),
        long="padding_mode",
        doc="what stands in the padding",
    )

    def _slides(self, given: TensorType) -> tuple[Slide, ...]:
        strides = per_axis(self.name, "stride", self.s, given.rank)
        before, after = (self.k - 1) // 2, self.k // 2
        return tuple(Slide(self.k, stride, 1, before, after) for stride in strides)

    def infer(self, inputs: Types) -> Types:
        slides = self._slides(inputs[0])
        if self.pm == "reflect":
            mirrored = tuple(one._replace(before=one.after) for one in slides)
            check_padding(self.name, "reflect", mirrored, inputs[0])
        return (inputs[0].with_plane(*plane_after(self.name, slides, inputs[0])),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 2 * self.k ** inputs[0].rank)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (window(self._slides(inputs[0])),)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords: dict[str, Setting] = {}
        strides = per_axis(self.name, "stride", self.s, inputs[0].rank)
        if set(strides) != {2}:
            keywords["stride"] = shortest(strides)
        if self.pm != "reflect":
            keywords["padding_mode"] = self.pm
        return TorchLayer("striate.nn.BlurPool", (self.k,), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        given, slides = inputs[0], self._slides(inputs[0])
        row = [comb(self.k - 1, at) / 2 ** (self.k - 1) for at in range(self.k)]
        taps = tuple(prod(point) for point in product(row, repeat=given.rank))
        filters = OnnxConstant(taps, (given.channels, 1, *(self.k,) * given.rank))
        term: OnnxTerm = X
        if self.pm != "zeros":
            term, slides = padded(X, slides, self.pm), bare(slides)
        return node("Conv", term, filters, **window_attributes(slides), group=given.channels)
