"""Convolution whose kernel points are moved by learned offsets, in 1, 2 and 3 dimensions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from striate.errors import GraphError
from striate.nn._checks import (
    Sizes,
    per_axis,
    require_channels,
    require_division,
    require_sizes,
    require_whole,
    shape_text,
    spatial_rank,
    window_count,
)
from striate.nn._precision import working_dtype
from striate.nn._sampling import sample


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the kernel points lie before they are moved: one entry per spatial axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    size: tuple[int, ...]
    out: tuple[int, ...]

    @property
    def points(self) -> int:
        return math.prod(self.kernel)

    @property
    def rank(self) -> int:
        return len(self.kernel)


def deform_conv(  # noqa: PLR0913 - torchvision's arguments
    input: Tensor,  # noqa: A002 - torch's name
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    mask: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
) -> Tensor:
    """Convolution that reads each kernel point at its own offset.

    input: N×C×*S with 1, 2 or 3 spatial axes; weight: K×(C/groups)×*kernel; bias: K.
    offset: N×(G*P*rank)×*O, in pixels of the input: for each of G offset groups, for each of the
    P kernel points in reading order, one number per axis (2-D: y, then x). mask: N×(G*P)×*O, a
    factor per kernel point, used as it is (the paper puts a sigmoid before it). G and the groups
    of the weight follow from the shapes. Returns N×K×*O, O as of an ordinary convolution.

    Between pixels values are interpolated linearly; outside the image they are zero. Zero offsets
    and no mask give the ordinary convolution. Positions are computed in float32 at least.

    Raises:
        GraphError: nn-rank, nn-axes, nn-channels, nn-groups, nn-kernel-fits; nn-offset-shape and
            nn-mask-shape say the shape that was expected.

    Source: Dai et al., "Deformable Convolutional Networks", 2017, equations 2 to 4 (v1); Zhu et
    al., "Deformable ConvNets v2", 2018, equation 1 (the mask). Channel order as in torchvision.

    >>> x, weight = torch.randn(1, 4, 8, 8), torch.randn(6, 4, 3, 3)
    >>> still = torch.zeros(1, 2 * 3 * 3, 6, 6)
    >>> torch.allclose(deform_conv(x, still, weight), torch.conv2d(x, weight), atol=1e-4)
    True
    """
    rank = spatial_rank("deform_conv", input)
    frame = _frame(input, weight, rank, (stride, padding, dilation))
    groups = require_division(
        "deform_conv", require_channels("deform_conv", input), weight.shape[1], "weight.shape[1]"
    )
    require_division("deform_conv", weight.shape[0], groups, "groups")
    offset_groups = _offset_groups(input, offset, frame)
    if mask is not None:
        _check_mask(input, mask, frame, offset_groups)
    values = _sampled(input, offset, mask, frame, offset_groups)
    columns = values.reshape(
        input.shape[0], groups, weight.shape[1] * frame.points, math.prod(frame.out)
    )
    filters = weight.reshape(groups, weight.shape[0] // groups, columns.shape[2])
    result = (filters @ columns).reshape(input.shape[0], weight.shape[0], *frame.out)
    return result if bias is None else result + bias.reshape(-1, *(1,) * rank)


def _frame(x: Tensor, weight: Tensor, rank: int, settings: tuple[Sizes, Sizes, Sizes]) -> _Frame:
    spatial_rank("deform_conv weight", weight, rank)
    kernel, size = tuple(weight.shape[2:]), tuple(x.shape[2:])
    stride, padding, dilation = (
        per_axis("deform_conv", name, value, rank)
        for name, value in zip(("stride", "padding", "dilation"), settings, strict=True)
    )
    axes = zip(size, kernel, stride, padding, dilation, strict=True)
    out = tuple(window_count("deform_conv", axis) for axis in axes)
    return _Frame(kernel, stride, padding, dilation, size, out)


def _offset_groups(x: Tensor, offset: Tensor, frame: _Frame) -> int:
    """Number of offset groups, from the channels of the offsets."""
    per_group = frame.points * frame.rank
    groups = offset.shape[1] // per_group if offset.dim() == x.dim() else 0
    fits = groups > 0 and offset.shape == (x.shape[0], groups * per_group, *frame.out)
    if fits and x.shape[1] % groups == 0:
        return groups
    kernel = shape_text(frame.kernel)
    raise GraphError.of(
        "nn-offset-shape",
        f"deform_conv: the offsets are {shape_text(offset.shape)}, expected "
        f"{shape_text((x.shape[0], per_group, *frame.out))}",
        f"channels: {frame.rank} numbers for each of {frame.points} kernel points ({kernel}), or a "
        f"multiple of {per_group} whose factor divides the {x.shape[1]} input channels",
        "the layer that makes the offsets needs the same kernel, stride and padding",
    )


def _check_mask(x: Tensor, mask: Tensor, frame: _Frame, offset_groups: int) -> None:
    expected = (x.shape[0], offset_groups * frame.points, *frame.out)
    if mask.shape != expected:
        raise GraphError.of(
            "nn-mask-shape",
            f"deform_conv: the mask is {shape_text(mask.shape)}, expected {shape_text(expected)}",
            f"one factor for each of {frame.points} kernel points and {offset_groups} offset "
            "group(s)",
        )


def _sampled(
    x: Tensor, offset: Tensor, mask: Tensor | None, frame: _Frame, offset_groups: int
) -> Tensor:
    """Input values under the moved kernel points, times the mask.

    (N*G)×(C/G)×P×O with all output places in one axis. `grid_sample` was the fastest of four ways
    tried on a CPU (gather per corner, rows of a channels-last copy, embedding_bag), and the only
    one that keeps no copy per corner for the backward pass.
    """
    batch, channels = x.shape[0] * offset_groups, x.shape[1] // offset_groups
    grid = _sampling_grid(offset, working_dtype(x), frame, offset_groups)
    values = sample(x.reshape(batch, channels, *frame.size), grid)
    values = values.reshape(batch, channels, frame.points, math.prod(frame.out))
    if mask is None:
        return values
    return values * mask.reshape(batch, 1, *values.shape[2:]).to(values.dtype)


def _sampling_grid(offset: Tensor, dtype: torch.dtype, frame: _Frame, offset_groups: int) -> Tensor:
    """Places to read in -1..1, last axis first: (N*G)×P×O×rank, 1-D: (N*G)×(P*O)×1."""
    batch = offset.shape[0] * offset_groups
    moved = offset.to(dtype).reshape(batch, frame.points, frame.rank, *frame.out)
    places = []
    for axis in range(frame.rank):
        first = torch.arange(frame.out[axis], dtype=dtype, device=offset.device)
        first = first * frame.stride[axis] - frame.padding[axis]
        point = torch.arange(frame.kernel[axis], dtype=dtype, device=offset.device)
        point = _along(point * frame.dilation[axis], axis, frame.rank).expand(frame.kernel)
        still = _along(first, axis, frame.rank) + point.reshape(-1, *(1,) * frame.rank)
        place = (moved[:, :, axis] + still).flatten(2)
        places.append((2 * place + 1) / frame.size[axis] - 1)
    grid = torch.stack(places[::-1], -1)
    if frame.rank == 1:
        return grid.flatten(1, 2)
    return grid if frame.rank == 2 else grid.unsqueeze(2)


def _along(values: Tensor, axis: int, rank: int) -> Tensor:
    """A vector laid along one of `rank` axes."""
    return values.reshape(*(1,) * axis, -1, *(1,) * (rank - axis - 1))


class _DeformConv(nn.Module):
    """Weights and settings of a deformable convolution of any rank."""

    rank: int

    def __init__(  # noqa: PLR0913 - torch's arguments
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.in_channels = require_whole(name, "in_channels", in_channels)
        self.out_channels = require_whole(name, "out_channels", out_channels)
        self.groups = require_whole(name, "groups", groups)
        inputs_per_filter = require_division(name, in_channels, groups, "groups")
        require_division(name, out_channels, groups, "groups")
        self.kernel_size = self._sizes("kernel_size", kernel_size, 1)
        self.stride = self._sizes("stride", stride, 1)
        self.padding = self._sizes("padding", padding, 0)
        self.dilation = self._sizes("dilation", dilation, 1)
        self.weight = nn.Parameter(torch.empty(out_channels, inputs_per_filter, *self.kernel_size))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def _sizes(self, name: str, value: Sizes, least: int) -> tuple[int, ...]:
        layer = type(self).__name__
        return per_axis(layer, name, require_sizes(layer, name, value, least), self.rank)

    def reset_parameters(self) -> None:
        """Fresh weights, drawn as torch draws those of a convolution."""
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.weight[0].numel())
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(
        self,
        input: Tensor,  # noqa: A002 - torch's name
        offset: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Convolve `input`, each kernel point moved by `offset` and scaled by `mask`."""
        spatial_rank(type(self).__name__, input, self.rank)
        require_channels(type(self).__name__, input, self.in_channels)
        return deform_conv(
            input,
            offset,
            self.weight,
            self.bias,
            mask=mask,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )

    def extra_repr(self) -> str:
        """Settings, as torch prints those of a convolution."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        text += f", stride={self.stride}"
        text += f", padding={self.padding}" if any(self.padding) else ""
        text += f", dilation={self.dilation}" if set(self.dilation) != {1} else ""
        text += f", groups={self.groups}" if self.groups != 1 else ""
        return text + ("" if self.bias is not None else ", bias=False")


class DeformConv1d(_DeformConv):
    """Deformable convolution along a line.

    `forward(input, offset, mask=None)`: N×C×L, N×(G*P)×O, N×(G*P)×O to N×K×O, with P =
    kernel_size. See `deform_conv` for the order of the channels, errors and source.

    >>> layer = DeformConv1d(4, 8, kernel_size=3, padding=1)
    >>> layer(torch.randn(2, 4, 10), torch.zeros(2, 3, 10)).shape
    torch.Size([2, 8, 10])
    """

    rank = 1


class DeformConv2d(_DeformConv):
    """Deformable convolution of images, v1 without and v2 with a mask.

    `forward(input, offset, mask=None)`: N×C×H×W, N×(G*P*2)×H'×W', N×(G*P)×H'×W' to N×K×H'×W',
    with P the number of kernel points. Takes torchvision's arguments, weights and offsets. See
    `deform_conv` for the order of the channels, errors and source.

    >>> layer = DeformConv2d(4, 8, kernel_size=3, stride=2, padding=1, bias=False)
    >>> x, offset = torch.randn(2, 4, 8, 8), torch.zeros(2, 18, 4, 4)
    >>> layer(x, offset, torch.full((2, 9, 4, 4), 0.5)).shape
    torch.Size([2, 8, 4, 4])
    """

    rank = 2


class DeformConv3d(_DeformConv):
    """Deformable convolution of volumes.

    `forward(input, offset, mask=None)`: N×C×D×H×W, N×(G*P*3)×D'×H'×W', N×(G*P)×D'×H'×W' to
    N×K×D'×H'×W', with P the number of kernel points; the three numbers of a point are depth, y, x.
    See `deform_conv` for errors and source.

    >>> layer = DeformConv3d(2, 4, kernel_size=(1, 3, 3), padding=(0, 1, 1))
    >>> layer(torch.randn(1, 2, 3, 5, 5), torch.zeros(1, 27, 3, 5, 5)).shape
    torch.Size([1, 4, 3, 5, 5])
    """

    rank = 3
