"""Padding, cropping, warping."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from striate.errors import GraphError
from striate.ir import Op, TensorType
from striate.nn import identity_theta
from tests.ops.torch_side import images, kind, module_of, node_of, run

PAD, CROP, WARP = kind("pad"), kind("crop"), kind("warp")
X = TensorType.of(2, 4, 6)


def outcome(op: Op, *given: TensorType) -> tuple[Tensor, Tensor]:
    node = node_of(op, *given)
    inputs = images(node)
    return inputs[0], run(node, inputs)[0]


@pytest.mark.parametrize(
    ("op", "plane", "start"),
    [
        (PAD(1), (6, 8), (1, 1)),
        (PAD((1, 2)), (6, 10), (1, 2)),  # height by 1, width by 2
        (PAD((1, 0, 3, 2)), (5, 11), (1, 3)),  # a row above, 3 columns left, 2 right
    ],
)
def test_pad_goes_axis_by_axis(op: Op, plane: tuple[int, int], start: tuple[int, int]) -> None:
    x, y = outcome(op, X)
    expected = torch.zeros(2, 2, *plane, dtype=torch.float64)
    expected[:, :, start[0] : start[0] + 4, start[1] : start[1] + 6] = x
    assert torch.equal(y, expected)


def test_pad_fills_with_a_value() -> None:
    x, y = outcome(PAD((0, 1), v=7), TensorType.of(1, 3))
    assert torch.equal(y[..., :3], x)
    assert torch.all(y[..., 3] == 7)


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("reflect", [3, 2, 1, 2, 3, 4, 3]),
        ("replicate", [1, 1, 1, 2, 3, 4, 4]),
        ("circular", [3, 4, 1, 2, 3, 4, 1]),
    ],
)
def test_pad_by_what_is_there(mode: str, line: list[float]) -> None:
    node = node_of(PAD((2, 1), mode), TensorType.of(1, 4))
    (y,) = run(node, [torch.arange(1.0, 5).double().view(1, 1, 4)])
    assert y.flatten().tolist() == line


def test_pad_of_an_unknown_size_stays_unknown() -> None:
    assert PAD(1).infer((TensorType.of(3, None, 5),)) == (TensorType.of(3, None, 7),)


def test_crop_takes_the_middle_and_leaves_an_odd_pixel_at_the_end() -> None:
    x, y = outcome(CROP((3, 2)), X)
    assert torch.equal(y, x[:, :, 0:3, 2:4])


def test_crop_to_the_plane_of_another_stream() -> None:
    x, y = outcome(CROP(), X, TensorType.of(5, 2, 3))
    assert torch.equal(y, x[:, :, 1:3, 1:4])


def test_crop_keeps_the_channels_of_the_first_stream() -> None:
    given = (TensorType.of(64, 64, 64), TensorType.of(512, 56, 56))  # the first skip of U-Net
    assert CROP().infer(given) == (TensorType.of(64, 56, 56),)


def test_warp_by_the_identity_changes_nothing() -> None:
    for plane in ((7,), (5, 6), (3, 4, 5)):
        numbers = len(plane) * (len(plane) + 1)
        node = node_of(WARP(), TensorType(2, plane), TensorType.of(numbers))
        x = torch.randn(2, 2, *plane, dtype=torch.float64)
        theta = identity_theta(len(plane)).double().expand(2, -1)
        assert torch.allclose(run(node, [x, theta])[0], x, atol=1e-9)


def test_warp_to_a_size() -> None:
    node = node_of(WARP((3, 2), pm="border", ac=1), X, TensorType.of(6))
    x = torch.randn(1, 2, 4, 6, dtype=torch.float64)
    (y,) = run(node, [x, identity_theta(2).double()[None]], module_of(node))
    assert tuple(y.shape) == (1, 2, 3, 2)
    assert torch.allclose(y[:, :, ::2], x[:, :, ::3, ::5])  # corners stay in place


@pytest.mark.parametrize(
    ("op", "given", "message"),
    [
        (
            PAD((1, 1, 1)), [X],
            "error: pad: 1x1x1 has 3 numbers, and the plane here has 2 axes  [wrong-pad-count]\n"
            "   = help: give one number, 2 (one per axis) or 4 (before and after, by axis)",
        ),
        (
            PAD(1, "reflect", 3), [X],
            "error: pad: v=3 has no meaning for mode=reflect  [value-without-zeros]\n"
            "   = help: leave one of the two out",
        ),
        (
            PAD((0, 4), "reflect"), [TensorType.of(1, 4)],
            "error: pad: a padding of 4 by pm=reflect needs more than the 4 pixels there are  "
            "[padding-too-large]\n"
            "   = help: the input here is 1x4; reflect padding is at most 3 on this axis",
        ),
        (
            CROP(9), [X],
            "error: crop: 2x9x9 cannot be cut out of 2x4x6  [crop-too-large]\n"
            "   = help: swap the two streams, or pad instead of cropping",
        ),
        (
            CROP(), [X],
            "error: crop needs a size or a second stream to be like, one of the two  [one-target]\n"
            "   = help: crop(224), or (x, like) -> crop",
        ),
        (
            CROP(2), [X, X],
            "error: crop needs a size or a second stream to be like, one of the two  [one-target]\n"
            "   = help: crop(224), or (x, like) -> crop",
        ),
        (
            CROP(), [X, TensorType.of(3, 4)],
            "error: crop: 2x4x6 cannot become as large as 3x4  [unlike-ranks]\n"
            "   = help: the second stream needs a plane of the same rank",
        ),
        (
            WARP(), [X, TensorType.of(10)],
            "error: warp: an affine map of 2x4x6 is 6 numbers, got 10  [wrong-theta]\n"
            "   = help: end the localisation network with fc(6)",
        ),
    ],
)  # fmt: skip
def test_message(op: Op, given: list[TensorType], message: str) -> None:
    with pytest.raises(GraphError) as caught:
        op.infer(tuple(given))
    assert str(caught.value) == message
