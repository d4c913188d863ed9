"""Bilinear sampling at real-valued places, for 1, 2 and 3 spatial axes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from striate.nn._precision import working_dtype


def sample(
    x: Tensor, grid: Tensor, *, padding_mode: str = "zeros", align_corners: bool = False
) -> Tensor:
    """Values of x between its pixels, by linear interpolation along each axis.

    x: N×C×*S. grid: N×*O×rank, places in -1..1, last axis of the image first (x, y, z).
    Returns N×C×*O. Empty batches are allowed.
    """
    exact = x.to(working_dtype(x))
    grid = grid.to(exact.dtype)
    if grid.shape[-1] > 1:
        out = functional.grid_sample(exact, grid, "bilinear", padding_mode, align_corners)
        return out.to(x.dtype)
    # torch samples planes and volumes only, so a line is sampled as a plane one pixel high.
    plane_grid = torch.stack((grid[..., 0], torch.zeros_like(grid[..., 0])), -1).unsqueeze(1)
    out = functional.grid_sample(
        exact.unsqueeze(2), plane_grid, "bilinear", padding_mode, align_corners
    )
    return out.squeeze(2).to(x.dtype)
