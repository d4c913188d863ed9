"""A module for inference alone: its graph rewritten, its weights worked out from the old ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import torch
from torch import Tensor
from torch.nn import functional

from striate.ir import recipe
from striate.ir.recipe import Recipe

Read = Callable[[str], Tensor]
"""The old tensor of a key, in double precision."""


@torch.no_grad()
def worked_out(wanted: Recipe, read: Read) -> Tensor:
    """The tensor that a recipe describes."""
    match wanted:
        case recipe.Kept() | recipe.Filled() | recipe.NormFactor() | recipe.NormShift():
            return _read(wanted, read)
        case recipe.Flat(tensor):
            return worked_out(tensor, read).flatten()
        case recipe.Times(left, right):
            return worked_out(left, read) * worked_out(right, read)
        case recipe.Sum(terms):
            return torch.stack([worked_out(one, read) for one in terms]).sum(dim=0)
        case recipe.Scaled(weight, factor, axis, groups):
            return _scaled(worked_out(weight, read), worked_out(factor, read), axis, groups)
        case recipe.Through(weight, constant, groups):
            scaled = _scaled(worked_out(weight, read), worked_out(constant, read), 1, groups)
            return scaled.flatten(1).sum(dim=1)
        case recipe.Padded(weight, before, after):
            margins = [size for axis in zip(before, after, strict=True) for size in axis[::-1]]
            return functional.pad(worked_out(weight, read), margins[::-1])
        case recipe.Delta(shape, point):
            return _delta(shape, point)
        case recipe.Standardized(weight, eps):
            return _standardized(worked_out(weight, read), eps)
        case _:
            assert_never(wanted)


def _read(
    wanted: recipe.Kept | recipe.Filled | recipe.NormFactor | recipe.NormShift, read: Read
) -> Tensor:
    """What follows from old tensors alone."""
    match wanted:
        case recipe.Kept(key):
            return read(key)
        case recipe.Filled(value, shape):
            return torch.full(shape, value, dtype=torch.float64)
        case recipe.NormFactor(path, norm):
            factor = torch.rsqrt(read(f"{path}.running_var") + norm.eps)
            return factor * read(f"{path}.weight") if norm.affine else factor
        case recipe.NormShift(path, norm):
            factor = _read(recipe.NormFactor(path, norm), read)
            shift = -read(f"{path}.running_mean") * factor
            return shift + read(f"{path}.bias") if norm.affine else shift


def _scaled(weight: Tensor, factor: Tensor, axis: int, groups: int) -> Tensor:
    inner = (1,) * (weight.dim() - 2)
    if axis == 0:
        return weight * factor.reshape(-1, 1, *inner)
    grouped = weight.reshape(groups, -1, *weight.shape[1:])
    return (grouped * factor.reshape(groups, 1, -1, *inner)).reshape(weight.shape)


def _delta(shape: tuple[int, ...], point: tuple[int, ...]) -> Tensor:
    """Channel o of the output is channel o of the input, which its group counts from its start."""
    filters = torch.zeros(shape, dtype=torch.float64)
    for channel in range(shape[0]):
        filters[(channel, channel % shape[1], *point)] = 1.0
    return filters


def _standardized(weight: Tensor, eps: float) -> Tensor:
    inner = tuple(range(1, weight.dim()))
    variance, mean = torch.var_mean(weight, inner, correction=0, keepdim=True)
    return (weight - mean) * torch.rsqrt(variance + eps)
