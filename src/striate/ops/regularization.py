"""Layers that act only while training, against overfitting."""

from __future__ import annotations

from striate.ir import Cost, OnnxTerm, TorchLayer, Types, count, number, word
from striate.ops._onnx import X
from striate.ops._pointwise import Pointwise, changed


class Regularizer(Pointwise):
    """Drops something at random while training and scales the rest up."""

    glyph = "drop"
    acts_only_in_training = True

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return Cost()

    def onnx(self, inputs: Types, outputs: Types) -> OnnxTerm:
        return X


class Dropout(Regularizer):
    """Each number is 0 with probability p while training, the others grow by 1/(1-p)."""

    name = "dropout"
    formula = "y = x * m / (1 - p), m = 0 with probability p, else 1"
    source = "Srivastava et al., Dropout: a simple way to prevent overfitting, 2014"
    examples = ("input(3, 8, 8) -> dropout :: 3x8x8", "input(10) -> dropout(0.2) :: 10")

    p: float = number(0.5, long="probability", least=0, most=1, doc="share that is dropped")

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.Dropout", (), changed(self, p="p"))


class SpatialDropout(Regularizer):
    """Dropout of whole channels, because neighbouring pixels are correlated."""

    name = "spatialdropout"
    also = ("channeldropout",)
    ranks = (1, 2, 3)
    formula = "y[c] = x[c] * m[c] / (1 - p), m[c] = 0 with probability p, else 1"
    source = "Tompson et al., Efficient object localization using convolutional networks, 2015"
    examples = (
        "input(3, 8, 8) -> spatialdropout :: 3x8x8",
        "input(3, 20) -> spatialdropout(0.1) :: 3x20",
        "input(3, 4, 4, 4) -> spatialdropout :: 3x4x4x4",
    )

    p: float = number(0.5, long="probability", least=0, most=1, doc="share that is dropped")

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer(f"torch.nn.Dropout{inputs[0].rank}d", (), changed(self, p="p"))


class DropPath(Regularizer):
    """Stochastic depth: the whole branch is 0 with probability p, for each image or the batch."""

    name = "droppath"
    also = ("stochasticdepth",)
    formula = "y = x * m / (1 - p), m = 0 with probability p, else 1, one m for each image"
    source = "Huang et al., Deep networks with stochastic depth, 2016"
    examples = (
        "input(3, 8, 8) -> (droppath(0.1) + id) :: 3x8x8",
        "input(3, 8, 8) -> droppath(0.5, batch) :: 3x8x8",
        "input(10) -> droppath :: 10",
    )

    p: float = number(0.1, long="probability", least=0, most=1, doc="chance that it is dropped")
    mode: str = word("row", ("row", "batch"), doc="row: each image by itself; batch: all alike")

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.StochasticDepth", (), changed(self, p="p", mode="mode"))


class DropBlock(Regularizer):
    """Dropout of square blocks of pixels, in each channel on its own."""

    name = "dropblock"
    ranks = (1, 2, 3)
    formula = "y = x * m * size(m) / sum(m), m = 0 in blocks of k pixels per axis, else 1"
    source = "Ghiasi, Lin and Le, DropBlock, 2018 (algorithm 1)"
    examples = (
        "input(3, 14, 14) -> dropblock(0.1, 5) :: 3x14x14",
        "input(3, 20) -> dropblock :: 3x20",
        "input(3, 8, 8, 8) -> dropblock(k=3) :: 3x8x8x8",
    )

    p: float = number(0.1, long="probability", least=0, most=1, doc="share that is dropped")
    k: int = count(7, long="block_size", doc="length of a block along each axis, in pixels")

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("striate.nn.DropBlock", (), changed(self, p="p", k="block_size"))
