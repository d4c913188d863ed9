"""Fully connected layers."""

from __future__ import annotations

import pytest
import torch

from striate.errors import GraphError
from striate.ir import TensorType, TorchFunction, TorchLayer
from tests.ops.torch_side import images, kind, module_of, node_of, run

FC, LINEAR = kind("fc"), kind("linear")


def test_fc_counts_every_number_of_a_plane_as_a_feature() -> None:
    node = node_of(FC(4096), TensorType.of(512, 7, 7))  # VGG-16's first
    assert node.outputs == (TensorType.of(4096),)
    assert node.params == 25088 * 4096 + 4096
    assert node.cost.macs == 25088 * 4096


def test_fc_flattens_channel_after_channel() -> None:
    node = node_of(FC(3), TensorType.of(2, 4, 5))
    module = module_of(node)
    assert module is not None
    (x,) = images(node)
    state = module.state_dict()
    expected = torch.stack([one.reshape(-1) for one in x]) @ state["weight"].T + state["bias"]
    assert torch.allclose(run(node, [x], module)[0], expected)


def test_only_a_plane_is_flattened_first() -> None:
    flat = node_of(FC(3, b=0), TensorType.of(8)).torch
    assert flat == TorchLayer("torch.nn.Linear", (8, 3), {"bias": False})
    plane = node_of(FC(3), TensorType.of(8, 2, 2)).torch
    flatten = TorchFunction("torch.flatten", {"start_dim": 1})
    assert plane == TorchLayer("torch.nn.Linear", (32, 3), {}, flatten)


def test_fc_cannot_count_an_unknown_plane() -> None:
    with pytest.raises(GraphError) as caught:
        FC(10).infer((TensorType.of(64, None, None),))
    assert str(caught.value) == (
        "error: fc: the plane here is of unknown size (64x?x?), and so is the number of features"
        "  [needs-size]\n"
        "   = help: give the input its sizes, or bring the plane to a known size: gap -> fc"
    )


def test_linear_is_a_convolution_of_one_pixel() -> None:
    node = node_of(LINEAR(5), TensorType.of(3, 4, 6))
    assert node.params == 3 * 5 + 5
    assert node.cost.macs == 24 * 3 * 5
    module = module_of(node)
    assert module is not None
    state = module.state_dict()
    (x,) = images(node)
    expected = torch.nn.functional.conv2d(x, state["weight"][..., None, None], state["bias"])
    assert torch.allclose(run(node, [x], module)[0], expected)


def test_linear_takes_an_unknown_plane() -> None:
    node = node_of(LINEAR(5), TensorType.of(3, None))
    assert node.outputs == (TensorType.of(5, None),)
    assert not node.cost.known
