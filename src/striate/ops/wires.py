"""Where numbers come in: the network's input, and learned tensors that no layer owns."""

from __future__ import annotations

from striate.errors import GraphError
from striate.ir import (
    UNUSED,
    OnnxTerm,
    Op,
    Size,
    TensorType,
    TorchLayer,
    Types,
    Weight,
    Window,
    brief_setting,
    number,
    shape,
)
from striate.ops._onnx import X, node, weight, whole


def _type_of(op: str, sizes: tuple[Size, ...]) -> TensorType:
    if not 1 <= len(sizes) <= 4 or sizes[0] is None:
        raise GraphError.of(
            "bad-shape",
            f"{op}: {brief_setting(sizes)} is no shape",
            "give channels, then 0 to 3 spatial sizes, as 10, 64x128, 3x224x224 or 3x?x?; "
            "channels must be known",
        )
    return TensorType.of(*sizes)


class Input(Op):
    """The images of the network, channels first: `input(3, 224, 224)`; `?` leaves a size open.

    On a network that has an input already it checks the sizes.
    """

    name = "input"
    glyph = "source"
    formula = "y = x"
    examples = (
        "input(3, 32, 32) -> relu :: 3x32x32",
        "input(10) -> relu :: 10",
        "input(1, 16000) -> conv(8, 9, 4) :: 8x4000",
        "input(1, 8, 32, 32) -> relu :: 1x8x32x32",
        "input(3x?x?) -> conv(8) -> gap :: 8x1x1",
    )
    streams = (0, 0)
    is_element = False
    gathers = True

    sizes: tuple[Size, ...] = shape(doc="channels, then the spatial sizes")

    def infer(self, inputs: Types) -> Types:
        return (_type_of(self.name, self.sizes),)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.Identity")

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return X


class BareParameter(Op):
    """A learned tensor of the given sizes, the same for every image; what arrives is not read.

    With `&` it scales, with `+` it shifts: `(id & param(_, 1, 1, init=1e-6))` is the layer scale of
    ConvNeXt. Its key in the `state_dict` is the path of the element itself, without a last part.
    """

    name = "param"
    glyph = "source"
    formula = "y = theta"
    source = (
        "Touvron et al., Going deeper with image transformers, 2021 (as layer scale, section 2)"
    )
    examples = (
        "input(8, 4, 4) -> (id & param(8, 1, 1, init=1e-6)) :: 8x4x4",
        "input(8, 20) -> (id + param(8, 20)) :: 8x20",
        "input(8) -> (id & param(8, init=1)) :: 8",
    )
    streams = (0, 1)
    gathers = True

    sizes: tuple[Size, ...] = shape(doc="channels, then the spatial sizes")
    init: float = number(0.0, doc="the value every entry starts with")

    def infer(self, inputs: Types) -> Types:
        given = _type_of(self.name, self.sizes)
        if given.elements is None:
            raise GraphError.of(
                "open-size",
                f"param: a learned tensor needs all its sizes, and {given} leaves one open",
                "give a number for each axis; 1 repeats along it",
            )
        return (given,)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        sizes = tuple(size for size in self.sizes if size is not None)
        return (Weight("", sizes, "constant", self.init),)

    def windows(self, inputs: Types, outputs: Types) -> tuple[Window, ...]:
        return (UNUSED,) * len(inputs)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.Parameter", (outputs[0].sizes,))

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        tensor = weight("", 1, *(size for size in self.sizes if size is not None))
        if not inputs:
            return tensor
        batch = node("Shape", X, start=0, end=1)
        ones = whole(*(1,) * len(self.sizes))
        return node("Expand", tensor, node("Concat", batch, ones, axis=0))
