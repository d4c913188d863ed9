"""TensorFlow's SAME padding: alone, and in a convolution."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from striate.nn._checks import (
    Sizes,
    per_axis,
    require_channels,
    require_division,
    require_sizes,
    require_whole,
    spatial_rank,
)

_CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}


def same_padding(length: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Pixels before and after one axis, so that ceil(length / stride) windows fit.

    Where the number is odd, one more goes after. More stride than kernel needs no padding.

    >>> same_padding(224, kernel=3, stride=2, dilation=1)
    (0, 1)
    """
    windows = -(-length // stride)
    total = max((windows - 1) * stride + dilation * (kernel - 1) + 1 - length, 0)
    return total // 2, total - total // 2


class SamePad(nn.Module):
    """TensorFlow's SAME padding for a layer that follows, such as a pool.

    N×C×L, N×C×H×W or N×C×D×H×W, each axis made so long that the layer with this kernel_size, stride
    and dilation gives ceil(n / stride). `value` fills: 0, or -inf before a max pool.

    Raises:
        GraphError: nn-whole-number; nn-axes; nn-rank.

    Source: the TensorFlow API, `tf.nn`, "Notes on padding".

    >>> import torch
    >>> SamePad(2, stride=2)(torch.ones(1, 1, 3)).tolist()
    [[[1.0, 1.0, 1.0, 0.0]]]
    """

    def __init__(
        self, kernel_size: Sizes, stride: Sizes = 1, dilation: Sizes = 1, value: float = 0.0
    ) -> None:
        super().__init__()
        self.kernel_size = require_sizes("SamePad", "kernel_size", kernel_size)
        self.stride = require_sizes("SamePad", "stride", stride)
        self.dilation = require_sizes("SamePad", "dilation", dilation)
        self.value = float(value)

    def forward(self, x: Tensor) -> Tensor:
        """Pad x."""
        rank = spatial_rank("SamePad", x)
        kernel = per_axis("SamePad", "kernel_size", self.kernel_size, rank)
        stride = per_axis("SamePad", "stride", self.stride, rank)
        dilation = per_axis("SamePad", "dilation", self.dilation, rank)
        axes = zip(x.shape[2:], kernel, stride, dilation, strict=True)
        margins = [same_padding(*axis) for axis in axes]
        return functional.pad(x, _last_axis_first(margins), value=self.value)

    def extra_repr(self) -> str:
        """Settings."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, dilation={self.dilation}, "
            f"value={self.value:g}"
        )


def _last_axis_first(margins: list[tuple[int, int]]) -> list[int]:
    """Margins in the order that `functional.pad` takes them."""
    return [pixels for margin in reversed(margins) for pixels in margin]


class _SameConv(nn.Module):
    """Settings and forward pass of a convolution with SAME padding; stands before `nn.Conv*d`."""

    rank: int
    in_channels: int
    weight: Tensor
    bias: Tensor | None
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int

    def __init__(  # noqa: PLR0913 - torch's arguments
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        name = type(self).__name__
        require_whole(name, "groups", groups)
        require_division(name, require_whole(name, "in_channels", in_channels), groups, "groups")
        require_division(name, require_whole(name, "out_channels", out_channels), groups, "groups")
        sizes = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}
        axes = {
            key: per_axis(name, key, require_sizes(name, key, value), self.rank)
            for key, value in sizes.items()
        }
        super().__init__(in_channels, out_channels, groups=groups, bias=bias, **axes)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Pad as much as this input needs, and convolve."""
        spatial_rank(type(self).__name__, input, self.rank)
        require_channels(type(self).__name__, input, self.in_channels)
        axes = zip(input.shape[2:], self.kernel_size, self.stride, self.dilation, strict=True)
        margins = [same_padding(*axis) for axis in axes]
        x, padding = input, tuple(before for before, _ in margins)
        if any(before != after for before, after in margins):
            x, padding = functional.pad(x, _last_axis_first(margins)), (0,) * self.rank
        return _CONVOLVE[self.rank](
            x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )

    def extra_repr(self) -> str:
        """Settings, as torch prints those of a convolution."""
        return super().extra_repr() + ", padding=same"


class SameConv1d(_SameConv, nn.Conv1d):
    """`torch.nn.Conv1d` with TensorFlow's SAME padding. N×C×L to N×K×ceil(L/stride).

    See `SameConv2d`.

    >>> import torch
    >>> SameConv1d(4, 8, kernel_size=4, stride=3)(torch.randn(2, 4, 10)).shape
    torch.Size([2, 8, 4])
    """

    rank = 1


class SameConv2d(_SameConv, nn.Conv2d):
    """`torch.nn.Conv2d` with TensorFlow's SAME padding. N×C×H×W to N×K×ceil(H/stride)×….

    The padding follows from each input, and with a stride may be on one side only, which is why
    weights trained in TensorFlow (EfficientNet, MobileNet, Inception-ResNet) need it. Any kernel
    and stride are legal, other than with torch's `padding="same"`.

    Raises:
        GraphError: nn-whole-number, nn-axes, nn-groups; nn-rank, nn-channels.

    Source: the TensorFlow API, `tf.nn`, "Notes on padding".

    >>> import torch
    >>> SameConv2d(3, 8, kernel_size=3, stride=2)(torch.randn(1, 3, 9, 8)).shape
    torch.Size([1, 8, 5, 4])
    """

    rank = 2


class SameConv3d(_SameConv, nn.Conv3d):
    """`torch.nn.Conv3d` with TensorFlow's SAME padding. N×C×D×H×W to N×K×ceil(D/stride)×….

    See `SameConv2d`.

    >>> import torch
    >>> SameConv3d(2, 4, kernel_size=2)(torch.randn(1, 2, 3, 4, 5)).shape
    torch.Size([1, 4, 3, 4, 5])
    """

    rank = 3
