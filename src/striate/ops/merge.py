"""Several streams become one: the joins `+ - | &`, and what the reducers of a tuple share."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce

from striate.errors import GraphError
from striate.ir import (
    WHOLE,
    Cost,
    OnnxInput,
    OnnxTerm,
    Op,
    Reach,
    Size,
    TensorType,
    TorchFunction,
    Types,
    Window,
)
from striate.ops._onnx import node, whole
from striate.ops._pointwise import work
from striate.quantities import dimensions

MOST_STREAMS = 100_000


def _listed(given: Sequence[TensorType]) -> str:
    return " and ".join(dict.fromkeys(map(str, given)))


def _common(sizes: Sequence[Size]) -> tuple[Size, ...]:
    """The lengths that axes of size 1 are stretched to: one, or several that disagree."""
    known = {size for size in sizes if size is not None and size != 1}
    return tuple(known) or (None if None in sizes else 1,)


def _stretched(inputs: Types, *, channels_too: bool) -> TensorType | None:
    """The type all inputs broadcast to, or None where they do not."""
    if len({given.rank for given in inputs}) > 1:
        return None
    widths = [given.channels for given in inputs]
    sizes = [_common(widths) if channels_too else tuple(set(widths))]
    sizes += [_common(axis) for axis in zip(*(given.plane for given in inputs), strict=True)]
    if any(len(candidates) > 1 for candidates in sizes):
        return None
    return TensorType.of(*(size for (size, *_) in sizes))


def folded(op: str, terms: Sequence[OnnxTerm]) -> OnnxTerm:
    """Two terms at a time, from the left."""
    return reduce(lambda one, other: node(op, one, other), terms)


def streams(inputs: Types) -> list[OnnxTerm]:
    """All streams, in order."""
    return [OnnxInput(index) for index in range(len(inputs))]


def _stretch_window(given: TensorType, output: TensorType) -> Window:
    if given.rank != output.rank:
        return WHOLE
    stays = Reach(Fraction(0))
    pairs = zip(given.plane, output.plane, strict=True)
    return Window(tuple(stays if one == 1 and all_ != 1 else Reach() for one, all_ in pairs))


class PointwiseJoin(Op):
    """Point by point over streams of like shapes."""

    glyph = "join"
    streams = (1, MOST_STREAMS)
    stretches = True

    def infer(self, inputs: Types) -> Types:
        output = _stretched(inputs, channels_too=False)
        if output is None:
            raise GraphError.of(
                "unequal-shapes", f"{self.name} needs equal shapes, got {_listed(inputs)}"
            )
        return (output,)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], len(inputs) - 1)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return tuple(_stretch_window(given, outputs[0]) for given in inputs)


class Add(PointwiseJoin):
    """The sum of the branches, `(a + b)`; equal shapes, spatial axes of size 1 are stretched."""

    name = "+"
    formula = "y = a + b"
    source = "He et al., Deep residual learning for image recognition, 2015 (equation 1)"
    examples = (
        "input(8, 6, 6) -> (conv(8) + id) :: 8x6x6",
        "input(8, 6, 6) -> (id + gap) :: 8x6x6",
        "input(8, 20) -> (conv(8) + id) :: 8x20",
        "input(8, 4, 6, 6) -> (conv(8) + id) :: 8x4x6x6",
        "input(8) -> (fc(8) + id) :: 8",
    )

    is_element = False

    def torch(self, inputs: Types, outputs: Types) -> TorchFunction:
        return TorchFunction("operator.add", folded=True)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return folded("Add", streams(inputs))


class Subtract(PointwiseJoin):
    """The first branch less the others, `(a - b)`; shapes as for `+`."""

    name = "-"
    formula = "y = a - b"
    examples = (
        "input(8, 6, 6) -> (conv(8) - id) :: 8x6x6",
        "input(8, 20) -> (id - gap) :: 8x20",
    )

    is_element = False

    def torch(self, inputs: Types, outputs: Types) -> TorchFunction:
        return TorchFunction("operator.sub", folded=True)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return folded("Sub", streams(inputs))


class Product(Op):
    """Point by point, all axes of size 1 stretched; a flat stream has a plane of 1x1."""

    glyph = "join"
    streams = (1, MOST_STREAMS)
    stretches = True

    def infer(self, inputs: Types) -> Types:
        rank = max(given.rank for given in inputs)
        output = _stretched(tuple(_raised(one, rank) for one in inputs), channels_too=True)
        if output is None:
            raise GraphError.of(
                "cannot-broadcast",
                f"{self.name} cannot bring these to one shape: {_listed(inputs)}",
                "each axis must be equal or 1; a flat stream counts as channels of a plane of 1x1",
            )
        return (output,)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], len(inputs) - 1)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return tuple(_stretch_window(given, outputs[0]) for given in inputs)

    def torch(self, inputs: Types, outputs: Types) -> TorchFunction:
        rank = outputs[0].rank
        prepare = tuple(
            TorchFunction("torch.unflatten", {"dim": 1, "sizes": _raised(one, rank).sizes})
            if one.rank < rank
            else None
            for one in inputs
        )
        return TorchFunction("operator.mul", folded=True, prepare=prepare if any(prepare) else ())

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        rank = outputs[0].rank
        raised = whole(*range(2, 2 + rank))
        terms = [
            term if given.rank == rank else node("Unsqueeze", term, raised)
            for given, term in zip(inputs, streams(inputs), strict=True)
        ]
        return folded("Mul", terms)


class Multiply(Product):
    """The product of the branches, `(a & b)`: one gates another.

    Axes of size 1 are stretched, channels too; a flat `[C]` counts as `[C,1,1]`.
    """

    name = "&"
    formula = "y = a * b"
    source = "Hu et al., Squeeze-and-excitation networks, 2018 (equation 4)"
    examples = (
        "input(8, 6, 6) -> (id & gap -> conv(8, 1) -> sigmoid) :: 8x6x6",
        "input(8, 6, 6) -> (id & gap -> fc(8) -> sigmoid) :: 8x6x6",
        "input(8, 6, 6) -> (id & cmean -> sigmoid) :: 8x6x6",
        "input(8, 20) -> (id & fc(8)) :: 8x20",
        "input(8, 4, 6, 6) -> (id & fc(8)) :: 8x4x6x6",
    )
    is_element = False


def _raised(given: TensorType, rank: int) -> TensorType:
    return given if given.rank else TensorType(given.channels, (1,) * rank)


class Concatenation(Op):
    """Channels one behind the other; equal planes."""

    glyph = "join"
    streams = (1, MOST_STREAMS)

    def infer(self, inputs: Types) -> Types:
        planes = [TensorType(1, given.plane) for given in inputs]
        if len({given.rank for given in inputs}) > 1:
            raise GraphError.of(
                "unequal-ranks",
                f"{self.name} needs planes of one rank, got {_listed(inputs)}",
                "flatten gives a flat stream, reshape gives it a plane",
            )
        output = _merged(planes)
        if output is None:
            sizes = " and ".join(dict.fromkeys(dimensions(one.plane) for one in planes))
            raise GraphError.of(
                "unequal-planes", f"{self.name} needs equal spatial sizes, got {sizes}"
            )
        return (output.with_channels(sum(given.channels for given in inputs)),)

    def torch(self, inputs: Types, outputs: Types) -> TorchFunction:
        return TorchFunction("torch.cat", {"dim": 1}, packed=True)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        if len(inputs) == 1:
            return OnnxInput()
        return node("Concat", *streams(inputs), axis=1)


class Concatenate(Concatenation):
    """The branches one behind the other along channels, `(a | b)`; equal spatial sizes."""

    name = "|"
    formula = "y = (a1, ..., am, b1, ..., bn)"
    source = "Szegedy et al., Going deeper with convolutions, 2015 (section 4)"
    examples = (
        "input(8, 6, 6) -> (id | conv(4)) :: 12x6x6",
        "input(8, 20) -> (id | conv(4) | conv(3)) :: 15x20",
        "input(8, 4, 6, 6) -> (id | conv(4)) :: 12x4x6x6",
        "input(8) -> (id | fc(4)) :: 12",
    )
    is_element = False


def _merged(planes: Sequence[TensorType]) -> TensorType | None:
    """Equal but for unknown sizes; a known size wins over an unknown one."""
    merged: list[Size] = []
    for sizes in zip(*(one.plane for one in planes), strict=True):
        known = {size for size in sizes if size is not None}
        if len(known) > 1:
            return None
        merged.append(known.pop() if known else None)
    return TensorType(1, tuple(merged))
