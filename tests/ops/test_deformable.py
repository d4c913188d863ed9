"""Deformable convolution: what its streams must be, its work, and its numbers at rest."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from striate.errors import GraphError
from striate.ir import TensorType
from tests.ops.torch_side import kind, module_of, node_of, run

DEFORM = kind("deform")
X = TensorType.of(4, 9, 9)


def test_zero_offsets_are_a_convolution() -> None:
    node = node_of(DEFORM(8, 3, 2, g=2), X, TensorType.of(18, 5, 5))
    module = module_of(node)
    assert module is not None
    x = torch.randn(2, 4, 9, 9, dtype=torch.float64)
    state = module.state_dict()
    expected = functional.conv2d(x, state["weight"], state["bias"], 2, 1, groups=2)
    offsets = torch.zeros(2, 18, 5, 5, dtype=torch.float64)
    assert torch.allclose(run(node, [x, offsets], module)[0], expected, atol=1e-9)


def test_whole_offsets_shift_what_is_read() -> None:
    node = node_of(DEFORM(1, 1, p=0, b=0), TensorType.of(1, 5, 5), TensorType.of(2, 5, 5))
    module = module_of(node)
    assert module is not None
    x = torch.randn(1, 1, 5, 5, dtype=torch.float64)
    offsets = torch.zeros(1, 2, 5, 5, dtype=torch.float64)
    offsets[:, 0] = 1  # one down: the first number of a point is that of the height
    expected = functional.pad(x, (0, 0, 0, 1))[:, :, 1:] * module.state_dict()["weight"]
    assert torch.allclose(run(node, [x, offsets], module)[0], expected)


def test_macs_count_the_products_and_the_sampling() -> None:
    # 81 positions: 9*4*8 products; 9 points of 4 channels, 4 products each for a bilinear sample
    cost = node_of(DEFORM(8), X, TensorType.of(18, 9, 9)).cost
    assert cost.macs == 81 * 9 * 4 * 8 + 81 * 9 * 4 * 4
    assert cost.other == 0


def test_a_mask_costs_one_product_for_each_number_read() -> None:
    cost = node_of(DEFORM(8), X, TensorType.of(18, 9, 9), TensorType.of(9, 9, 9)).cost
    assert cost.other == 81 * 9 * 4


def test_groups_of_channels_may_move_apart() -> None:
    assert DEFORM(8).infer((X, TensorType.of(36, 9, 9))) == (TensorType.of(8, 9, 9),)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        (
            [(9, 9, 9)],
            "error: deform: the offsets are 9x9x9, expected 18x9x9  [wrong-offsets]\n"
            "   = help: 9 points of the filter times 2 axes, at every output position: make them "
            "by conv(18) with the kernel and stride of deform",
        ),
        (
            [(18, 5, 5)],
            "error: deform: the offsets are 18x5x5, expected 18x9x9  [wrong-offsets]\n"
            "   = help: 9 points of the filter times 2 axes, at every output position: make them "
            "by conv(18) with the kernel and stride of deform",
        ),
        (
            [(18, 9, 9), (18, 9, 9)],
            "error: deform: the mask is 18x9x9, expected 9x9x9  [wrong-mask]\n"
            "   = help: one number for each point of the filter at every output position",
        ),
    ],
)
def test_message(others: list[tuple[int, ...]], message: str) -> None:
    with pytest.raises(GraphError) as caught:
        DEFORM(8).infer((X, *(TensorType.of(*one) for one in others)))
    assert str(caught.value) == message
