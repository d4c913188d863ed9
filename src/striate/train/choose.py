"""Which arithmetic and memory layout is fastest for a network on this machine: measured."""

from __future__ import annotations

import math
import time
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from striate.options import Precision


@dataclass(frozen=True, slots=True)
class Way:
    """How the arithmetic of a step is done."""

    precision: Precision
    channels_last: bool


WAYS = (Way("float32", False), Way("float32", True), Way("bfloat16", True))
PLAIN = WAYS[0]
TURNS = 3


def fastest_way(
    module: nn.Module, images: Tensor, labels: Tensor, *, precision: Precision | None = None
) -> dict[Way, float]:
    """Seconds per training step of each way, the fastest first; the module stays as it is.

    images: float32 N×C×H×W; labels: int64 N. With `precision`, only ways of that precision.
    """
    copies = {way: deepcopy(module) for way in WAYS if precision in (None, way.precision)}
    for way, copy in copies.items():
        arrange(copy, way).train()
        _step_seconds(copy, images, labels, way)  # the first step also warms up
    seconds = dict.fromkeys(copies, math.inf)
    # Ways take turns, so that a moment in which the machine is busy hits all of them.
    for _ in range(TURNS):
        for way, copy in copies.items():
            seconds[way] = min(seconds[way], _step_seconds(copy, images, labels, way))
    return dict(sorted(seconds.items(), key=lambda item: item[1]))


def forward_loss(
    module: nn.Module, images: Tensor, labels: Tensor, way: Way, *, smoothing: float
) -> Tensor:
    """Mean cross-entropy of a batch, computed the given way; the loss itself in float32."""
    # network_input makes channels-last images; contiguous() copies them to the other layout.
    arranged = images if way.channels_last else images.contiguous()
    is_bfloat16 = way.precision == "bfloat16"
    with torch.autocast(images.device.type, torch.bfloat16, enabled=is_bfloat16):
        logits = module(arranged)
    return cross_entropy(logits.float(), labels, label_smoothing=smoothing)


def arrange(module: nn.Module, way: Way) -> nn.Module:
    """The same module with its weights in the layout of the way."""
    layout = torch.channels_last if way.channels_last else torch.contiguous_format
    module.to(memory_format=layout)  # type: ignore[call-overload]  # torch leaves it out
    return module


def _step_seconds(module: nn.Module, images: Tensor, labels: Tensor, way: Way) -> float:
    """Seconds of one forward and backward pass."""
    start = time.perf_counter()
    loss = forward_loss(module, images, labels, way, smoothing=0.0)
    loss.backward()  # type: ignore[no-untyped-call]
    if images.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start
