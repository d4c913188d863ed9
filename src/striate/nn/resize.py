"""Up- and down-sampling by interpolation."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from striate.errors import GraphError
from striate.nn._checks import (
    Sizes,
    per_axis,
    require_choice,
    require_number,
    require_sizes,
    spatial_rank,
)
from striate.nn._target import require_one_target, target_size

_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}
_MODES = ("nearest", "nearest-exact", *_LINEAR.values(), "bicubic", "area")


class Resize(nn.Module):
    """Images interpolated to another size: by a factor, to a size, or to the size of another.

    `forward(x, like=None)`: N×C×L, N×C×H×W or N×C×D×H×W to N×C×*O. Give exactly one of
    `scale_factor` (a number or one per axis; sizes are rounded down), `size` and `like`, of which
    only the spatial sizes count. mode: nearest, nearest-exact, linear (also called bilinear and
    trilinear; the number of axes decides), bicubic (images only) or area. align_corners: centres of
    the border pixels stay where they are; only for linear and bicubic.

    Raises:
        GraphError: nn-choice; nn-number; nn-whole-number; nn-rank; nn-axes; nn-one-target;
            nn-align-corners and nn-bicubic, the mode does not allow it; nn-empty-size, nothing
            would be left.

    Source: Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation",
    2015, section 3.3 (interpolation as a layer).

    >>> import torch
    >>> Resize(scale_factor=2)(torch.tensor([[[1.0, 2.0]]])).tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    """

    def __init__(
        self,
        scale_factor: float | tuple[float, ...] | None = None,
        size: Sizes | None = None,
        mode: str = "nearest",
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        self.scale_factor = None if scale_factor is None else _factors(scale_factor)
        self.size = None if size is None else require_sizes("Resize", "size", size)
        if scale_factor is not None and size is not None:
            require_one_target("Resize", scale_factor=scale_factor, size=size, like=None)
        self.mode = require_choice("Resize", "mode", mode, _MODES)
        is_smooth = mode in {*_LINEAR.values(), "bicubic"}
        if align_corners and not is_smooth:
            raise GraphError.of(
                "nn-align-corners",
                f"Resize: align_corners has no meaning for mode {mode!r}",
                "use mode='linear' or 'bicubic', or leave align_corners out",
            )
        self.align_corners = align_corners if is_smooth else None

    def forward(self, x: Tensor, like: Tensor | None = None) -> Tensor:
        """Interpolate x."""
        rank = spatial_rank("Resize", x)
        require_one_target("Resize", scale_factor=self.scale_factor, size=self.size, like=like)
        if self.mode == "bicubic" and rank != 2:
            raise GraphError.of(
                "nn-bicubic",
                f"Resize: bicubic needs two spatial axes, but the input has {rank}",
                "use mode='linear'",
            )
        mode = _LINEAR[rank] if self.mode in _LINEAR.values() else self.mode
        factors = self._factors_per_axis(x, rank)
        size = None if factors else target_size("Resize", self.size, like, rank)
        return functional.interpolate(x, size, factors, mode, self.align_corners)

    def _factors_per_axis(self, x: Tensor, rank: int) -> list[float] | None:
        if self.scale_factor is None:
            return None
        factors = per_axis("Resize", "scale_factor", self.scale_factor, rank)
        for length, factor in zip(x.shape[2:], factors, strict=True):
            if length * factor < 1:
                raise GraphError.of(
                    "nn-empty-size",
                    f"Resize: {length} pixels times {factor:g} leave none",
                    "use a larger scale_factor, or a larger input",
                )
        return list(factors)

    def extra_repr(self) -> str:
        """Settings."""
        target = f"scale_factor={self.scale_factor}, " if self.scale_factor else ""
        target += f"size={self.size}, " if self.size else ""
        corners = f", align_corners={self.align_corners}" if self.align_corners is not None else ""
        return f"{target}mode={self.mode}{corners}"


def _factors(scale_factor: float | tuple[float, ...]) -> float | tuple[float, ...]:
    """The factor for all axes, or one per axis, checked."""
    if isinstance(scale_factor, tuple | list):
        return tuple(_factor(factor) for factor in scale_factor)
    return _factor(scale_factor)


def _factor(factor: float) -> float:
    meaning = "2 doubles every axis, 0.5 halves it"
    return require_number("Resize", "scale_factor", factor, 1e-6, meaning)
