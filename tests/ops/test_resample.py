"""Interpolation and blur pooling."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from striate.errors import GraphError
from striate.ir import Op, TensorType
from tests.ops.torch_side import images, kind, node_of, run

UP, BLURPOOL = kind("up"), kind("blurpool")


def outcome(op: Op, *given: TensorType) -> tuple[Tensor, Tensor]:
    node = node_of(op, *given)
    inputs = images(node)
    return inputs[0], run(node, inputs)[0]


@pytest.mark.parametrize(
    ("op", "plane", "expected"),
    [
        (UP(), (7, 5), (14, 10)),
        (UP(1.5), (7, 5), (10, 7)),  # floor(10.5), floor(7.5)
        (UP(0.1), (10, 20), (1, 2)),  # one tenth by its digits, not by its float
        (UP((2, 3)), (7, 5), (14, 15)),
        (UP(size=9), (7, 5), (9, 9)),
        (UP(size=(9, 4)), (None, 5), (9, 4)),
        (UP(), (None, 5), (None, 10)),
    ],
)
def test_size_of_the_plane(
    op: Op, plane: tuple[int | None, ...], expected: tuple[int | None, ...]
) -> None:
    assert op.infer((TensorType(3, plane),))[0].plane == expected


def test_size_of_a_stream_to_be_like() -> None:
    given = (TensorType.of(3, 7, 7), TensorType.of(64, 15, 13))
    assert UP(mode="bilinear").infer(given) == (TensorType.of(3, 15, 13),)


def test_nearest_repeats_pixels() -> None:
    x, y = outcome(UP(2), TensorType.of(2, 3, 4))
    assert torch.equal(y, x.repeat_interleave(2, 2).repeat_interleave(2, 3))


def tent(x: Tensor, places: list[float]) -> Tensor:
    """A line read at places by linear interpolation, its ends continued."""
    read = []
    for place in places:
        at = min(max(place, 0.0), x.shape[-1] - 1.0)
        low = min(math.floor(at), x.shape[-1] - 2)
        read.append(x[..., low] * (low + 1 - at) + x[..., low + 1] * (at - low))
    return torch.stack(read, -1)


def test_linear_reads_between_pixel_centres() -> None:
    x, y = outcome(UP(3, mode="linear"), TensorType.of(2, 5))
    assert torch.allclose(y, tent(x, [(o + 0.5) / 3 - 0.5 for o in range(15)]))


def test_linear_with_corners_in_place() -> None:
    x, y = outcome(UP(size=9, mode="linear", ac=1), TensorType.of(2, 5))
    assert torch.allclose(y, tent(x, [o * 4 / 8 for o in range(9)]))


def test_linear_modes_are_one_mode_on_every_rank() -> None:
    for plane, name in [((5,), "trilinear"), ((5, 4), "linear"), ((3, 4, 2), "bilinear")]:
        x, y = outcome(UP(2, mode=name), TensorType(2, plane))
        expected = x
        for axis, size in enumerate(plane, start=2):
            places = [(o + 0.5) / 2 - 0.5 for o in range(2 * size)]
            expected = tent(expected.movedim(axis, -1), places).movedim(-1, axis)
        assert torch.allclose(y, expected)


def test_area_averages() -> None:
    x, y = outcome(UP(0.5, mode="area"), TensorType.of(2, 6))
    assert torch.allclose(y, x.reshape(2, 2, 3, 2).mean(3))


def cubic(distance: float, a: float = -0.75) -> float:
    """Weight of a pixel at that distance. Source: Keys, 1981, equation 15; torch has a = -3/4."""
    d = abs(distance)
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * (d**3 - 5 * d**2 + 8 * d - 4) if d < 2 else 0.0


def test_bicubic_weighs_four_pixels_by_distance() -> None:
    x, y = outcome(UP(1.5, mode="bicubic"), TensorType.of(1, 1, 8))
    for o in range(3, 9):
        place = (o + 0.5) / 1.5 - 0.5
        weights = torch.tensor([cubic(place - i) for i in range(8)]).double()
        assert torch.allclose(y[0, 0, 0, o], x[0, 0, 0] @ weights, atol=1e-6)


def test_like_takes_the_size_and_not_the_numbers() -> None:
    node = node_of(UP(mode="linear"), TensorType.of(2, 5), TensorType.of(7, 10))
    x, like = images(node)
    assert torch.allclose(run(node, [x, like])[0], run(node, [x, 100 * like])[0])
    assert torch.allclose(
        run(node, [x, like])[0], tent(x, [(o + 0.5) / 2 - 0.5 for o in range(10)])
    )


def test_blur_pooling_is_a_row_of_pascals_triangle() -> None:
    x, y = outcome(BLURPOOL(5, 2, "zeros"), TensorType.of(2, 8))
    row = torch.tensor([1.0, 4, 6, 4, 1]).double() / 16
    padded = torch.nn.functional.pad(x, (2, 2))
    assert torch.allclose(y, torch.stack([padded[..., o : o + 5] @ row for o in (0, 2, 4, 6)], -1))


@pytest.mark.parametrize(("size", "stride"), [(7, 2), (8, 2), (8, 3), (9, 4)])
def test_blur_pooling_rounds_up(size: int, stride: int) -> None:
    (made,) = BLURPOOL(3, stride).infer((TensorType.of(3, size),))
    assert made.plane == (math.ceil(size / stride),)


@pytest.mark.parametrize(
    ("op", "given", "message"),
    [
        (
            UP(3, size=9), ["3x7x7"],
            "error: up: the size is given twice, by s and by size  [two-targets]\n"
            "   = help: give a factor, or a size, or a stream to be like",
        ),
        (
            UP(2), ["3x7x7", "3x9x9"],
            "error: up: the size is given twice, by s and by a second stream  [two-targets]\n"
            "   = help: give a factor, or a size, or a stream to be like",
        ),
        (
            UP(), ["3x7x7", "3x9"],
            "error: up: 3x7x7 cannot become as large as 3x9  [unlike-ranks]\n"
            "   = help: the second stream needs a plane of the same rank",
        ),
        (
            UP(mode="bicubic"), ["3x7"],
            "error: up: bicubic works on images, and the input here is 3x7  [bicubic-on-images]\n"
            "   = help: use mode=linear",
        ),
        (
            UP(ac=1), ["3x7x7"],
            "error: up: ac=1 has no meaning for mode=nearest  [corners-without-mode]\n"
            "   = help: use mode=bilinear or mode=bicubic, or leave ac out",
        ),
        (
            UP(0.2), ["3x7x4"],
            "error: up: nothing is left of 3x7x4 times 0.2  [empty-plane]\n"
            "   = help: use a larger factor, or a larger input",
        ),
        (
            UP((2, 3)), ["3x7"],
            "error: up: the scale 2x3 is for 2 axes, and the plane here has 1  [wrong-axis-count]\n"
            "   = help: give one number for all axes, or one for each",
        ),
        (
            BLURPOOL(5), ["3x2x9"],
            "error: blurpool: a padding of 2 by pm=reflect needs more than the 2 pixels there are  "
            "[padding-too-large]\n"
            "   = help: the input here is 3x2x9; reflect padding is at most 1 on this axis",
        ),
    ],
)  # fmt: skip
def test_message(op: Op, given: list[str], message: str) -> None:
    with pytest.raises(GraphError) as caught:
        op.infer(tuple(TensorType.of(*map(int, one.split("x"))) for one in given))
    assert str(caught.value) == message
