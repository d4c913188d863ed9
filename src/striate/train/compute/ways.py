"""How the arithmetic of a training step is done: number format, layout, by whom."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from striate.errors import UsageError
from striate.options import Precision
from striate.train.compute.depthwise import FastGradients
from striate.train.settings import Settings


@dataclass(frozen=True, slots=True)
class Way:
    """How the arithmetic of a step is done.

    precision: of activations and products; weights and sums of the optimizer are float32 always.
    replicas: see `Replicas`.
    """

    precision: Precision
    channels_last: bool
    compile: bool = False
    replicas: int = 1

    @property
    def dtype(self) -> torch.dtype:
        """The precision as torch calls it."""
        found: torch.dtype = getattr(torch, self.precision)
        return found

    @property
    def words(self) -> str:
        """For people: `bfloat16, channels last, compiled`."""
        parts = [self.precision, f"channels {'last' if self.channels_last else 'first'}"]
        if self.compile:
            parts.append("compiled")
        if self.replicas > 1:
            parts.append(f"{self.replicas} replicas")
        return ", ".join(parts)


PLAIN = Way("float32", channels_last=False)


def way_of(settings: Settings) -> Way:
    """The way that a training is done."""
    return Way(settings.precision, settings.channels_last, settings.compile, settings.replicas)


def check_way(way: Way, device: torch.device) -> None:
    """Refuse what cannot be computed here.

    Raises:
        UsageError: float16 without a GPU, or nothing that could compile.
    """
    if way.precision == "float16" and device.type == "cpu":
        raise UsageError.of(
            "no-gpu",
            "--precision float16 needs a GPU, and there is none that torch can use",
            "use --precision bfloat16, or leave it out: the fastest is chosen",
        )
    if way.compile and not can_compile(device):
        raise UsageError.of(
            "no-compiler",
            f"--compile needs {_COMPILERS[device.type == 'cuda']}, which is not there",
            "install it, or leave --compile out",
        )


_COMPILERS = ("a C++ compiler such as g++", "the package triton")


def can_compile(device: torch.device) -> bool:
    """Whether `torch.compile` finds what it needs for this device."""
    if device.type == "cuda":
        return find_spec("triton") is not None
    return any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "clang++"))


def arrange(module: nn.Module, way: Way) -> nn.Module:
    """The same module with its weights in the layout of the way."""
    layout = torch.channels_last if way.channels_last else torch.contiguous_format
    module.to(memory_format=layout)  # type: ignore[call-overload]  # torch leaves it out
    return module


def compiled(module: nn.Module, way: Way) -> nn.Module:
    """What to call for training: the module, or what torch compiles of it at the first call.

    Both have the same parameters. Keep the module itself for saving, averaging and evaluating.
    """
    if not way.compile:
        return module
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch warns of parts of its own
        made: nn.Module = torch.compile(module, dynamic=False)  # type: ignore[assignment]
    return made


def forward(module: Callable[[Tensor], Tensor], images: Tensor, way: Way) -> Tensor:
    """What the module says about images, N×C×H×W, computed the given way; float32, N×K."""
    # Images come with their channels last; contiguous() copies them to the other layout.
    layout = torch.channels_last if way.channels_last else torch.contiguous_format
    arranged = images.contiguous(memory_format=layout) if images.ndim == 4 else images
    with reduced(images.device, way), tuned(images.device, way):
        logits = module(arranged)
    return logits.float()


def reduced(device: torch.device, way: Way) -> AbstractContextManager[object]:
    """A block in which products are computed with the precision of the way."""
    if way.precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, way.dtype)


def tuned(device: torch.device, way: Way) -> AbstractContextManager[object]:
    """A block in which gradients that torch computes slowly on this device are computed faster."""
    if device.type == "cpu" and way.channels_last and not way.compile:
        return FastGradients()
    return nullcontext()
