"""Layers that move, cut, add or pick values, against loops and torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

import striate.nn as snn
from striate.errors import GraphError
from tests.nn.references import double, places


@pytest.mark.parametrize("size", [(), (5,), (4, 3), (2, 3, 4)])
@pytest.mark.parametrize("groups", [1, 2, 3])
def test_channel_shuffle_deals_channels_out(size: tuple[int, ...], groups: int) -> None:
    x = double(2, 6, *size)
    found = snn.ChannelShuffle(groups)(x)
    width = 6 // groups
    for group in range(groups):
        for i in range(width):
            assert torch.equal(found[:, i * groups + group], x[:, group * width + i])


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_pixel_shuffles_of_images_are_torchs(factor: int) -> None:
    x = double(2, 2 * factor**2, 3, 4)
    assert torch.equal(snn.PixelShuffle(factor)(x), functional.pixel_shuffle(x, factor))
    y = double(2, 3, 3 * factor, 2 * factor)
    assert torch.equal(snn.PixelUnshuffle(factor)(y), functional.pixel_unshuffle(y, factor))


@pytest.mark.parametrize("factors", [(2,), (3, 2), (2, 1, 3)])
def test_pixel_unshuffle_stacks_blocks_in_reading_order(factors: tuple[int, ...]) -> None:
    size = tuple(2 * factor for factor in factors)
    x = double(1, 2, *size)
    found = snn.PixelUnshuffle(factors)(x)
    blocks = list(places(factors))
    for channel, (i, block) in ((c, pair) for c in range(2) for pair in enumerate(blocks)):
        for place in places((2,) * len(factors)):
            read = [p * f + b for p, f, b in zip(place, factors, block, strict=True)]
            assert found[(0, channel * len(blocks) + i, *place)] == x[(0, channel, *read)]


@pytest.mark.parametrize("factors", [(2,), (3, 2), (2, 1, 3)])
def test_pixel_shuffle_undoes_pixel_unshuffle(factors: tuple[int, ...]) -> None:
    x = double(2, 3, *(2 * factor for factor in factors))
    assert torch.equal(snn.PixelShuffle(factors)(snn.PixelUnshuffle(factors)(x)), x)


@pytest.mark.parametrize("size", [(), (5,), (4, 3)])
def test_maxout_takes_the_largest_of_neighbouring_channels(size: tuple[int, ...]) -> None:
    x = double(2, 6, *size)
    found = snn.Maxout(3)(x)
    assert torch.equal(found[:, 0], torch.maximum(torch.maximum(x[:, 0], x[:, 1]), x[:, 2]))
    assert torch.equal(found[:, 1], torch.maximum(torch.maximum(x[:, 3], x[:, 4]), x[:, 5]))


@pytest.mark.parametrize("size", [(), (5,), (4, 3), (2, 3, 4)])
@pytest.mark.parametrize(("width", "before"), [(3, 0), (4, 0), (7, 2), (9, 3)])
def test_pad_channels_puts_zeros_on_both_sides(
    size: tuple[int, ...], width: int, before: int
) -> None:
    x = double(2, 3, *size)
    found = snn.PadChannels(width)(x)
    assert found.shape == (2, width, *size)
    assert torch.equal(found[:, before : before + 3], x)
    assert found[:, :before].count_nonzero() == found[:, before + 3 :].count_nonzero() == 0


def test_affine_scales_then_shifts() -> None:
    x = double(3, 4)
    assert torch.equal(snn.Affine(0.5, -2)(x), 0.5 * x - 2)


@pytest.mark.parametrize("size", [(), (5,), (4, 3)])
def test_channel_statistics_reduce_to_one_map(size: tuple[int, ...]) -> None:
    x = double(2, 3, *size)
    torch.testing.assert_close(snn.ChannelMean()(x)[:, 0], (x[:, 0] + x[:, 1] + x[:, 2]) / 3)
    assert torch.equal(snn.ChannelMax()(x)[:, 0], x.sort(1).values[:, -1])


@pytest.mark.parametrize("size", [(), (5,), (4, 3)])
def test_group_softmax_without_groups_is_softmax_over_channels(size: tuple[int, ...]) -> None:
    x = double(2, 6, *size)
    torch.testing.assert_close(snn.GroupSoftmax()(x), functional.softmax(x, 1))


@pytest.mark.parametrize("size", [(), (5,), (4, 3)])
def test_group_softmax_sums_to_one_across_groups(size: tuple[int, ...]) -> None:
    x = double(2, 6, *size)
    found = snn.GroupSoftmax(2)(x)
    for channel in range(3):
        first, second = x[:, channel].exp(), x[:, 3 + channel].exp()
        torch.testing.assert_close(found[:, channel], first / (first + second))
        torch.testing.assert_close(found[:, 3 + channel], second / (first + second))


@pytest.mark.parametrize(
    ("length", "wanted", "start"), [(7, 7, 0), (7, 5, 1), (7, 4, 1), (8, 3, 2)]
)
def test_crop_keeps_the_middle(length: int, wanted: int, start: int) -> None:
    x = double(2, 3, length, 6)
    expected = x[:, :, start : start + wanted, 1:5]
    assert torch.equal(snn.Crop((wanted, 4))(x), expected)
    assert torch.equal(snn.Crop()(x, double(1, 1, wanted, 4)), expected)


@pytest.mark.parametrize("layer", [snn.Crop(2), snn.Resize(size=2), snn.Resize(0.5)])
def test_second_input_and_setting_exclude_each_other(layer: nn.Module) -> None:
    with pytest.raises(GraphError, match="nn-one-target"):
        layer(torch.zeros(1, 1, 4), torch.zeros(1, 1, 3))


@pytest.mark.parametrize("layer", [snn.Crop(), snn.Resize()])
def test_one_of_second_input_and_setting_is_needed(layer: nn.Module) -> None:
    with pytest.raises(GraphError, match="nn-one-target"):
        layer(torch.zeros(1, 1, 4))


@pytest.mark.parametrize(
    ("layer", "channels"),
    [
        (snn.ChannelShuffle(2), 4),
        (snn.PixelShuffle(2), 4),
        (snn.PixelUnshuffle(2), 2),
        (snn.Maxout(2), 4),
        (snn.PadChannels(5), 2),
        (snn.Affine(2.0, 1.0), 2),
        (snn.ChannelMean(), 2),
        (snn.ChannelMax(), 2),
        (snn.GroupSoftmax(2), 4),
        (snn.Crop(1), 2),
        (snn.Resize(2.0, mode="linear"), 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_gradients_are_right(layer: nn.Module, channels: int) -> None:
    assert torch.autograd.gradcheck(layer, double(1, channels, 2, 2).requires_grad_())
