"""Pools that slide: maximum, average, p-norm."""

from __future__ import annotations

from abc import abstractmethod
from math import inf, prod

from striate.errors import GraphError
from striate.ir import (
    Cost,
    OnnxTerm,
    Op,
    Setting,
    Sizes,
    TensorType,
    TorchLayer,
    Types,
    Window,
    flag,
    number,
    sizes,
)
from striate.ops._axes import Slide, explain, only_changed, plane_after, shortest, window
from striate.ops._onnx import X, bare, known_plane, node, padded, scalar, window_attributes
from striate.ops._padding import PADDINGS, Frame, slides_of
from striate.ops._pointwise import work


class SlidingPool(Op):
    """A window that slides over each channel; no weights."""

    glyph = "pool"
    ranks = (1, 2, 3)

    k: Sizes
    s: Sizes | None
    p: Sizes | str
    ceil: bool

    def slides(self, given: TensorType) -> tuple[Slide, ...]:
        """The window along each axis."""
        stride = self.k if self.s is None else self.s
        dilation = self.settings.get("d", 1)
        assert isinstance(dilation, int | tuple)
        frame = Frame(self.k, stride, self.p, dilation, self.ceil)  # type: ignore[arg-type]
        return slides_of(self.name, frame, given)

    def infer(self, inputs: Types) -> Types:
        slides = self.slides(inputs[0])
        for slide in slides:
            _check_padding(self.name, slide)
        self.check_plane(slides, inputs[0])
        return (inputs[0].with_plane(*plane_after(self.name, slides, inputs[0])),)

    def check_plane(self, slides: tuple[Slide, ...], given: TensorType) -> None:
        """Passes when the pool has no further wish about the plane."""

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], prod(slide.kernel for slide in self.slides(inputs[0])))

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (window(self.slides(inputs[0])),)

    def explain(self, inputs: Types) -> str:
        return explain(self.slides(inputs[0]), inputs[0].plane)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        slides = self.slides(inputs[0])
        kernels, strides = [one.kernel for one in slides], [one.stride for one in slides]
        keywords: dict[str, Setting] = {}
        if kernels != strides:
            keywords["stride"] = shortest(strides)
        keywords |= only_changed("padding", [one.before for one in slides], 0)
        # A missing pixel at the end is one that ceil_mode lets the window hang over.
        if self.ceil or any(one.after > one.before for one in slides):
            keywords["ceil_mode"] = True
        keywords |= self.own_keywords(slides)
        return TorchLayer(self.torch_name(inputs[0].rank), (shortest(kernels),), keywords)

    def onnx_ends(self, given: TensorType) -> tuple[Slide, ...]:
        """The windows with as much padding at the end as they reach over it, and no more.

        So that `ceil` needs no attribute, whose meaning has changed between versions of ONNX.

        Raises:
            GraphError: `ceil` is asked for, and a size is open.
        """
        slides = self.slides(given)
        if not self.ceil:
            return slides
        pairs = zip(slides, known_plane(self.name, given), strict=True)
        return tuple(_to_the_end(slide, size) for slide, size in pairs)

    @abstractmethod
    def torch_name(self, rank: int) -> str:
        """The class."""

    @abstractmethod
    def own_keywords(self, slides: tuple[Slide, ...]) -> dict[str, Setting]:
        """What this pool's class takes besides."""


def _to_the_end(slide: Slide, size: int) -> Slide:
    steps = slide.steps(size)
    assert steps is not None
    covered = (steps - 1) * slide.stride + slide.span
    return slide._replace(after=max(covered - size - slide.before, 0), ceil=False)


def _check_padding(op: str, slide: Slide) -> None:
    if 2 * slide.before > slide.kernel:  # also where it is stretched: torch's rule
        raise GraphError.of(
            "pool-padding-too-large",
            f"{op}: a padding of {slide.before} is more than half of the kernel ({slide.kernel})",
            "a window of padding alone has no value; use at most half of the kernel",
        )
    if slide.after > slide.before and slide.stride == 1:
        raise GraphError.of(
            "one-sided-pool",
            f"{op}: p=tf with an even kernel ({slide.kernel}) and stride 1 pads one side alone",
            f"use an odd kernel, or pad first: pad([0, 1, 0, 1]) -> {op}({slide.kernel}, 1)",
        )


class MaxPool(SlidingPool):
    """Max pooling: the largest number in the window, for each channel."""

    name = "maxpool"
    formula = "y[c, o] = max over i of x[c, s*o + d*i - p]"
    source = "Riesenhuber and Poggio, Hierarchical models of object recognition in cortex, 1999"
    examples = (
        "input(3, 32, 32) -> maxpool :: 3x16x16",
        "input(3, 112, 112) -> maxpool(3, 2, p=1) :: 3x56x56",
        "input(3, 112, 112) -> maxpool(3, 2, ceil=1) :: 3x56x56",
        "input(3, 21) -> maxpool(3) :: 3x7",
        "input(3, 8, 9, 10) -> maxpool(2) :: 3x4x4x5",
        "input(3, 20, 14) -> maxpool(3x2, 2x1, 1x0, d=2x3) :: 3x9x11",
        "input(3, 16, 16) -> maxpool(3, 2, p=tf) :: 3x8x8",
    )

    k: Sizes = sizes(2, long="kernel", doc="size of the window")
    s: Sizes | None = sizes(None, long="stride", doc="step of the window", said="k")
    p: Sizes | str = sizes(0, long="padding", words=PADDINGS, least=0, doc="pixels at each end")
    ceil: bool = flag(False, doc="a last window may hang over the end")
    d: Sizes = sizes(1, long="dilation", doc="step between the points of the window")

    def torch_name(self, rank: int) -> str:
        return f"torch.nn.MaxPool{rank}d"

    def own_keywords(self, slides: tuple[Slide, ...]) -> dict[str, Setting]:
        return only_changed("dilation", [slide.dilation for slide in slides], 1)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        slides = self.onnx_ends(inputs[0])
        if all(one.after < one.kernel and one.before < one.kernel for one in slides):
            return node("MaxPool", X, **window_attributes(slides))
        # Runtimes refuse a padding of a whole window, which a stretched one may reach.
        around = padded(X, slides, value=float("-inf"))
        return node("MaxPool", around, **window_attributes(bare(slides)))


class AveragePool(SlidingPool):
    """Average pooling: the mean of the window, for each channel.

    Padding counts as zeros in the mean unless `cip=0`. TensorFlow's average (`p=tf`) leaves the
    padding out: write `cip=0`.
    """

    name = "avgpool"
    also = ("averagepool",)
    formula = "y[c, o] = mean over i of x[c, s*o + i - p]"
    source = "LeCun et al., Gradient-based learning applied to document recognition, 1998"
    examples = (
        "input(3, 32, 32) -> avgpool :: 3x16x16",
        "input(3, 28, 28) -> avgpool(3, 2, p=1) :: 3x14x14",
        "input(3, 20) -> avgpool(4) :: 3x5",
        "input(3, 8, 9, 10) -> avgpool(2, ceil=1, cip=0) :: 3x4x5x5",
        "input(3, 7, 7) -> avgpool(2, 2, ceil=1) :: 3x4x4",
    )

    k: Sizes = sizes(2, long="kernel", doc="size of the window")
    s: Sizes | None = sizes(None, long="stride", doc="step of the window", said="k")
    p: Sizes | str = sizes(0, long="padding", words=PADDINGS, least=0, doc="pixels at each end")
    ceil: bool = flag(False, doc="a last window may hang over the end")
    cip: bool = flag(True, long="count_include_pad", doc="padding counts in the mean")

    def check_plane(self, slides: tuple[Slide, ...], given: TensorType) -> None:
        if self.p == "tf" and self.cip and any(one.after > one.before for one in slides):
            raise GraphError.of(
                "padding-not-counted",
                f"avgpool: p=tf pads one side alone here ({given}), and torch cannot count such "
                "padding in the mean",
                "TensorFlow's average leaves it out: avgpool(..., p=tf, cip=0); to count it, pad "
                "first: pad([0, 1, 0, 1]) -> avgpool(..., p=0)",
            )
        pairs = list(zip(slides, given.plane, strict=True))
        short = [
            (one.kernel, size) for one, size in pairs if size is not None and size < one.kernel
        ]
        if given.rank == 3 and short:
            kernel, size = short[0]
            raise GraphError.of(
                "kernel-over-volume",
                f"avgpool: a kernel of {kernel} is longer than the volume's axis of {size}",
                f"the input here is {given}; torch's 3-D average needs the kernel to fit without "
                "its padding; use a smaller kernel",
            )

    def torch_name(self, rank: int) -> str:
        return f"torch.nn.AvgPool{rank}d"

    def own_keywords(self, slides: tuple[Slide, ...]) -> dict[str, Setting]:
        return {} if self.cip else {"count_include_pad": False}

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        slides = self.onnx_ends(inputs[0])
        if not self.cip:
            return node("AveragePool", X, **window_attributes(slides), count_include_pad=0)
        # As in torch, padding counts in the mean, and what a window hangs over behind it does not.
        counted = [one._replace(after=min(one.before, one.after)) for one in slides]
        beyond = [one._replace(before=0, after=max(one.after - one.before, 0)) for one in slides]
        if not any(one.after for one in beyond):
            return node("AveragePool", X, **window_attributes(slides), count_include_pad=1)
        return node(
            "AveragePool", padded(X, counted), **window_attributes(beyond), count_include_pad=0
        )


class NormPool(SlidingPool):
    """p-norm pooling: the length of the window as a vector, for each channel; L2 by default.

    The sum of |x|^norm, not their mean; zeros of the padding add nothing.
    """

    name = "lppool"
    also = ("l2pool", "normpool")
    formula = "y[c, o] = (sum over i of |x[c, s*o + i - p]|^norm)^(1/norm)"
    source = "Sermanet et al., Convolutional neural networks applied to house numbers, 2012"
    examples = (
        "input(3, 32, 32) -> lppool :: 3x16x16",
        "input(3, 20) -> lppool(3, 2, p=1, norm=3) :: 3x10",
        "input(3, 8, 8, 8) -> lppool(2) :: 3x4x4x4",
    )

    k: Sizes = sizes(2, long="kernel", doc="size of the window")
    s: Sizes | None = sizes(None, long="stride", doc="step of the window", said="k")
    p: Sizes | str = sizes(0, long="padding", words=PADDINGS, least=0, doc="pixels at each end")
    ceil: bool = flag(False, doc="a last window may hang over the end")
    norm: float = number(2.0, least=1, doc="the power: 1 adds up, 2 is Euclid's")

    def torch_name(self, rank: int) -> str:
        # torch's LPPool has no padding, takes powers of negative numbers as they are, and its
        # gradient is NaN on a window of zeros.
        return "striate.nn.LpPool"

    def own_keywords(self, slides: tuple[Slide, ...]) -> dict[str, Setting]:
        return {} if self.norm == 2 else {"norm": float(self.norm)}

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        slides = self.onnx_ends(inputs[0])
        if self.norm == inf:
            return node("MaxPool", node("Abs", X), **window_attributes(slides))
        if self.norm == int(self.norm):
            return node("LpPool", X, **window_attributes(slides), p=int(self.norm))
        powers = node("Pow", node("Abs", X), scalar(self.norm))
        mean = node("AveragePool", powers, **window_attributes(slides), count_include_pad=1)
        total = node("Mul", mean, scalar(prod(one.kernel for one in slides)))
        return node("Pow", total, scalar(1 / self.norm))
