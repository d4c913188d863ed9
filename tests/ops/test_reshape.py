"""The same numbers in another shape or order."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from striate.errors import GraphError
from striate.ir import Op, TensorType
from tests.ops.torch_side import images, kind, node_of, run

FLATTEN, RESHAPE, SPLIT = kind("flatten"), kind("reshape"), kind("split")
SHUFFLE, PIXELSHUFFLE, UNSHUFFLE = kind("shuffle"), kind("pixelshuffle"), kind("unshuffle")


def outcome(op: Op, *sizes: int) -> tuple[Tensor, tuple[Tensor, ...]]:
    node = node_of(op, TensorType.of(*sizes))
    (x,) = images(node)
    return x, run(node, [x])


def test_flatten_puts_channel_after_channel() -> None:
    x, (y,) = outcome(FLATTEN(), 2, 3, 4)
    for c, h, w in product(range(2), range(3), range(4)):
        assert torch.equal(y[:, (c * 3 + h) * 4 + w], x[:, c, h, w])


def test_reshape_keeps_the_order() -> None:
    x, (y,) = outcome(RESHAPE(3, 2, 4), 2, 3, 4)
    assert torch.equal(y.flatten(1), x.flatten(1))


def test_reshape_fills_in_one_open_size() -> None:
    assert RESHAPE((64, 7, None)).infer((TensorType.of(3136),)) == (TensorType.of(64, 7, 7),)


def test_reshape_of_equal_planes_keeps_positions_apart() -> None:
    same = node_of(RESHAPE(2, 3, 4), TensorType.of(2, 3, 4)).windows[0]
    assert not same.whole
    assert node_of(RESHAPE(3, 2, 4), TensorType.of(2, 3, 4)).windows[0].whole


def test_split_into_equal_parts_and_by_widths() -> None:
    x, parts = outcome(SPLIT(3), 6, 4)
    assert [torch.equal(one, x[:, 2 * i : 2 * i + 2]) for i, one in enumerate(parts)] == [True] * 3
    x, parts = outcome(SPLIT((1, 5)), 6, 4)
    assert torch.equal(parts[0], x[:, :1])
    assert torch.equal(parts[1], x[:, 1:])


def test_split_into_one_part_is_the_stream() -> None:
    x, parts = outcome(SPLIT(1), 6, 4)
    assert len(parts) == 1
    assert torch.equal(parts[0], x)


def test_padchannels_puts_the_odd_one_behind() -> None:
    x, (y,) = outcome(kind("padchannels")(7), 4, 2, 2)
    assert torch.equal(y[:, 1:5], x)
    assert not y[:, [0, 5, 6]].any()


def test_shuffle_deals_the_groups_out_in_turn() -> None:
    x, (y,) = outcome(SHUFFLE(3), 12, 2)
    for group, place in product(range(3), range(4)):
        assert torch.equal(y[:, place * 3 + group], x[:, group * 4 + place])


@pytest.mark.parametrize("op", [PIXELSHUFFLE((2, 3)), PIXELSHUFFLE(2)])
def test_pixelshuffle_lays_channels_out_as_pixels(op: Op) -> None:
    rows, columns = (2, 3) if op.settings["r"] == (2, 3) else (2, 2)
    x, (y,) = outcome(op, 2 * rows * columns, 3, 4)
    for c, i, j in product(range(2), range(rows), range(columns)):
        expected = x[:, (c * rows + i) * columns + j]
        assert torch.equal(y[:, c, i::rows, j::columns], expected)


def test_unshuffle_undoes_pixelshuffle() -> None:
    for plane in ((4,), (3, 4), (2, 3, 4)):
        channels = 2 ** len(plane) * 3
        x, (y,) = outcome(PIXELSHUFFLE(), channels, *plane)
        back = node_of(UNSHUFFLE(), TensorType(3, tuple(2 * size for size in plane)))
        assert torch.equal(run(back, [y])[0], x)


@pytest.mark.parametrize(
    ("op", "given", "message"),
    [
        (
            FLATTEN(), (3, None),
            "error: flatten: the plane here is of unknown size (3x?), and so is the number of "
            "features  [needs-size]\n"
            "   = help: give the input its sizes, or bring the plane to a known size: "
            "gap -> flatten",
        ),
        (
            RESHAPE(64, 7, 7), (3000,),
            "error: reshape: 3000 has 3000 = 3000 numbers, 64x7x7 has 3136  [wrong-element-count]\n"
            "   = help: the numbers must be as many",
        ),
        (
            RESHAPE((64, None, None)), (3136,),
            "error: reshape: 64x?x? is no shape  [bad-reshape]\n"
            "   = help: give channels, then 0 to 3 spatial sizes, one of which may be ?",
        ),
        (
            SPLIT(4), (6, 8),
            "error: split: 6 input channels do not divide into 4 equal parts  "
            "[groups-do-not-divide]\n   = help: divisors of 6: [1, 2, 3, 6]",
        ),
        (
            SPLIT((2, 3)), (6, 8),
            "error: split: the widths add up to 2 + 3 = 5, and 6 channels arrive  [wrong-widths]\n"
            "   = help: the last one can be what is left: split([..., _ - 2])",
        ),
        (
            SPLIT(5000), (5000,),
            "error: split: 5000 parts are more than 1024  [too-many-parts]\n"
            "   = help: layers that treat every channel alone are depthwise: dw, gn(_), inorm",
        ),
        (
            kind("padchannels")(2), (6, 8),
            "error: padchannels: 6 channels arrive, more than 2  [too-wide]\n"
            "   = help: conv(2, 1) makes them fewer",
        ),
        (
            PIXELSHUFFLE(3), (6, 8, 8),
            "error: pixelshuffle: 6 input channels do not divide into groups of 3*3 = 9  "
            "[groups-do-not-divide]\n   = help: divisors of 6: [1, 2, 3, 6]",
        ),
        (
            UNSHUFFLE(), (6, 8, 7),
            "error: unshuffle: 7 pixels do not divide into blocks of 2  [size-does-not-divide]\n"
            "   = help: the input here is 6x8x7; pad or crop it first",
        ),
    ],
)  # fmt: skip
def test_message(op: Op, given: tuple[int | None, ...], message: str) -> None:
    with pytest.raises(GraphError) as caught:
        op.infer((TensorType.of(*given),))
    assert str(caught.value) == message
