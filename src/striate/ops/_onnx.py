"""Words for the ONNX spelling of layers: terms, and shapes that leave the batch open."""

from __future__ import annotations

from collections.abc import Sequence

from striate.errors import GraphError
from striate.ir import (
    OnnxConstant,
    OnnxInput,
    OnnxNode,
    OnnxTerm,
    OnnxWeight,
    Setting,
    Size,
    TensorType,
)
from striate.ops._axes import Slide

X = OnnxInput()
"""The first stream."""

PAD_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def node(op: str, *inputs: OnnxTerm | None, **attributes: Setting) -> OnnxNode:
    """An operator applied to terms."""
    return OnnxNode(op, inputs, attributes)


def scalar(value: float) -> OnnxConstant:
    """One number."""
    return OnnxConstant((value,))


def filled(value: float, *shape: int) -> OnnxConstant:
    """The same number everywhere."""
    return OnnxConstant((value,), shape)


def whole(*values: int) -> OnnxConstant:
    """A list of whole numbers: axes, sizes, indices."""
    return OnnxConstant(values, (len(values),), whole=True)


def weight(name: str, *shape: int) -> OnnxWeight:
    """A tensor of the layer, seen in another shape if one is given."""
    return OnnxWeight(name, shape or None)


def per_channel(name: str, given: TensorType) -> OnnxWeight:
    """A tensor with a number for each channel, so that it stretches over the plane."""
    return OnnxWeight(name, (-1, *(1,) * given.rank) if given.rank else None)


def plane_axes(given: TensorType) -> tuple[int, ...]:
    """Axes of the plane, batch and channels being 0 and 1."""
    return tuple(range(2, 2 + given.rank))


def affine(term: OnnxTerm, given: TensorType) -> OnnxTerm:
    """Times `weight`, plus `bias`, both per channel."""
    scaled = node("Mul", term, per_channel("weight", given))
    return node("Add", scaled, per_channel("bias", given))


def window_attributes(slides: Sequence[Slide]) -> dict[str, Setting]:
    """What Conv and the pools take."""
    return {
        "kernel_shape": tuple(one.kernel for one in slides),
        "strides": tuple(one.stride for one in slides),
        "pads": (*(one.before for one in slides), *(one.after for one in slides)),
        "dilations": tuple(one.dilation for one in slides),
    }


def padded(
    term: OnnxTerm, slides: Sequence[Slide], mode: str = "zeros", value: float = 0.0
) -> OnnxTerm:
    """The plane with the padding of the slides around it; the term itself where there is none."""
    ends = (*(one.before for one in slides), *(one.after for one in slides))
    if not any(ends):
        return term
    axes = whole(*range(2, 2 + len(slides)))
    fill = scalar(value) if mode == "zeros" else None
    return node("Pad", term, whole(*ends), fill, axes, mode=PAD_MODES[mode])


def bare(slides: Sequence[Slide]) -> tuple[Slide, ...]:
    """The slides without their padding."""
    return tuple(one._replace(before=0, after=0) for one in slides)


def reshaped(op: str, term: OnnxTerm, *sizes: Size) -> OnnxTerm:
    """The numbers of each image in another shape.

    Raises:
        GraphError: more than one size is open.
    """
    return node("Reshape", term, whole(0, *_with_one_open(op, sizes)))


def stacked(op: str, term: OnnxTerm, *sizes: Size) -> OnnxTerm:
    """The numbers of all images in another shape, of whose first axis the batch is a part.

    Raises:
        GraphError: a size is open.
    """
    known = _with_one_open(op, (None, *sizes))
    return node("Reshape", term, whole(*known))


def with_channels_as(term: OnnxTerm, given: TensorType, *heads: int) -> OnnxTerm:
    """The channels laid out on several axes; the plane stays, whatever its size."""
    if given.plane.count(None) < 2:
        plane = (-1 if size is None else size for size in given.plane)
        return node("Reshape", term, whole(0, *heads, *plane))
    sizes = node("Concat", whole(0, *heads), node("Shape", term, start=2), axis=0)
    return node("Reshape", term, sizes)


def with_shape_of(term: OnnxTerm, given: TensorType, original: OnnxTerm) -> OnnxTerm:
    """The numbers in the shape that `original`, of that type, has."""
    if given.plane.count(None) < 2:
        return node("Reshape", term, whole(0, *(-1 if one is None else one for one in given.sizes)))
    return node("Reshape", term, node("Shape", original))


def known_plane(op: str, given: TensorType) -> tuple[int, ...]:
    """The sizes of the plane.

    Raises:
        GraphError: one is open.
    """
    if None in given.plane:
        raise open_size(op, str(given))
    return tuple(size for size in given.plane if size is not None)


def open_size(op: str, found: str) -> GraphError:
    """The error of a layer whose ONNX spelling needs sizes that the text leaves open."""
    return GraphError.of(
        "onnx-open-size",
        f"{op}: its ONNX form needs the size of the plane, and it is open here: {found}",
        "write the model for one size: --input 3x224x224, or input=(3, 224, 224)",
    )


def _with_one_open(op: str, sizes: Sequence[Size]) -> tuple[int, ...]:
    if sizes.count(None) > 1:
        raise open_size(op, "x".join("?" if size is None else str(size) for size in sizes))
    return tuple(-1 if size is None else size for size in sizes)
