"""Point-wise functions."""

from __future__ import annotations

from striate.ir import TorchLayer, Types
from striate.ops._pointwise import Pointwise


class ReLU(Pointwise):
    """Rectified linear unit: negative numbers become 0."""

    name = "relu"
    glyph = "act"
    formula = "y = max(x, 0)"
    source = "Nair and Hinton, Rectified linear units improve restricted Boltzmann machines, 2010"
    examples = ("input(3, 8, 8) -> relu :: 3x8x8",)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.ReLU")
