"""The input and bare parameters."""

from __future__ import annotations

import pytest

from striate.errors import GraphError
from striate.ir import Op, TensorType
from striate.ops import BareParameter, Input
from tests.ops.torch_side import node_of


def test_input_is_written_with_its_sizes() -> None:
    assert str(Input(3, 32, 32)) == "input(3, 32, 32)"
    assert str(Input((3, 32, 32))) == "input(3, 32, 32)"
    assert str(Input((3, None, None))) == "input(3x?x?)"
    assert str(Input(10)) == "input(10)"
    assert Input(3, 32, 32) == Input((3, 32, 32))


def test_input_gives_its_sizes() -> None:
    assert Input((3, None, 8)).infer(()) == (TensorType.of(3, None, 8),)


def test_a_bare_parameter_is_counted_and_starts_as_told() -> None:
    op = BareParameter(96, 1, 1, init=1e-6)
    assert str(op) == "param(96, 1, 1, init=1e-06)"
    node = node_of(op, TensorType.of(96, 56, 56))
    assert node.params == 96
    (weight,) = node.weights
    assert (weight.name, weight.shape, weight.value) == ("", (96, 1, 1), 1e-6)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (
            Input((None, 3)),
            "error: input: ?x3 is no shape  [bad-shape]\n"
            "   = help: give channels, then 0 to 3 spatial sizes, as 10, 64x128, 3x224x224 or "
            "3x?x?; channels must be known",
        ),
        (
            Input(3, 2, 2, 2, 2),
            "error: input: [3, 2, 2, 2, 2] is no shape  [bad-shape]\n"
            "   = help: give channels, then 0 to 3 spatial sizes, as 10, 64x128, 3x224x224 or "
            "3x?x?; channels must be known",
        ),
        (
            BareParameter((3, None)),
            "error: param: a learned tensor needs all its sizes, and 3x? leaves one open  "
            "[open-size]\n   = help: give a number for each axis; 1 repeats along it",
        ),
    ],
)
def test_message(op: Op, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        op.infer(())
    assert str(caught.value) == message
