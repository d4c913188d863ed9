"""Transposed convolution: sizes by the formula, numbers as the adjoint of the convolution."""

from __future__ import annotations

import pytest
import torch

from striate.errors import GraphError
from striate.ir import Op, Setting, TensorType
from tests.ops import loops
from tests.ops.torch_side import images, kind, module_of, node_of, run


def tconv(*arguments: Setting, **keywords: Setting) -> Op:
    return kind("tconv")(*arguments, **keywords)


@pytest.mark.parametrize(
    ("op", "size", "expected"),
    [
        (tconv(8), 12, 24),
        (tconv(8, 4, 2, 1), 7, 14),  # DCGAN: (7-1)*2 - 2 + 4
        (tconv(8, 3, 2, 1), 7, 13),
        (tconv(8, 3, 2, 1, op=1), 7, 14),
        (tconv(8, 3, 1, 0, d=2), 7, 11),  # 6 + 2*(3-1) + 1
        (tconv(8, 1, 3), 7, 19),
    ],
)
def test_size_of_the_plane(op: Op, size: int, expected: int) -> None:
    assert op.infer((TensorType.of(3, size, size),))[0].plane == (expected, expected)


def test_formula_is_worked_out() -> None:
    assert tconv(32).explain((TensorType.of(64, 12, 12),)) == "(12-1)*2-2*0+2+0 = 24"


def test_formula_of_a_stretched_kernel() -> None:
    text = tconv(4, 3, 1, d=2).explain((TensorType.of(8, 7),))
    assert text == "(7-1)*1-2*0+2*(3-1)+1+0 = 11"


def test_params_and_weights() -> None:
    node = node_of(tconv(6, 3, g=2), TensorType.of(4, 5, 5))
    assert [one.shape for one in node.weights] == [(4, 3, 3, 3), (6,)]
    assert node.params == 4 * 3 * 9 + 6


def test_macs_count_every_input_pixel_once() -> None:
    assert node_of(tconv(8, 2, 2), TensorType.of(16, 10, 10)).cost.macs == 100 * 16 * 8 * 4


def test_numbers_are_those_of_the_adjoint() -> None:
    # <conv(y), x> = <y, tconv(x)> with the same filter, whatever x and y are.
    node = node_of(tconv(3, (3, 2), (2, 1), (1, 0), d=(1, 2), b=0), TensorType.of(4, 4, 5))
    assert node.outputs[0].sizes == (3, 7, 7)  # (4-1)*2 - 2 + 3, (5-1)*1 + 2*(2-1) + 1
    module = module_of(node)
    assert module is not None
    (x,) = images(node, batch=1)
    (painted,) = run(node, [x], module)
    y = torch.randn(3, 7, 7, dtype=torch.float64)
    weight = module.state_dict()["weight"]
    back = loops.conv(y, weight, loops.Steps((2, 1), (1, 0), (1, 2)), (4, 5))
    assert torch.allclose((back * x[0]).sum(), (y * painted[0]).sum())


@pytest.mark.parametrize(
    ("op", "given", "message"),
    [
        (
            tconv(8, 3, 2, op=2), (3, 8, 8),
            "error: tconv: op=2 is not below the stride (2) or the dilation (1)  "
            "[output-padding-too-large]\n"
            "   = help: a whole step more comes from a larger input, not from op",
        ),
        (
            tconv(8, 2, 2, 3), (3, 2, 2),
            "error: tconv: the padding cuts everything off: (2-1)*2-2*3+2+0 = -2  "
            "[padding-cuts-all]\n"
            "   = help: the input here is 3x2x2; use less padding or a larger kernel",
        ),
        (
            tconv(8, g=4), (6, 2, 2),
            "error: tconv: 6 input channels do not divide into g=4 groups  [groups-do-not-divide]"
            "\n   = help: divisors of 6: [1, 2, 3, 6]",
        ),
    ],
)  # fmt: skip
def test_message(op: Op, given: tuple[int, ...], message: str) -> None:
    with pytest.raises(GraphError) as caught:
        op.infer((TensorType.of(*given),))
    assert str(caught.value) == message
