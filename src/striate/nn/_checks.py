"""What a wrong setting or tensor is told, for all layers here; one raise per error code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from torch import Tensor

from striate.errors import GraphError, did_you_mean

Sizes = int | tuple[int, ...]
"""One whole number for every spatial axis, or one per axis in the order depth, height, width."""

_Number = TypeVar("_Number", int, float)

BATCHES = {1: "N×C×L", 2: "N×C×H×W", 3: "N×C×D×H×W"}
"""How a batch with 1, 2 or 3 spatial axes is written."""


def shape_text(shape: Sequence[int]) -> str:
    """A shape for a message: `8x64x56x56`."""
    return "x".join(map(str, shape)) or "a single number"


def spatial_rank(layer: str, x: Tensor, rank: int | None = None) -> int:
    """Number of spatial axes of a batch, 1 to 3, or exactly `rank`.

    Raises:
        GraphError: nn-rank, the tensor has another number of axes.
    """
    found = x.dim() - 2
    if found in BATCHES and rank in (None, found):
        return found
    expected = BATCHES[rank] if rank else ", ".join(BATCHES.values())
    raise GraphError.of(
        "nn-rank",
        f"{layer}: the input has {x.dim()} axes ({shape_text(x.shape)}), expected {expected}",
        "the first axis is the batch; one image becomes a batch with x[None]",
    )


def require_channels(layer: str, x: Tensor, channels: int | None = None) -> int:
    """Number of channels of N×C×…, which must be `channels` where that is given.

    Raises:
        GraphError: nn-no-channels, there is no channel axis; nn-channels, another number of them.
    """
    if x.dim() < 2:
        raise GraphError.of(
            "nn-no-channels",
            f"{layer}: the input has the shape {shape_text(x.shape)}, expected N×C or N×C×…",
            "the first axis is the batch; one example becomes a batch with x[None]",
        )
    if channels is not None and x.shape[1] != channels:
        raise GraphError.of(
            "nn-channels",
            f"{layer}: the input has {x.shape[1]} channels, expected {channels}",
            f"the input is {shape_text(x.shape)}; channels are its second axis",
        )
    return x.shape[1]


def require_whole(layer: str, name: str, value: int, least: int = 1) -> int:
    """`value`, if it is a whole number of at least `least`.

    Raises:
        GraphError: nn-whole-number.
    """
    is_whole = type(value) is int  # True and 3.0 are not
    if is_whole and value >= least:
        return value
    raise GraphError.of(
        "nn-whole-number",
        f"{layer}: {name} is {value!r}, expected a whole number of at least {least}",
    )


def require_sizes(layer: str, name: str, value: Sizes, least: int = 1) -> Sizes:
    """`value`, if it is a whole number or a tuple of such, each at least `least`."""
    if not isinstance(value, tuple | list):
        return require_whole(layer, name, value, least)
    return tuple(require_whole(layer, name, entry, least) for entry in value)


def per_axis(
    layer: str, name: str, value: _Number | tuple[_Number, ...], rank: int
) -> tuple[_Number, ...]:
    """One number per spatial axis.

    Raises:
        GraphError: nn-axes, a tuple of another length.
    """
    if not isinstance(value, tuple | list):
        return (value,) * rank
    if len(value) == rank:
        return tuple(value)
    raise GraphError.of(
        "nn-axes",
        f"{layer}: {name} has {len(value)} numbers {tuple(value)}, expected {rank}: "
        f"one per spatial axis of {BATCHES[rank]}",
        "give a single number to use it for every axis",
    )


def require_share(layer: str, value: float) -> float:
    """`value`, if it lies between 0 and 1.

    Raises:
        GraphError: nn-share.
    """
    if 0 <= value <= 1:
        return float(value)
    raise GraphError.of(
        "nn-share",
        f"{layer}: p is {value}, expected a share between 0 and 1",
        "p is the share that is dropped: 0.1 drops one in ten",
    )


def require_number(layer: str, name: str, value: float, least: float, meaning: str) -> float:
    """`value`, if it is at least `least`; `meaning` says why.

    Raises:
        GraphError: nn-number.
    """
    if value >= least:
        return float(value)
    raise GraphError.of(
        "nn-number", f"{layer}: {name} is {value}, expected at least {least:g}", meaning
    )


def require_division(layer: str, channels: int, parts: int, name: str) -> int:
    """`channels / parts`, if it is whole.

    Raises:
        GraphError: nn-groups.
    """
    if channels % parts == 0:
        return channels // parts
    divisors = [n for n in range(1, min(channels, 1024) + 1) if channels % n == 0]
    raise GraphError.of(
        "nn-groups",
        f"{layer}: {channels} channels do not divide into {name}={parts}",
        f"divisors of {channels}: {', '.join(map(str, divisors))}",
    )


def require_choice(layer: str, name: str, value: str, choices: Sequence[str]) -> str:
    """`value`, if it is one of `choices`.

    Raises:
        GraphError: nn-choice.
    """
    if value in choices:
        return value
    raise GraphError.of(
        "nn-choice",
        f"{layer}: {name} is {value!r}{did_you_mean(str(value), choices)}",
        f"one of: {', '.join(choices)}",
    )


def window_count(layer: str, sizes: tuple[int, int, int, int, int], ceil_mode: bool = False) -> int:
    """Windows along one axis; `sizes` = (length, kernel, stride, padding, dilation), in pixels.

    With `ceil_mode` a last window may stick out behind, if it starts inside the input or the
    padding before it: torch's rule.

    Raises:
        GraphError: nn-kernel-fits, not a single window fits.
    """
    length, kernel, stride, padding, dilation = sizes
    room = length + 2 * padding - dilation * (kernel - 1) - 1
    if room + (stride - 1 if ceil_mode else 0) < 0:
        raise GraphError.of(
            "nn-kernel-fits",
            f"{layer}: the kernel covers {dilation * (kernel - 1) + 1} pixels, "
            f"but the axis has {length} + 2*{padding} of padding",
            "use a smaller kernel, more padding, or fewer poolings and strides before it",
        )
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= length + padding else count
