"""What all forms of convolution share; each form is a class in a file of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from math import prod
from typing import NamedTuple

from striate.errors import GraphError
from striate.ir import (
    Cost,
    Linear,
    OnnxTerm,
    Op,
    Setting,
    Sizes,
    TensorType,
    TorchLayer,
    Types,
    Weight,
    Window,
)
from striate.ops._axes import Slide, explain, only_changed, per_axis, plane_after, shortest, window
from striate.ops._groups import check_groups
from striate.ops._onnx import X, bare, node, padded, weight, window_attributes
from striate.ops._padding import Frame, slides_of

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Channels(NamedTuple):
    """Widths of a convolution."""

    into: int
    out: int
    groups: int


class ConvolutionForm(Op):
    """Shapes, weights, work and windows of a convolution; a form says its widths and its name."""

    glyph = "conv"
    ranks = (1, 2, 3)

    k: Sizes
    s: Sizes
    p: Sizes | str
    d: Sizes
    b: bool

    @abstractmethod
    def channels(self, given: TensorType) -> Channels:
        """Channels in, channels out, groups."""

    def slides(self, given: TensorType) -> tuple[Slide, ...]:
        """The window along each axis."""
        return slides_of(self.name, Frame(self.k, self.s, self.p, self.d), given)

    def infer(self, inputs: Types) -> Types:
        given = inputs[0]
        channels = self.channels(given)
        check_groups(self.name, channels.groups, channels.into, "input")
        check_groups(self.name, channels.groups, channels.out, "output")
        slides = self.slides(given)
        check_padding(self.name, self.padding_mode, slides, given)
        output = TensorType(channels.out, plane_after(self.name, slides, given))
        self.check_others(inputs, output)
        return (output,)

    def check_others(self, inputs: Types, plane: TensorType) -> None:
        """Passes when further inputs fit the plane that comes out."""

    @property
    def padding_mode(self) -> str:
        """What stands in the padding."""
        return "zeros"

    def linear(self, inputs: Types) -> Linear | None:
        pads = any(slide.before or slide.after for slide in self.slides(inputs[0]))
        groups = self.channels(inputs[0]).groups
        return Linear(groups=groups, pads=pads and self.padding_mode == "zeros")

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        into, out, groups = self.channels(inputs[0])
        kernel = per_axis(self.name, "kernel", self.k, inputs[0].rank)
        fan = (into // groups * prod(kernel), out * prod(kernel))
        weight = Weight("weight", (out, into // groups, *kernel), fan=fan)
        return (weight, Weight("bias", (out,), "bias", fan=fan)) if self.b else (weight,)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        positions = outputs[0].positions
        if positions is None:
            return Cost(known=False)
        return Cost(macs=positions * self.weights(inputs)[0].count)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (window(self.slides(inputs[0])),)

    def explain(self, inputs: Types) -> str:
        return explain(self.slides(inputs[0]), inputs[0].plane)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        given = inputs[0]
        into, out, groups = self.channels(given)
        slides = self.slides(given)
        keywords: dict[str, Setting] = {}
        keywords |= only_changed("stride", [slide.stride for slide in slides], 1)
        # Padded by `tf` with a stride, an image of another size may need it on one side alone.
        follows_size = self.p == "tf" and any(slide.stride > 1 for slide in slides)
        is_even = all(slide.before == slide.after for slide in slides)
        is_even &= not follows_size or self.padding_mode != "zeros"
        if is_even:
            keywords |= only_changed("padding", [slide.before for slide in slides], 0)
        keywords |= only_changed("dilation", [slide.dilation for slide in slides], 1)
        keywords |= only_changed("groups", [groups], 1)
        if not self.b:
            keywords["bias"] = False
        if self.padding_mode != "zeros":
            keywords["padding_mode"] = self.padding_mode
        keywords |= self.own_keywords()
        kernel = shortest([slide.kernel for slide in slides])
        return TorchLayer(self.torch_name(given.rank, is_even), (into, out, kernel), keywords)

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        slides = self.slides(inputs[0])
        term: OnnxTerm = X
        if self.padding_mode != "zeros":
            term, slides = padded(X, slides, self.padding_mode), bare(slides)
        bias = weight("bias") if self.b else None
        groups = self.channels(inputs[0]).groups
        frame = window_attributes(slides)
        return node("Conv", term, self.onnx_filter(inputs[0]), bias, **frame, group=groups)

    def onnx_filter(self, given: TensorType) -> OnnxTerm:
        """The weights that ONNX convolves with."""
        return weight("weight")

    def own_keywords(self) -> Mapping[str, Setting]:
        """What this form's class takes besides."""
        return {}

    def torch_name(self, rank: int, is_even: bool) -> str:
        """The class; `is_even`: the padding is the same at both ends of every axis."""
        return f"torch.nn.Conv{rank}d" if is_even else f"striate.nn.SameConv{rank}d"


def check_padding(op: str, mode: str, slides: tuple[Slide, ...], given: TensorType) -> None:
    """Passes when the plane is large enough to be mirrored or wrapped into its padding.

    Raises:
        GraphError: it is not, or the padding is one-sided and not of zeros.
    """
    if mode in ("zeros", "replicate") and all(one.before == one.after for one in slides):
        return
    if mode != "zeros" and any(one.before != one.after for one in slides):
        raise GraphError.of(
            "one-sided-padding",
            f"{op}: the one-sided padding of p=tf is of zeros, and pm={mode} asks for another",
            f"pad first: pad([...], mode={mode}) -> {op}(..., p=0)",
        )
    for slide, size in zip(slides, given.plane, strict=True):
        most = size if size is None or mode == "circular" else size - 1
        if most is not None and mode != "zeros" and slide.before > most:
            raise GraphError.of(
                "padding-too-large",
                f"{op}: a padding of {slide.before} by pm={mode} needs more than the {size} "
                "pixels there are",
                f"the input here is {given}; {mode} padding is at most {most} on this axis",
            )
