"""Deformable convolution against loops, against torch's convolution, and its own laws."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor
from torch.nn import functional

import striate.nn as snn
from striate.errors import GraphError
from tests.nn.references import double, interpolated, places, window_places

CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
SIZE = (5, 6, 4)
KERNEL = (3, 2, 2)


def slow_deform_conv(
    x: Tensor, offset: Tensor, weight: Tensor, mask: Tensor | None, settings: tuple[int, int, int]
) -> Tensor:
    """Equation 1 of Deformable ConvNets v2, one number at a time."""
    kernel, rank = list(places(weight.shape[2:])), x.dim() - 2
    offset_groups = offset.shape[1] // (len(kernel) * rank)
    groups = x.shape[1] // weight.shape[1]
    per_offset_group, filters_per_group = x.shape[1] // offset_groups, weight.shape[0] // groups
    out = torch.zeros(x.shape[0], weight.shape[0], *offset.shape[2:], dtype=x.dtype)
    for n, filter_, *place in places(out.shape):
        first = filter_ // filters_per_group * weight.shape[1]
        for channel, (k, point) in itertools.product(range(weight.shape[1]), enumerate(kernel)):
            number = (first + channel) // per_offset_group * len(kernel) + k
            moved = [
                still + float(offset[(n, number * rank + axis, *place)])
                for axis, still in enumerate(window_places(place, point, *settings))
            ]
            factor = 1.0 if mask is None else float(mask[(n, number, *place)])
            factor *= float(weight[(filter_, channel, *point)])
            out[(n, filter_, *place)] += factor * interpolated(x[n, first + channel], moved)
    return out


def problem(
    rank: int, offset_groups: int = 1, groups: int = 1, settings: tuple[int, int, int] = (1, 1, 1)
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Random x, offset, weight and mask that fit together."""
    x = double(2, 4, *SIZE[:rank])
    weight = double(4, 4 // groups, *KERNEL[:rank])
    stride, padding, dilation = settings
    out = CONVOLVE[rank](x, weight, None, stride, padding, dilation, groups).shape[2:]
    points = weight[0, 0].numel()
    offset = 1.5 * double(2, offset_groups * points * rank, *out)
    mask = torch.rand(2, offset_groups * points, *out, dtype=torch.float64)
    return x, offset, weight, mask


@pytest.mark.parametrize(
    ("rank", "offset_groups", "groups", "settings"),
    [
        (1, 1, 1, (1, 1, 1)),
        (1, 2, 2, (2, 1, 2)),
        (2, 1, 1, (1, 1, 1)),
        (2, 2, 1, (2, 1, 1)),
        (2, 1, 2, (2, 2, 2)),
        (2, 4, 2, (1, 0, 1)),
        (3, 2, 2, (2, 1, 1)),
    ],
)
def test_equals_slow_loops(
    rank: int, offset_groups: int, groups: int, settings: tuple[int, int, int]
) -> None:
    x, offset, weight, mask = problem(rank, offset_groups, groups, settings)
    stride, padding, dilation = settings
    for factor in (None, mask):
        fast = snn.deform_conv(
            x, offset, weight, mask=factor, stride=stride, padding=padding, dilation=dilation
        )
        slow = slow_deform_conv(x, offset, weight, factor, settings)
        torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("settings", [(1, 0, 1), (2, 1, 1), (1, 2, 2), (3, 0, 1)])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_zero_offsets_are_the_ordinary_convolution(
    rank: int, settings: tuple[int, int, int], groups: int
) -> None:
    x, offset, weight, _ = problem(rank, 1, groups, settings)
    bias = double(4)
    stride, padding, dilation = settings
    expected = CONVOLVE[rank](x, weight, bias, stride, padding, dilation, groups)
    found = snn.deform_conv(
        x, 0 * offset, weight, bias, stride=stride, padding=padding, dilation=dilation
    )
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_zero_offsets_in_single_precision_are_the_convolution_to_rounding() -> None:
    layer = snn.DeformConv2d(8, 8, 3, padding=1)
    x = torch.randn(1, 8, 56, 56)
    expected = functional.conv2d(x, layer.weight, layer.bias, padding=1)
    found = layer(x, torch.zeros(1, 18, 56, 56))
    # A place is off by at most a few units in the last place of 56 pixels: 56 * 2^-23 = 7e-6.
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=5e-5)


def test_mask_of_ones_is_version_one() -> None:
    x, offset, weight, mask = problem(2, 2)
    with_mask = snn.deform_conv(x, offset, weight, mask=torch.ones_like(mask), padding=1)
    torch.testing.assert_close(with_mask, snn.deform_conv(x, offset, weight, padding=1))


def test_whole_offsets_read_a_shifted_image() -> None:
    x, weight = double(1, 2, 6, 7), double(3, 2, 3, 3)
    offset = torch.zeros(1, 9, 2, 6, 7, dtype=torch.float64)
    offset[:, :, 0], offset[:, :, 1] = 2, -1  # two down, one to the left
    down_two_left_one = functional.pad(x, (1, 0, 0, 2))[:, :, 2:, :7]
    expected = functional.conv2d(functional.pad(down_two_left_one, (1, 1, 1, 1)), weight)
    found = snn.deform_conv(x, offset.flatten(1, 2), weight, padding=1)
    # The border differs: the shifted image was cut off there before it was convolved.
    torch.testing.assert_close(found[..., 1:-3, 1:-1], expected[..., 1:-3, 1:-1])


def test_offsets_far_outside_read_zeros() -> None:
    x, offset, weight, _ = problem(2)
    assert snn.deform_conv(x, offset + 1e6, weight, padding=1).abs().max() == 0


def test_pixels_beyond_the_border_fade_to_zero() -> None:
    x, weight = torch.ones(1, 1, 3, 3, dtype=torch.float64), torch.ones(1, 1, 1, 1).double()
    offset = torch.zeros(1, 2, 3, 3, dtype=torch.float64)
    offset[:, 0] = -0.75
    found = snn.deform_conv(x, offset, weight)
    assert found[0, 0, :, 1].tolist() == pytest.approx([0.25, 1, 1])


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_gradients_are_right(rank: int) -> None:
    layer = [snn.DeformConv1d, snn.DeformConv2d, snn.DeformConv3d][rank - 1]
    conv = layer(2, 2, 2, padding=1, groups=2).double()
    x = double(1, 2, *(3,) * rank)
    points, out = 2**rank, (4,) * rank
    # Away from whole pixels, where the interpolation has kinks.
    offset = 0.1 + 0.8 * torch.rand(1, points * rank, *out, dtype=torch.float64)
    mask = torch.rand(1, points, *out, dtype=torch.float64)
    inputs = [t.requires_grad_() for t in (x, offset, mask)]
    assert torch.autograd.gradcheck(conv, inputs, fast_mode=rank == 3)
    still = x.detach(), offset.detach()
    assert torch.autograd.gradcheck(
        lambda weight: snn.deform_conv(*still, weight, padding=1), conv.weight
    )


def test_half_precision_keeps_positions_exact() -> None:
    layer = snn.DeformConv2d(4, 4, 3, padding=1, bias=False).to(torch.bfloat16)
    x = torch.randn(1, 4, 8, 300).to(torch.bfloat16)
    found = layer(x, torch.zeros(1, 18, 8, 300, dtype=torch.bfloat16))
    expected = functional.conv2d(x.float(), layer.weight.float(), padding=1)
    assert found.dtype == torch.bfloat16
    # bfloat16 has 8 bits: sums of 36 products; positions up to 300 would be off by a whole pixel.
    torch.testing.assert_close(found.float(), expected, rtol=0.05, atol=0.05)


def test_runs_under_autocast() -> None:
    layer = snn.DeformConv2d(4, 4, 3, padding=1)
    to_offset = torch.nn.Conv2d(4, 27, 3, padding=1)
    x = torch.randn(1, 4, 6, 6)
    with torch.autocast("cpu", torch.bfloat16):
        numbers = to_offset(x)
        out = layer(x, numbers[:, :18], numbers[:, 18:].sigmoid())
    out.float().sum().backward()
    assert to_offset.weight.grad is not None


@pytest.mark.parametrize("with_mask", [False, True])
def test_compiles_to_one_graph(with_mask: bool) -> None:
    layer = snn.DeformConv2d(4, 6, 3, stride=2, padding=1)
    args = [torch.randn(2, 4, 8, 8), torch.randn(2, 18, 4, 4)]
    args += [torch.rand(2, 9, 4, 4)] if with_mask else []
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(*args), layer(*args))
    compiled(*args).sum().backward()


@pytest.mark.slow
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_compiled_machine_code_gives_the_same_numbers_and_gradients(rank: int) -> None:
    layer = [snn.DeformConv1d, snn.DeformConv2d, snn.DeformConv3d][rank - 1](4, 6, 3, padding=1)
    size = (6,) * rank
    offset = torch.randn(2, 3**rank * rank, *size, requires_grad=True)
    args = torch.randn(2, 4, *size), offset, torch.rand(2, 3**rank, *size)
    compiled = torch.compile(layer, fullgraph=True)
    torch.testing.assert_close(compiled(*args), layer(*args), rtol=1e-4, atol=1e-5)
    (fast,) = torch.autograd.grad(compiled(*args).square().sum(), offset)
    (plain,) = torch.autograd.grad(layer(*args).square().sum(), offset)
    torch.testing.assert_close(fast, plain, rtol=1e-3, atol=1e-4)


def test_exports_with_any_batch_and_size() -> None:
    layer = snn.DeformConv2d(4, 6, 3, padding=1)
    batch, height = torch.export.Dim("batch", min=2), torch.export.Dim("height", min=4)
    dynamic = ({0: batch, 2: height}, {0: batch, 2: height})
    args = torch.randn(2, 4, 8, 8), torch.randn(2, 18, 8, 8)
    program = torch.export.export(layer, args, dynamic_shapes=dynamic)
    larger = torch.randn(3, 4, 12, 8), torch.randn(3, 18, 12, 8)
    torch.testing.assert_close(program.module()(*larger), layer(*larger))


def test_wrong_offset_channels_say_how_many_are_needed() -> None:
    layer = snn.DeformConv2d(4, 6, 3, padding=1)
    with pytest.raises(GraphError) as caught:
        layer(torch.zeros(1, 4, 8, 8), torch.zeros(1, 9, 8, 8))
    assert str(caught.value) == (
        "error: deform_conv: the offsets are 1x9x8x8, expected 1x18x8x8  [nn-offset-shape]\n"
        "   = help: channels: 2 numbers for each of 9 kernel points (3x3), or a multiple of 18 "
        "whose factor divides the 4 input channels\n"
        "   = help: the layer that makes the offsets needs the same kernel, stride and padding"
    )


def test_wrong_mask_says_its_shape() -> None:
    layer = snn.DeformConv2d(4, 6, 3, padding=1)
    with pytest.raises(GraphError) as caught:
        layer(torch.zeros(1, 4, 8, 8), torch.zeros(1, 18, 8, 8), torch.zeros(1, 18, 8, 8))
    assert str(caught.value) == (
        "error: deform_conv: the mask is 1x18x8x8, expected 1x9x8x8  [nn-mask-shape]\n"
        "   = help: one factor for each of 9 kernel points and 1 offset group(s)"
    )


def test_repr_reads_like_torch() -> None:
    found = repr(snn.DeformConv2d(4, 8, 3, stride=2, padding=1, groups=2, bias=False))
    expected = repr(torch.nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=2, bias=False))
    assert found == expected.replace("Conv2d", "DeformConv2d")
