"""How much is padded where: `same`, `valid`, `tf`, a number, one for each axis."""

from __future__ import annotations

from typing import NamedTuple

from striate.errors import GraphError
from striate.ir import Size, Sizes, TensorType
from striate.ops._axes import Slide, per_axis

PADDINGS = ("same", "valid", "tf")
"""Words that stand for a padding besides numbers."""


class Frame(NamedTuple):
    """The arguments of a sliding window as written."""

    kernel: Sizes
    stride: Sizes
    padding: Sizes | str
    dilation: Sizes = 1
    ceil: bool = False


def slides_of(op: str, frame: Frame, given: TensorType) -> tuple[Slide, ...]:
    """The window of each axis, its padding resolved.

    Raises:
        GraphError: numbers for another number of axes; `same` with an even kernel; `tf` on an axis
            of unknown size.
    """
    rank = given.rank
    kernels = per_axis(op, "kernel", frame.kernel, rank)
    strides = per_axis(op, "stride", frame.stride, rank)
    dilations = per_axis(op, "dilation", frame.dilation, rank)
    axes = zip(kernels, strides, dilations, strict=True)
    bare = [Slide(*axis, ceil=frame.ceil) for axis in axes]
    if frame.padding == "valid":
        return tuple(bare)
    if frame.padding == "same":
        return tuple(_same(op, slide) for slide in bare)
    if frame.padding == "tf":
        pairs = zip(bare, given.plane, strict=True)
        return tuple(_tensorflow_same(op, slide, size) for slide, size in pairs)
    assert not isinstance(frame.padding, str)
    both = per_axis(op, "padding", frame.padding, rank)
    return tuple(
        slide._replace(before=end, after=end) for slide, end in zip(bare, both, strict=True)
    )


def _same(op: str, slide: Slide) -> Slide:
    end, odd = divmod(slide.span - 1, 2)
    if not odd:
        return slide._replace(before=end, after=end) if end else slide
    if slide.kernel == slide.stride and slide.dilation == 1:
        return slide
    raise GraphError.of(
        "even-kernel",
        f"{op}: an even kernel ({slide.kernel}) cannot be padded alike on both sides",
        f"write p=0 or p={end + 1}, or p=tf for one more pixel at the end; "
        f"with stride {slide.kernel} the kernel tiles the plane and needs no padding",
    )


def _tensorflow_same(op: str, slide: Slide, size: Size) -> Slide:
    """The padding of TensorFlow's SAME: ceil(size / stride) positions, the odd pixel at the end."""
    if size is not None:
        steps = -(-size // slide.stride)
        total = max((steps - 1) * slide.stride + slide.span - size, 0)
    elif slide.stride == 1:
        total = slide.span - 1
    else:
        raise GraphError.of(
            "open-padding",
            f"{op}: p=tf with stride {slide.stride} needs a known size, and it is left open here",
            "give the input its sizes, or pad with numbers",
        )
    return slide._replace(before=total // 2, after=total - total // 2)
