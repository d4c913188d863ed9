"""Joins and reducers: which shapes go together, and what comes out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from striate.errors import GraphError
from striate.ir import UNUSED, Op, Reach, TensorType, Window
from tests.ops.torch_side import images, kind, node_of, run


def types(*texts: str) -> tuple[TensorType, ...]:
    """`8x6x6` as a type; `?` is unknown."""
    return tuple(
        TensorType.of(*(None if size == "?" else int(size) for size in text.split("x")))
        for text in texts
    )


@pytest.mark.parametrize(
    ("sign", "given", "expected"),
    [
        ("+", ("8x6x6", "8x6x6"), "8x6x6"),
        ("+", ("8x6x6", "8x1x1"), "8x6x6"),
        ("+", ("8x6x1", "8x1x5"), "8x6x5"),
        ("+", ("8x?x?", "8x6x6"), "8x6x6"),
        ("+", ("8x?x1", "8x?x1"), "8x?x1"),
        ("+", ("8", "8", "8"), "8"),
        ("-", ("8x20", "8x1"), "8x20"),
        ("add", ("8x6x6", "8x1x1"), "8x6x6"),
        ("mean", ("8x6", "8x6"), "8x6"),
        ("maxout", ("8x6", "8x6"), "8x6"),
        ("|", ("8x6x6", "3x6x6"), "11x6x6"),
        ("|", ("8x?x?", "3x6x6", "1x?x6"), "12x6x6"),
        ("|", ("8", "3"), "11"),
        ("cat", ("8x6x6", "3x6x6"), "11x6x6"),
        ("&", ("8x6x6", "8x1x1"), "8x6x6"),
        ("&", ("8x6x6", "8"), "8x6x6"),
        ("&", ("8", "8x6x6"), "8x6x6"),
        ("&", ("8x6x6", "1x6x6"), "8x6x6"),
        ("&", ("8x?x6", "1"), "8x?x6"),
        ("&", ("8", "1"), "8"),
        ("prod", ("8x6x6", "8", "1x6x6"), "8x6x6"),
    ],
)
def test_shape_that_comes_out(sign: str, given: tuple[str, ...], expected: str) -> None:
    assert str(kind(sign)().infer(types(*given))[0]) == expected


@pytest.mark.parametrize(
    ("sign", "given", "message"),
    [
        (
            "+", ("128x28x28", "64x56x56"),
            "error: + needs equal shapes, got 128x28x28 and 64x56x56  [unequal-shapes]",
        ),
        ("+", ("8x6x6", "1x6x6"), "error: + needs equal shapes, got 8x6x6 and 1x6x6  "
            "[unequal-shapes]"),
        ("+", ("8x1x1", "8"), "error: + needs equal shapes, got 8x1x1 and 8  [unequal-shapes]"),
        (
            "add", ("8x6", "8x6", "9x6"),
            "error: add needs equal shapes, got 8x6 and 9x6  [unequal-shapes]",
        ),
        (
            "|", ("32x25x25", "32x24x24"),
            "error: | needs equal spatial sizes, got 25x25 and 24x24  [unequal-planes]",
        ),
        (
            "|", ("8x6x6", "8"),
            "error: | needs planes of one rank, got 8x6x6 and 8  [unequal-ranks]\n"
            "   = help: flatten gives a flat stream, reshape gives it a plane",
        ),
        (
            "&", ("8x6x6", "4x1x1"),
            "error: & cannot bring these to one shape: 8x6x6 and 4x1x1  [cannot-broadcast]\n"
            "   = help: each axis must be equal or 1; a flat stream counts as channels of a plane "
            "of 1x1",
        ),
    ],
)  # fmt: skip
def test_message(sign: str, given: tuple[str, ...], message: str) -> None:
    with pytest.raises(GraphError) as caught:
        kind(sign)().infer(types(*given))
    assert str(caught.value) == message


def outcome(op: Op, *given: str) -> tuple[list[Tensor], Tensor]:
    node = node_of(op, *types(*given))
    inputs = images(node)
    return inputs, run(node, inputs)[0]


def test_numbers() -> None:
    three = ("4x3x2", "4x3x2", "4x1x1")
    (a, b, c), y = outcome(kind("+")(), *three)
    assert torch.equal(y, a + b + c)
    (a, b, c), y = outcome(kind("-")(), *three)
    assert torch.equal(y, a - b - c)
    (a, b, c), y = outcome(kind("mean")(), *three)
    assert torch.allclose(y, (a + b + c) / 3)
    (a, b, c), y = outcome(kind("maxout")(), *three)
    assert torch.equal(y, torch.stack([a, b, c.expand_as(a)]).amax(0))
    (a, b, c), y = outcome(kind("&")(), "4x3x2", "4", "1x3x2")
    assert torch.equal(y, a * b[:, :, None, None] * c)
    (a, b, c), y = outcome(kind("|")(), "4x3x2", "1x3x2", "2x3x2")
    assert torch.equal(y[:, :4], a)
    assert torch.equal(y[:, 4:5], b)
    assert torch.equal(y[:, 5:], c)


def test_one_stream_is_itself() -> None:
    for name in ("+", "-", "&", "|", "add", "mean", "maxout", "prod", "cat"):
        (x,), y = outcome(kind(name)(), "4x3x2")
        assert torch.equal(x, y)


def test_a_stretched_axis_is_read_at_its_one_position() -> None:
    node = node_of(kind("&")(), *types("8x6x6", "8x1x1", "8"))
    still = Reach(step=Reach().low)
    assert node.windows == (Window.point(2), Window((still, still)), Window(whole=True))


def test_work_is_one_operation_for_each_pair() -> None:
    assert node_of(kind("+")(), *types("8x6x6", "8x6x6", "8x1x1")).cost.other == 2 * 8 * 36
    assert node_of(kind("mean")(), *types("8x6", "8x6")).cost.other == 2 * 8 * 6
    assert node_of(kind("|")(), *types("8x6", "8x6")).cost.other == 0


def test_joins_take_no_number_and_reducers_do() -> None:
    assert not any(kind(sign).is_element for sign in "+-|&")
    assert all(kind(name).is_element for name in ("add", "mean", "maxout", "prod", "cat"))


def test_an_unread_parameter_is_told_as_such() -> None:
    node = node_of(kind("param")(8, 1, 1), *types("8x6x6"))
    assert node.windows == (UNUSED,)
