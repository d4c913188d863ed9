"""How the weights of a rewritten graph follow from the old ones: as data, without any tensor.

A back-end works a recipe out with its own arrays. Channels, groups and axes are those of the
tensors as torch keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass

from striate.ir.facts import RunningNorm


@dataclass(frozen=True, slots=True)
class Kept:
    """A tensor of the graph before all rewrites, by its key."""

    key: str


@dataclass(frozen=True, slots=True)
class Filled:
    """The same number everywhere."""

    value: float
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NormFactor:
    """What a norm multiplies each channel with at test time: `weight / sqrt(running_var + eps)`."""

    path: str
    norm: RunningNorm


@dataclass(frozen=True, slots=True)
class NormShift:
    """What a norm then adds to each channel: `bias - running_mean * factor`."""

    path: str
    norm: RunningNorm


@dataclass(frozen=True, slots=True)
class Flat:
    """A tensor as one row of numbers."""

    tensor: Recipe


@dataclass(frozen=True, slots=True)
class Times:
    """The product of two tensors of one shape."""

    left: Recipe
    right: Recipe


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of tensors of one shape."""

    terms: tuple[Recipe, ...]


@dataclass(frozen=True, slots=True)
class Scaled:
    """A filter bank with a factor for each channel that stands along an axis.

    axis: 0 or 1. Along axis 1 stand the channels of one group, while `factor` has those of all.
    """

    weight: Recipe
    factor: Recipe
    axis: int
    groups: int


@dataclass(frozen=True, slots=True)
class Through:
    """What a constant of each input channel adds to each output channel of a convolution."""

    weight: Recipe
    constant: Recipe
    groups: int


@dataclass(frozen=True, slots=True)
class Padded:
    """A filter with zeros before and after it along each spatial axis."""

    weight: Recipe
    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """The filters of a convolution that changes nothing: 1 at a point of its own channel.

    shape: of the filters, out×(in/groups)×k...; point: where the 1 stands along each spatial axis.
    """

    shape: tuple[int, ...]
    point: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Standardized:
    """Filters with their mean taken away, divided by their deviation, each on its own."""

    weight: Recipe
    eps: float


Recipe = (
    Kept
    | Filled
    | NormFactor
    | NormShift
    | Flat
    | Times
    | Sum
    | Scaled
    | Through
    | Padded
    | Delta
    | Standardized
)
