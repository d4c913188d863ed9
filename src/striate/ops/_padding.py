"""How much is padded where: `same`, `valid`, `tf`, a number, one for each axis."""

from __future__ import annotations

from collections.abc import Sequence
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
    bare = [
        Slide(kernel, stride, dilation, ceil=frame.ceil)
        for kernel, stride, dilation in zip(kernels, strides, dilations, strict=True)
    ]
    ends = _ends(op, frame.padding, bare, given.plane)
    return tuple(
        slide._replace(before=before, after=after)
        for slide, (before, after) in zip(bare, ends, strict=True)
    )


def _ends(
    op: str, padding: Sizes | str, bare: Sequence[Slide], plane: Sequence[Size]
) -> list[tuple[int, int]]:
    if padding == "same":
        return [_same(op, slide) for slide in bare]
    if padding == "valid":
        return [(0, 0)] * len(bare)
    if padding == "tf":
        return [_tensorflow_same(op, one, size) for one, size in zip(bare, plane, strict=True)]
    assert not isinstance(padding, str)
    return [(both, both) for both in per_axis(op, "padding", padding, len(bare))]


def _same(op: str, slide: Slide) -> tuple[int, int]:
    both, odd = divmod(slide.span - 1, 2)
    if not odd:
        return both, both
    if slide.kernel == slide.stride and slide.dilation == 1:
        return 0, 0
    raise GraphError.of(
        "even-kernel",
        f"{op}: an even kernel ({slide.kernel}) cannot be padded alike on both sides",
        f"write p=0 or p={both + 1}, or p=tf for one more pixel at the end; "
        f"with stride {slide.kernel} the kernel tiles the plane and needs no padding",
    )


def _tensorflow_same(op: str, slide: Slide, size: Size) -> tuple[int, int]:
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
    return total // 2, total - total // 2
