"""Layers that act only while training: which share they drop, and in which pieces."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from striate.errors import GraphError
from striate.ir import Op, TensorType
from tests.ops.torch_side import kind, module_of, node_of


def dropped(op: Op, *sizes: int, batch: int = 8) -> Tensor:
    """Where the layer put zeros while training on ones; kept numbers must be scaled up."""
    module = module_of(node_of(op, TensorType.of(*sizes)))
    assert module is not None
    y: Tensor = module.train()(torch.ones(batch, *sizes, dtype=torch.float64))
    assert len(set(y[y != 0].tolist())) == 1
    return y == 0


def test_dropout_drops_single_numbers() -> None:
    zeros = dropped(kind("dropout")(0.25), 16, 16, 16)
    assert zeros.double().mean() == pytest.approx(0.25, abs=0.02)
    assert 0 < zeros[0, 0].sum() < 256


def test_spatial_dropout_drops_whole_channels() -> None:
    for plane in ((16,), (4, 4), (2, 2, 4)):
        zeros = dropped(kind("spatialdropout")(0.25), 400, *plane).flatten(2)
        assert torch.equal(zeros.all(2), zeros.any(2))
        assert zeros.double().mean() == pytest.approx(0.25, abs=0.05)


def test_droppath_drops_whole_images() -> None:
    zeros = dropped(kind("droppath")(0.25), 3, 4, 4, batch=400).flatten(1)
    assert torch.equal(zeros.all(1), zeros.any(1))
    assert zeros.double().mean() == pytest.approx(0.25, abs=0.06)


def test_droppath_may_decide_for_the_whole_batch() -> None:
    module = module_of(node_of(kind("droppath")(0.5, "batch"), TensorType.of(3)))
    assert module is not None
    x = torch.ones(8, 3, dtype=torch.float64)
    decisions = {tuple(module.train()(x).unique().tolist()) for _ in range(30)}
    assert decisions == {(0.0,), (2.0,)}


def test_dropblock_drops_blocks() -> None:
    zeros = dropped(kind("dropblock")(0.1, 3), 8, 20, 20).double()
    assert zeros.mean() == pytest.approx(0.1, abs=0.03)
    whole_blocks = -torch.nn.functional.max_pool2d(-zeros, 3, 1)  # 1 where all 9 are dropped
    rebuilt = torch.nn.functional.max_pool2d(torch.nn.functional.pad(whole_blocks, (2,) * 4), 3, 1)
    assert torch.equal(rebuilt, zeros)


def test_none_of_them_costs_anything_when_tested() -> None:
    for name in ("dropout", "spatialdropout", "droppath", "dropblock"):
        node = node_of(kind(name)(), TensorType.of(3, 14, 14))
        assert (node.cost.macs, node.cost.other, node.params) == (0, 0, 0)
        assert node.op.acts_only_in_training


def test_a_share_lies_between_nothing_and_all() -> None:
    with pytest.raises(GraphError) as caught:
        kind("dropout")(1.5)
    assert str(caught.value) == (
        "error: dropout: the probability must lie between 0 and 1, not 1.5  [out-of-range]"
    )
