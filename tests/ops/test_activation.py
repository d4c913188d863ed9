"""Point-wise functions: numbers of the formulas, by the math module."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from striate.errors import GraphError
from striate.ir import Op, TensorType
from tests.ops.torch_side import NAMES, kind, module_of, node_of, run

POINTS = [-30.0, -4.0, -3.0, -1.0, -0.4, -0.05, 0.0, 0.05, 0.3, 1.0, 2.5, 3.0, 6.5, 25.0]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def normal(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2


def elu(x: float, a: float = 1.0) -> float:
    return x if x > 0 else a * math.expm1(x)


FORMULAS: list[tuple[Op, Callable[[float], float]]] = [
    (kind("relu")(), lambda x: max(x, 0)),
    (kind("relu6")(), lambda x: min(max(x, 0), 6)),
    (kind("lrelu")(), lambda x: x if x >= 0 else 0.01 * x),
    (kind("lrelu")(0.1), lambda x: x if x >= 0 else 0.1 * x),
    (kind("prelu")(), lambda x: x if x >= 0 else 0.25 * x),
    (kind("elu")(), elu),
    (kind("elu")(0.5), lambda x: elu(x, 0.5)),
    (kind("celu")(2), lambda x: max(x, 0) + min(2 * math.expm1(x / 2), 0)),
    (kind("selu")(), lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772)),
    (kind("gelu")(), lambda x: x * normal(x)),
    (
        kind("gelu")("tanh"),
        lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
    (kind("silu")(), lambda x: x * sigmoid(x)),
    (kind("mish")(), lambda x: x * math.tanh(math.log1p(math.exp(x)))),
    (kind("hswish")(), lambda x: x * min(max(x + 3, 0), 6) / 6),
    (kind("hsigmoid")(), lambda x: min(max(x + 3, 0), 6) / 6),
    (kind("sigmoid")(), sigmoid),
    (kind("logsigmoid")(), lambda x: math.log(sigmoid(x))),
    (kind("tanh")(), math.tanh),
    (kind("hardtanh")(), lambda x: min(max(x, -1), 1)),
    (kind("hardtanh")(0, 0.2), lambda x: min(max(x, 0), 0.2)),
    (kind("softplus")(), lambda x: math.log1p(math.exp(x))),
    (kind("softplus")(2), lambda x: math.log1p(math.exp(2 * x)) / 2),
    (kind("softsign")(), lambda x: x / (1 + abs(x))),
    (kind("tanhshrink")(), lambda x: x - math.tanh(x)),
    (kind("softshrink")(0.1), lambda x: math.copysign(max(abs(x) - 0.1, 0), x)),
    (kind("hardshrink")(), lambda x: x if abs(x) > 0.5 else 0),
    (kind("threshold")(0.1, -7), lambda x: x if x > 0.1 else -7),
    (kind("affine")(-1, 1), lambda x: 1 - x),
]


@pytest.mark.parametrize(("op", "formula"), FORMULAS, ids=[str(op) for op, _ in FORMULAS])
def test_numbers_are_those_of_the_formula(op: Op, formula: Callable[[float], float]) -> None:
    node = node_of(op, TensorType.of(len(POINTS)))
    (got,) = run(node, [torch.tensor([POINTS]).double()])
    expected = torch.tensor([[float(formula(x)) for x in torch.tensor(POINTS).double().tolist()]])
    assert torch.allclose(got, expected.double(), rtol=1e-7, atol=1e-9)


def test_every_activation_is_checked_here() -> None:
    checked = {op.name for op, _ in FORMULAS}
    in_gating = {"softmax", "logsoftmax", "glu", "maxpieces", "squash"}  # squash: test_capsules
    assert {name for name in NAMES if kind(name).glyph == "act"} - in_gating <= checked


def test_prelu_learns_a_slope_for_each_channel_where_asked() -> None:
    node = node_of(kind("prelu")(3, 0.5), TensorType.of(3, 2))
    assert node.params == 3
    module = module_of(node)
    assert module is not None
    with torch.no_grad():
        module.weight.copy_(torch.tensor([0.0, 1.0, 2.0]))  # type: ignore[operator]
    (got,) = run(node, [-torch.ones(1, 3, 2).double()], module)
    assert got[0, :, 0].tolist() == [0, -1, -2]


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (
            kind("prelu")(4),
            "error: prelu: 4 slopes do not fit 3 channels  [wrong-slope-count]\n"
            "   = help: write prelu for one slope, prelu(_) for one per channel",
        ),
        (
            kind("hardtanh")(2, 1),
            "error: hardtanh: nothing lies between low=2 and high=1  [empty-range]\n"
            "   = help: give the smaller limit first",
        ),
    ],
)
def test_message(op: Op, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        op.infer((TensorType.of(3, 8, 8),))
    assert str(caught.value) == message
