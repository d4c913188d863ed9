"""Pools that make a plane of a given size, whatever comes in; of size 1 they are global."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from striate.ir import (
    WHOLE,
    Cost,
    OnnxConstant,
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
    flag,
    number,
    sizes,
)
from striate.ops._axes import Slide, per_axis, shortest
from striate.ops._onnx import (
    X,
    known_plane,
    node,
    per_channel,
    plane_axes,
    scalar,
    whole,
    window_attributes,
)
from striate.ops._pointwise import changed, work


class AdaptivePool(Op):
    """Each axis is cut into `out` stretches as equal as can be, which may share a pixel."""

    glyph = "pool"
    ranks = (1, 2, 3)

    out: Sizes

    def infer(self, inputs: Types) -> Types:
        return (inputs[0].with_plane(*self._out(inputs[0].rank)),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(inputs[0])

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        pairs = zip(inputs[0].plane, outputs[0].plane, strict=True)
        return (Window(tuple(adaptive_reach(size, out) for size, out in pairs)),)

    def _out(self, rank: int) -> tuple[int, ...]:
        return per_axis(self.name, "size", self.out, rank)

    def torch_layer(self, kind: str, rank: int) -> TorchLayer:
        """The class of torch for one kind of pool."""
        out = shortest(self._out(rank))
        return TorchLayer(f"torch.nn.Adaptive{kind}Pool{rank}d", (out,))


def adaptive_onnx(op: str, given: TensorType, out: Sequence[int], kind: str) -> OnnxTerm:
    """The pool in ONNX; kind: `Average` or `Max`.

    Global and even pools have operators of their own. Others gather the pixels of each stretch side
    by side and reduce them, one axis after the other; the shorter stretches repeat their last.

    Raises:
        GraphError: it is not global, and a size is open.
    """
    if set(out) == {1}:
        return node(f"Global{kind}Pool", X)
    pairs = list(zip(known_plane(op, given), out, strict=True))
    if all(size % count == 0 for size, count in pairs):
        slides = [Slide(size // count, size // count) for size, count in pairs]
        return node(f"{kind}Pool", X, **window_attributes(slides))
    term: OnnxTerm = X
    for axis, pair in enumerate(pairs, start=2):
        if pair[0] != pair[1]:
            term = _stretches(term, axis, given.rank + 3 - axis, pair, kind)
    return term


def _stretches(
    term: OnnxTerm, axis: int, behind: int, pair: tuple[int, int], kind: str
) -> OnnxTerm:
    """One axis cut into stretches; `behind`: axes from this one on."""
    size, count = pair
    bounds = [(at * size // count, -(-(at + 1) * size // count)) for at in range(count)]
    longest = max(high - low for low, high in bounds)
    picks = [min(low + step, high - 1) for low, high in bounds for step in range(longest)]
    indices = OnnxConstant(tuple(picks), (count, longest), whole=True)
    term = node("Gather", term, indices, axis=axis)
    if kind == "Max":
        return node("ReduceMax", term, whole(axis + 1), keepdims=0)
    shares = [
        1 / (high - low) if low + step < high else 0.0
        for low, high in bounds
        for step in range(longest)
    ]
    weighed = OnnxConstant(tuple(shares), (count, longest, *(1,) * (behind - 2)))
    return node("ReduceSum", node("Mul", term, weighed), whole(axis + 1), keepdims=0)


def adaptive_reach(size: Size, out: Size) -> Reach | None:
    """Position `o` sees floor(o*size/out) up to ceil((o+1)*size/out) - 1."""
    if size is None or out is None or out == 1:
        return None
    step = Fraction(size, out)
    last = 1 - Fraction(1, step.denominator)
    return Reach(step, -last, step - 1 + last)


class GlobalAveragePool(AdaptivePool):
    """Global average pooling: the mean of each channel; `gap(7)` averages to a plane of 7x7."""

    name = "gap"
    also = ("globalaveragepool", "globalavgpool")
    formula = "y[c] = mean over all positions of x[c]"
    source = "Lin, Chen and Yan, Network in network, 2013 (section 3.2)"
    examples = (
        "input(8, 7, 7) -> gap :: 8x1x1",
        "input(8, 13, 13) -> gap(6) :: 8x6x6",
        "input(8, 20) -> gap :: 8x1",
        "input(8, 4, 6, 6) -> gap(1x2x4) :: 8x1x2x4",
        "input(8x?x?) -> gap :: 8x1x1",
    )

    out: Sizes = sizes(1, long="size", doc="size of the plane that comes out")

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return self.torch_layer("Avg", inputs[0].rank)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return adaptive_onnx(self.name, inputs[0], self._out(inputs[0].rank), "Average")


class GlobalMaxPool(AdaptivePool):
    """Global max pooling: the largest number of each channel; `gmp(2)` leaves a plane of 2x2."""

    name = "gmp"
    also = ("globalmaxpool",)
    formula = "y[c] = max over all positions of x[c]"
    source = "Oquab et al., Is object localization for free?, 2015 (section 3)"
    examples = (
        "input(8, 7, 7) -> gmp :: 8x1x1",
        "input(8, 5, 7) -> gmp(2x3) :: 8x2x3",
        "input(8, 20) -> gmp :: 8x1",
        "input(8, 4, 6, 6) -> gmp :: 8x1x1x1",
    )

    out: Sizes = sizes(1, long="size", doc="size of the plane that comes out")

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return self.torch_layer("Max", inputs[0].rank)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return adaptive_onnx(self.name, inputs[0], self._out(inputs[0].rank), "Max")


class GeneralizedMean(Op):
    """Global pooling by a generalised mean with a learned power: 1 averages, more nears the max.

    Numbers below eps count as eps, so it stands behind an activation that is not negative.
    """

    name = "gem"
    glyph = "pool"
    ranks = (1, 2, 3)
    formula = "y[c] = (mean over all positions of x[c]^p)^(1/p)"
    source = "Radenovic, Tolias and Chum, Fine-tuning CNN image retrieval, 2018 (equation 3)"
    examples = (
        "input(8, 7, 7) -> relu -> gem :: 8x1x1",
        "input(8, 20) -> relu -> gem(2, each=1) :: 8x1",
        "input(8, 4, 6, 6) -> relu -> gem :: 8x1x1x1",
    )

    p: float = number(3.0, long="power", least=1e-3, doc="the power at the start")
    each: bool = flag(False, doc="one power for each channel instead of one for all")
    eps: float = number(1e-6, least=1e-12, doc="the least number that counts")

    def infer(self, inputs: Types) -> Types:
        return (inputs[0].with_plane(*(1,) * inputs[0].rank),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return (Weight("p", (inputs[0].channels if self.each else 1,), "constant", self.p),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(inputs[0], 2)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (WHOLE,)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords: dict[str, Setting] = dict(changed(self, p="p", eps="eps"))
        if self.each:
            keywords["channels"] = inputs[0].channels
        return TorchLayer("striate.nn.GeM", (), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        axes = whole(*plane_axes(inputs[0]))
        power = per_channel("p", inputs[0])
        positive = node("Max", X, scalar(self.eps))
        # Divided by the largest, as in torch, or powers overflow.
        largest = node("ReduceMax", positive, axes)
        mean = node("ReduceMean", node("Pow", node("Div", positive, largest), power), axes)
        return node("Mul", largest, node("Pow", mean, node("Reciprocal", power)))
