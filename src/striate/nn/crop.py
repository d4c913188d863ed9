"""The middle of an image."""

from __future__ import annotations

from torch import Tensor, nn

from striate.errors import GraphError
from striate.nn._checks import Sizes, require_sizes, shape_text, spatial_rank
from striate.nn._target import target_size


class Crop(nn.Module):
    """The middle of x, of a given size or of the size of another tensor.

    `forward(x, like=None)`: N×C×L, N×C×H×W or N×C×D×H×W to N×C×*size. Give either `size` here or
    `like` there, of which only the spatial sizes count. Where an odd number of pixels goes, one
    more goes at the end.

    Raises:
        GraphError: nn-whole-number; nn-rank; nn-axes; nn-one-target, both or neither of `size` and
            `like`; nn-crop-larger, the input is smaller than the crop.

    Source: Ronneberger, Fischer and Brox, "U-Net", 2015, figure 1 (copy and crop).

    >>> import torch
    >>> Crop()(torch.arange(5).view(1, 1, 5), torch.empty(1, 8, 2)).tolist()
    [[[1, 2]]]
    """

    def __init__(self, size: Sizes | None = None) -> None:
        super().__init__()
        self.size = None if size is None else require_sizes("Crop", "size", size)

    def forward(self, x: Tensor, like: Tensor | None = None) -> Tensor:
        """Cut the middle out of x."""
        target = target_size("Crop", self.size, like, spatial_rank("Crop", x))
        for axis, (length, wanted) in enumerate(zip(x.shape[2:], target, strict=True), start=2):
            if wanted > length:
                raise GraphError.of(
                    "nn-crop-larger",
                    f"Crop: {shape_text(target)} pixels cannot be cut out of "
                    f"{shape_text(x.shape[2:])}",
                    "swap the two inputs, or pad instead of cropping",
                )
            x = x.narrow(axis, (length - wanted) // 2, wanted)
        return x

    def extra_repr(self) -> str:
        """Settings."""
        return "" if self.size is None else f"size={self.size}"
