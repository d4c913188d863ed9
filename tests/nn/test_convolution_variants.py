"""SAME padding, standardised filters and the dense layer over channels, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

import striate.nn as snn
from striate.nn.same_conv import same_padding
from striate.nn.weight_standardized_conv import standardized
from tests.nn.references import double

CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
SAME = {1: snn.SameConv1d, 2: snn.SameConv2d, 3: snn.SameConv3d}
STANDARDIZED = {
    1: snn.WeightStandardizedConv1d,
    2: snn.WeightStandardizedConv2d,
    3: snn.WeightStandardizedConv3d,
}


# Worked out from TensorFlow's page: total = max((ceil(n/s) - 1)*s + k_eff - n, 0), less before.
@pytest.mark.parametrize(
    ("length", "kernel", "stride", "dilation", "expected"),
    [
        (224, 3, 2, 1, (0, 1)),  # (112-1)*2 + 3 - 224 = 1
        (225, 3, 2, 1, (1, 1)),  # (113-1)*2 + 3 - 225 = 2
        (224, 7, 2, 1, (2, 3)),  # 111*2 + 7 - 224 = 5
        (10, 4, 1, 1, (1, 2)),  # 9 + 4 - 10 = 3
        (10, 3, 1, 2, (2, 2)),  # 9 + 5 - 10 = 4
        (10, 1, 3, 1, (0, 0)),  # 9 + 1 - 10 = 0
        (11, 1, 4, 1, (0, 0)),  # 8 + 1 - 11 < 0
    ],
)
def test_same_padding_is_tensorflows(
    length: int, kernel: int, stride: int, dilation: int, expected: tuple[int, int]
) -> None:
    assert same_padding(length, kernel, stride, dilation) == expected


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
def test_same_convolution_rounds_sizes_up(rank: int, stride: int, kernel: int) -> None:
    size = (7, 8, 5)[:rank]
    out = SAME[rank](2, 3, kernel, stride)(torch.randn(1, 2, *size))
    assert out.shape == (1, 3, *(-(-n // stride) for n in size))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_same_convolution_is_torchs_for_stride_one_and_odd_kernels(rank: int) -> None:
    layer = SAME[rank](2, 4, 3, dilation=2, groups=2).double()
    x = double(1, 2, *(7, 6, 5)[:rank])
    expected = CONVOLVE[rank](x, layer.weight, layer.bias, 1, "same", 2, 2)
    torch.testing.assert_close(layer(x), expected)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_same_convolution_with_a_stride_pads_behind(rank: int) -> None:
    layer = SAME[rank](2, 4, 3, stride=2).double()
    x = double(1, 2, *(6, 8, 4)[:rank])
    expected = CONVOLVE[rank](functional.pad(x, (0, 1) * rank), layer.weight, layer.bias, stride=2)
    torch.testing.assert_close(layer(x), expected)


def test_same_pad_makes_a_pool_round_up() -> None:
    x = double(1, 2, 7, 6)
    pool = nn.Sequential(snn.SamePad(3, stride=2, value=float("-inf")), nn.MaxPool2d(3, 2))
    # 7 -> 4 needs one pixel on both sides, 6 -> 3 one behind.
    expected = nn.functional.max_pool2d(functional.pad(x, (0, 1, 1, 1), value=float("-inf")), 3, 2)
    torch.testing.assert_close(pool(x), expected)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_standardized_filters_have_mean_zero_and_variance_one(rank: int, groups: int) -> None:
    layer = STANDARDIZED[rank](4, 6, 3, groups=groups, eps=0.0).double()
    filters = standardized(layer.weight, layer.eps).flatten(1)
    torch.testing.assert_close(filters.mean(1), torch.zeros(6).double())
    torch.testing.assert_close(filters.square().mean(1), torch.ones(6).double())


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("padding_mode", ["zeros", "circular"])
def test_standardized_convolution_equals_a_convolution_with_worked_out_filters(
    rank: int, padding_mode: str
) -> None:
    layer = STANDARDIZED[rank](
        4, 6, 3, stride=2, padding=1, groups=2, padding_mode=padding_mode, eps=0.01
    ).double()
    filters = []
    for row in layer.weight.flatten(1).tolist():
        mean = sum(row) / len(row)
        variance = sum((w - mean) ** 2 for w in row) / len(row)
        filters.append([(w - mean) / (variance + 0.01) ** 0.5 for w in row])
    weight = torch.tensor(filters, dtype=torch.float64).view_as(layer.weight)
    x = double(2, 4, *(5, 6, 4)[:rank])
    mode = "constant" if padding_mode == "zeros" else padding_mode
    padded = functional.pad(x, (1, 1) * rank, mode=mode)
    expected = CONVOLVE[rank](padded, weight, layer.bias, 2, groups=2)
    torch.testing.assert_close(layer(x), expected)


def test_standardized_convolution_ignores_scale_and_shift_of_its_weights() -> None:
    layer = snn.WeightStandardizedConv2d(3, 4, 3, eps=0.0, bias=False).double()
    x = double(1, 3, 5, 5)
    before = layer(x)
    layer.weight.data.mul_(7).add_(2)
    torch.testing.assert_close(layer(x), before)


@pytest.mark.parametrize("size", [(), (5,), (4, 3), (2, 3, 4)])
def test_channelwise_linear_is_a_convolution_of_one_pixel(size: tuple[int, ...]) -> None:
    layer = snn.ChannelwiseLinear(4, 6).double()
    x = double(2, 4, *size)
    line = x.reshape(2, 4, -1)
    expected = functional.conv1d(line, layer.weight.unsqueeze(-1), layer.bias)
    torch.testing.assert_close(layer(x), expected.reshape(2, 6, *size))


def test_channelwise_linear_takes_the_weights_of_a_linear() -> None:
    linear = nn.Linear(4, 6)
    layer = snn.ChannelwiseLinear(4, 6)
    layer.load_state_dict(linear.state_dict())
    x = torch.randn(3, 4)
    torch.testing.assert_close(layer(x), linear(x))


@pytest.mark.parametrize(
    "layer",
    [
        snn.SameConv2d(2, 2, 2, stride=2),
        snn.WeightStandardizedConv2d(2, 2, 2, padding=1),
        snn.ChannelwiseLinear(2, 3),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_gradients_are_right(layer: nn.Module) -> None:
    layer.double()
    x = double(1, 2, 3, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, *_: layer(x), (x, *layer.parameters()))
