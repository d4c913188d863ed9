"""Grid generator and bilinear sampler of the spatial transformer, in 1, 2 and 3 dimensions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from striate.errors import GraphError
from striate.nn._checks import (
    Sizes,
    per_axis,
    require_choice,
    require_sizes,
    require_whole,
    shape_text,
    spatial_rank,
)
from striate.nn._precision import working_dtype
from striate.nn._sampling import sample

_PADDING_MODES = ("zeros", "border", "reflection")


def identity_theta(rank: int) -> Tensor:
    """The 2, 6 or 12 numbers of the affine map that changes nothing.

    rank: spatial axes, 1 to 3. Use it as the bias of the last layer of a localisation network,
    with that layer's weight at zero, so that training starts from the unwarped image.

    >>> identity_theta(2).tolist()
    [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    """
    return torch.eye(require_whole("identity_theta", "rank", rank), rank + 1).flatten()


def affine_grid(theta: Tensor, size: tuple[int, ...], align_corners: bool = False) -> Tensor:
    """Where each pixel of the output is read, under one affine map per example.

    theta: N×rank*(rank+1) or N×rank×(rank+1), rows for x, then y, then z, the last column the
    shift; coordinates run from -1 to 1 over the image. size: spatial sizes of the output.
    Returns N×*size×rank, last axis of the image first. -1 and 1 are the outer edges of the border
    pixels, with `align_corners` their centres.

    Raises:
        GraphError: nn-theta, theta has another shape.

    Source: Jaderberg et al., "Spatial Transformer Networks", 2015, equation 1.

    >>> affine_grid(identity_theta(1)[None], (4,)).flatten().tolist()
    [-0.75, -0.25, 0.25, 0.75]
    """
    rank = len(size)
    matrix = _matrix(theta, rank).to(working_dtype(theta))
    axes = [_centres(length, matrix, align_corners) for length in size]
    mesh = torch.meshgrid(*axes, indexing="ij")
    places = torch.stack([place.flatten() for place in reversed(mesh)])
    grid = matrix[:, :, :rank] @ places + matrix[:, :, rank:]
    return grid.transpose(1, 2).reshape(theta.shape[0], *size, rank)


def _matrix(theta: Tensor, rank: int) -> Tensor:
    """Theta as N×rank×(rank+1)."""
    rows, columns = rank, rank + 1
    if tuple(theta.shape[1:]) in {(rows * columns,), (rows, columns)}:
        return theta.reshape(theta.shape[0], rows, columns)
    raise GraphError.of(
        "nn-theta",
        f"affine_grid: theta is {shape_text(theta.shape)}, expected {theta.shape[0]}x"
        f"{rows * columns} or {theta.shape[0]}x{rows}x{columns} for {rank} spatial axes",
        f"end the localisation network with {rows * columns} numbers per example",
    )


def _centres(length: int, like: Tensor, align_corners: bool) -> Tensor:
    """Centres of the pixels of one axis in -1..1."""
    steps = torch.arange(length, dtype=like.dtype, device=like.device)
    if not align_corners:
        return (2 * steps + 1) / length - 1
    return 2 * steps / (length - 1) - 1 if length > 1 else torch.zeros_like(steps)


def affine_warp(
    x: Tensor,
    theta: Tensor,
    size: Sizes | None = None,
    *,
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> Tensor:
    """Images seen through one affine map per example, linearly interpolated.

    x: N×C×L, N×C×H×W or N×C×D×H×W. theta: N×2, N×6 or N×12, see `affine_grid`; it maps places of
    the output to places of the input, so a factor of 0.5 doubles what is seen. Returns N×C×*size,
    by default the size of x. padding_mode: what lies outside: zeros, border or reflection.

    Raises:
        GraphError: nn-rank, nn-axes, nn-choice, nn-theta; nn-batches, x and theta differ in N.

    Source: Jaderberg et al., "Spatial Transformer Networks", 2015, equations 1 and 5.

    >>> shift = torch.tensor([[1.0, 0.0, 0.5, 0.0, 1.0, 0.0]])  # half of half the width: one pixel
    >>> affine_warp(torch.tensor([[[[1.0, 2.0, 3.0, 4.0]]]]), shift).flatten().tolist()
    [2.0, 3.0, 4.0, 0.0]
    """
    rank = spatial_rank("affine_warp", x)
    require_choice("affine_warp", "padding_mode", padding_mode, _PADDING_MODES)
    if theta.dim() == 0 or theta.shape[0] != x.shape[0]:
        raise GraphError.of(
            "nn-batches",
            f"affine_warp: the input is {shape_text(x.shape)} and theta {shape_text(theta.shape)}, "
            "expected as many maps as examples",
            "repeat a single map with theta.expand(len(x), -1)",
        )
    target = tuple(x.shape[2:]) if size is None else per_axis("affine_warp", "size", size, rank)
    grid = affine_grid(theta, target, align_corners).to(working_dtype(x))
    return sample(x, grid, padding_mode=padding_mode, align_corners=align_corners)


class AffineWarp(nn.Module):
    """Sampler of the spatial transformer: the input under one affine map per example.

    `forward(x, theta)`: N×C×L and N×2, N×C×H×W and N×6, or N×C×D×H×W and N×12 (or N×rank×(rank+1))
    to N×C×*size, by default the size of x. See `affine_warp` for theta, errors and source.

    >>> x = torch.arange(12.0).reshape(1, 1, 3, 4)
    >>> torch.allclose(AffineWarp()(x, identity_theta(2)[None]), x, atol=1e-5)
    True
    """

    def __init__(
        self, size: Sizes | None = None, padding_mode: str = "zeros", align_corners: bool = False
    ) -> None:
        super().__init__()
        self.size = None if size is None else require_sizes("AffineWarp", "size", size)
        self.padding_mode = require_choice(
            "AffineWarp", "padding_mode", padding_mode, _PADDING_MODES
        )
        self.align_corners = align_corners

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        """Warp x by theta."""
        return affine_warp(
            x, theta, self.size, padding_mode=self.padding_mode, align_corners=self.align_corners
        )

    def extra_repr(self) -> str:
        """Settings."""
        return (
            f"size={self.size}, padding_mode={self.padding_mode}, "
            f"align_corners={self.align_corners}"
        )
