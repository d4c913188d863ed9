"""Every layer's own examples, in torch: shapes, weights and work are what the layer says."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.ops.torch_side import NAMES, examples, images, is_known, kind, module_of, run

COUNTED_BY_TORCH = {"conv", "dw", "wsconv", "tconv", "linear", "fc"}
COUNTED_BY_HAND = {"deform", "routing"}


@pytest.mark.parametrize("name", NAMES)
def test_output_has_the_inferred_shape(name: str) -> None:
    for text, node in examples(name):
        if not is_known(node) or name == "input":
            continue
        outputs = run(node, images(node))
        got = [tuple(one.shape[1:]) for one in outputs]
        assert got == [one.sizes for one in node.outputs], text


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_those_of_the_module(name: str) -> None:
    for text, node in examples(name):
        module = module_of(node)
        if name == "param":  # no module: its key is the path of the node
            assert [(one.name, one.shape) for one in node.weights] == [("", node.outputs[0].sizes)]
            continue
        found = module.state_dict() if module else {}
        said = {one.name: one.shape for one in node.weights}
        assert said == {key: tuple(tensor.shape) for key, tensor in found.items()}, text
        assert list(said) == list(found), text
        trained = dict(module.named_parameters()) if module else {}
        assert {one.name for one in node.weights if one.trained} == set(trained), text


@pytest.mark.parametrize("name", NAMES)
def test_params_are_those_of_the_module(name: str) -> None:
    for text, node in examples(name):
        module = module_of(node)
        if module and name != "param":
            assert node.params == sum(one.numel() for one in module.parameters()), text


@pytest.mark.parametrize("name", NAMES)
def test_constant_weights_start_at_the_value_they_state(name: str) -> None:
    for text, node in examples(name):
        module = module_of(node)
        if module is None or name == "param":
            continue
        found = module.state_dict()
        for weight in node.weights:
            if weight.role in ("constant", "statistic", "scale", "shift"):
                said = torch.full_like(found[weight.name], weight.value)
                assert torch.allclose(found[weight.name], said), (text, weight)


@pytest.mark.parametrize("name", sorted(COUNTED_BY_TORCH))
def test_macs_are_half_of_the_flops_torch_counts(name: str) -> None:
    for text, node in examples(name):
        if not is_known(node):
            continue
        with FlopCounterMode(display=False) as counter:
            run(node, images(node, batch=1))
        assert 2 * node.cost.macs == counter.get_total_flops(), text


@pytest.mark.parametrize("name", [one for one in NAMES if one not in COUNTED_BY_TORCH])
def test_other_layers_have_no_macs(name: str) -> None:
    if name not in COUNTED_BY_HAND:
        assert all(node.cost.macs == 0 for _, node in examples(name))


@pytest.mark.parametrize("name", NAMES)
def test_cost_is_known_exactly_where_sizes_are(name: str) -> None:
    for text, node in examples(name):
        assert node.cost.known or not is_known(node), text


@pytest.mark.parametrize("name", NAMES)
def test_training_layers_do_nothing_in_eval_mode(name: str) -> None:
    if not kind(name).acts_only_in_training:
        return
    for text, node in examples(name):
        inputs = images(node)
        assert torch.equal(run(node, inputs)[0], inputs[0]), text


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite(name: str) -> None:
    for text, node in examples(name):
        if not is_known(node) or name in ("input", "param"):
            continue
        inputs = [one.requires_grad_() for one in images(node)]
        sum(one.sum() for one in run(node, inputs)).backward()  # type: ignore[union-attr]
        assert all(one.grad is None or one.grad.isfinite().all() for one in inputs), text
