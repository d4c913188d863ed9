"""Normalization: numbers are brought to mean 0 and deviation 1, then learned anew."""

from __future__ import annotations

from collections.abc import Mapping

from striate.ir import Cost, Op, Setting, TorchLayer, Types, Weight, flag, number
from striate.ops._pointwise import changed, work


def _scale_and_shift(channels: int) -> tuple[Weight, ...]:
    return (Weight("weight", (channels,), "scale", 1.0), Weight("bias", (channels,), "shift"))


class BatchNorm(Op):
    """Batch normalization: each channel by its mean and deviation over the batch and the plane.

    At test time by running averages, which makes it linear, so that it folds into a convolution.
    """

    name = "bn"
    also = ("batchnorm",)
    glyph = "norm"
    formula = "y = weight * (x - mean) / sqrt(variance + eps) + bias"
    source = "Ioffe and Szegedy, Batch normalization, 2015 (algorithm 1)"
    examples = (
        "input(8, 6, 6) -> bn :: 8x6x6",
        "input(8) -> bn :: 8",
        "input(8, 20) -> bn(eps=0.001, m=0.01) :: 8x20",
        "input(8, 4, 6, 6) -> bn(affine=0) :: 8x4x6x6",
    )

    eps: float = number(1e-5, least=0, doc="added to the variance")
    m: float = number(
        0.1, long="momentum", least=0, most=1, doc="share of the new batch in the running averages"
    )
    affine: bool = flag(True, doc="learned scale and shift for each channel")

    def infer(self, inputs: Types) -> Types:
        return (inputs[0],)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        channels = inputs[0].channels
        running = (
            Weight("running_mean", (channels,), "statistic", 0.0, trained=False),
            Weight("running_var", (channels,), "statistic", 1.0, trained=False),
            Weight("num_batches_tracked", (), "statistic", 0.0, trained=False),
        )
        return (*_scale_and_shift(channels), *running) if self.affine else running

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return work(outputs[0], 2)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        keywords: Mapping[str, Setting] = changed(self, eps="eps", m="momentum", affine="affine")
        name = f"torch.nn.BatchNorm{max(inputs[0].rank, 1)}d"
        return TorchLayer(name, (inputs[0].channels,), keywords)
