"""Weights and images made of names and shapes alone, the same on every machine and in every run.

Nothing is drawn from torch: one row of numbers serves for all tensors, and the name of a tensor
says where in the row it begins. So a network of the zoo, the one of its name in another library,
a file written by `striate eject` and an ONNX model get the same weights without a file of weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from striate.backends.torch_module import Network
from striate.backends.torch_module._build import tree
from striate.ir import Graph

LENGTH = 1_000_003
"""A prime: no tensor's rows fall on the same numbers again."""
BATCH = 2


def unfilled(graph: Graph) -> Network:
    """The module of a graph with whatever stands in memory for weights; quick, however large."""
    return tree(graph, starts=False)


@torch.no_grad()
def fill(network: nn.Module, *, gain: float = 1.0) -> None:
    """Gives every tensor of the `state_dict` its numbers, batch statistics included.

    gain: variance of what a kernel puts out for inputs of variance 1. Deep residual networks
        need a small one and deep plain ones a larger, lest numbers overflow or vanish.
    """
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point():
            tensor.zero_()
            continue
        _spread(name, tensor)
        leaf = name.rpartition(".")[2]
        if leaf in ("bias", "running_mean"):
            tensor.mul_(0.1)
        elif tensor.numel() == tensor.shape[0]:
            tensor.mul_(0.5 / 3**0.5).add_(1.0)  # Gammas and variances: 0.5 to 1.5.
        else:
            tensor.mul_((gain * tensor.shape[0] / tensor.numel()) ** 0.5)


def images(
    planes: Sequence[Sequence[int]],
    *,
    batch: int = BATCH,
    dtype: torch.dtype = torch.float32,
) -> list[Tensor]:
    """A batch for each input: noise, and a brightness of its own for each channel of each image.

    planes: sizes of the inputs without the batch, channels first.
    """
    made = []
    for index, (channels, *plane) in enumerate(planes):
        image = torch.empty(batch, channels, *plane, dtype=dtype)
        brightness = torch.empty(batch, channels, *(1 for _ in plane), dtype=dtype)
        _spread(f"input {index}", image)
        _spread(f"brightness {index}", brightness)
        made.append(image * 0.7 + brightness)
    return made


def in_rows(found: object) -> Tensor:
    """The output of a network, several side by side; torchvision's pyramids give them by name."""
    if isinstance(found, Tensor):
        return found
    several = found.values() if isinstance(found, dict) else found
    assert isinstance(several, Iterable)
    return torch.cat([one.flatten(1) for one in several], dim=1)


def dependence(output: Tensor) -> float:
    """How far the outputs for the first two images are apart, relative to the largest number."""
    first, second = output[0].double(), output[1].double()
    return float((first - second).abs().max() / output.abs().max())


def _spread(name: str, tensor: Tensor) -> None:
    start = crc32(name.encode()) % LENGTH
    row = _row()[start : start + LENGTH]
    flat = tensor.view(-1)
    for at in range(0, flat.numel(), LENGTH):
        piece = flat[at : at + LENGTH]
        piece.copy_(row[: piece.numel()])


@cache
def _row() -> Tensor:
    """Uniform numbers of mean 0 and variance 1, twice over, so that every start has them all."""
    drawn = np.random.Generator(np.random.PCG64(20)).random(LENGTH)
    once = torch.from_numpy(((drawn - 0.5) * 12**0.5).astype(np.float32))
    return torch.cat((once, once))
