"""Tests of head and body, freezing, and rates by depth."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from striate.networks import network
from striate.train.optimize.finetune import depths, keeps_statistics, lr_scales, parts
from striate.train.optimize.optimizers import make_optimizer
from striate.train.saving.checkpoint import digest
from striate.train.settings import Settings

NET = (
    "input(3, 8, 8) -> stem: conv(8) -> bn1: bn -> relu -> dropout(0.5)"
    " -> ((one: conv(8) -> norm: bn -> relu -> two: conv(8)) + id)"
    " -> gap -> drop: dropout(0.2) -> head: fc(2)"
)


def trained(module: nn.Module, *, steps: int = 3, images: int = 8) -> None:
    settings = Settings(epochs=1, size=8, batch=8, lr=0.1)
    optimizer = make_optimizer(module, settings)
    torch.manual_seed(0)
    for _ in range(steps):
        optimizer.zero_grad()
        module(torch.randn(images, 3, 8, 8) * 2 + 1).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("efficientnet_lite0", {"classifier.weight", "classifier.bias"}),
        ("resnet18", {"fc.weight", "fc.bias"}),
        ("squeezenet1_0", {"classifier.1.weight", "classifier.1.bias"}),
        ("densenet121", {"classifier.weight", "classifier.bias"}),
    ],
)
def test_the_head_is_the_last_layer_with_weights(name: str, head: set[str]) -> None:
    found = network(name)
    split = parts(found.graph)
    assert split.head == head
    every = {key for key, _ in found.module(device="meta").named_parameters()}
    assert split.body == every - head


def test_what_came_without_weights_learns_with_the_head() -> None:
    split = parts(network(NET).graph, fresh=("two.weight", "two.bias"))
    assert split.head == {"two.weight", "two.bias", "head.weight", "head.bias"}


def test_two_last_layers_are_both_the_head() -> None:
    split = parts(network("input(3, 8, 8) -> conv(4) -> gap -> (a: fc(2) + b: fc(2))").graph)
    assert split.head == {"a.weight", "a.bias", "b.weight", "b.bias"}


def test_a_frozen_body_stays_to_the_last_bit_with_its_statistics() -> None:
    net = network(NET)
    torch.manual_seed(0)
    module, split = net.module(), parts(net.graph)
    state = module.state_dict()
    body = {key: value.clone() for key, value in state.items() if not key.startswith("head")}
    before = digest(body), state["head.weight"].clone()
    split.freeze(module)
    split.train(module)
    trained(module)
    after = {key: value for key, value in module.state_dict().items() if key in body}
    assert digest(after) == before[0]
    assert not torch.equal(module.state_dict()["head.weight"], before[1])


def test_a_thawed_body_learns_and_counts_again() -> None:
    net = network(NET)
    torch.manual_seed(0)
    module, split = net.module(), parts(net.graph)
    split.freeze(module)
    split.train(module)
    split.thaw(module)
    split.train(module)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    trained(module)
    for key, value in module.state_dict().items():
        assert not torch.equal(value, before[key]), key


def test_a_frozen_body_gives_what_it_gives_in_evaluation() -> None:
    net = network(NET)
    module, split = net.module(), parts(net.graph)
    split.freeze(module)
    split.train(module)
    modes = {path: part.training for path, part in module.named_modules()}
    assert not any(modes[path] for path in ("stem", "bn1", "one", "norm", "two"))
    # Dropout in front of the head is the head's.
    assert modes["drop"]
    assert modes["head"]


def test_depth_counts_layers_with_weights_on_the_longest_way() -> None:
    found = depths(network(NET).graph)
    # stem 1, one 2, two 3, head 4; a norm lies as deep as what it follows.
    assert found["stem.weight"] == found["bn1.weight"] == 0
    assert found["one.weight"] == found["norm.bias"] == pytest.approx(1 / 3)
    assert found["two.bias"] == pytest.approx(2 / 3)
    assert found["head.weight"] == 1


def test_rates_fall_by_equal_ratios_towards_the_first_layer() -> None:
    scales = lr_scales(network(NET).graph, 0.001)
    keys = ("stem.weight", "one.weight", "two.weight", "head.weight")
    assert [scales[key] for key in keys] == pytest.approx([0.001, 0.01, 0.1, 1.0])


def test_every_parameter_of_a_network_has_a_rate() -> None:
    net = network("mobilenet_v3_small")
    scales = lr_scales(net.graph, 0.1)
    every = {key for key, _ in net.module(device="meta").named_parameters()}
    assert scales.keys() == every
    assert all(0.1 <= scale <= 1 for scale in scales.values())


def test_biases_of_norms_and_no_others_have_a_rate_of_their_own() -> None:
    plain, scales = (lr_scales(network(NET).graph, 0.001, bias_rate=rate) for rate in (1, 64))
    changed = {key for key in plain if scales[key] != plain[key]}
    assert changed == {"bn1.bias", "norm.bias"}
    assert all(scales[key] == 64 * plain[key] for key in changed)


def test_a_norm_that_is_used_twice_has_its_rate_once() -> None:
    net = network("input(3, 8, 8) -> m -> relu -> m -> gap -> fc(2) where m: bn")
    scales = lr_scales(net.graph, 1.0, bias_rate=64)
    assert sorted(scales.values()).count(64) == 1
    assert max(scales.values()) == 64


def test_a_decay_of_one_gives_all_layers_the_same_rate() -> None:
    assert set(lr_scales(network(NET).graph, 1.0).values()) == {1.0}


def test_a_network_that_is_all_head_has_nothing_to_freeze() -> None:
    net = network("input(3, 8, 8) -> gap -> fc(2)")
    module, split = net.module(), parts(net.graph)
    assert not split.body
    split.freeze(module)
    split.train(module)
    assert all(part.training for part in module.modules())
    assert all(parameter.requires_grad for parameter in module.parameters())


def test_statistics_that_are_kept_stay_while_all_weights_learn() -> None:
    net = network(NET)
    torch.manual_seed(0)
    module, split = net.module(), parts(net.graph, keeps_statistics=True)
    split.train(module)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    trained(module)
    for key, value in module.state_dict().items():
        is_statistic = "running" in key or "num_batches" in key
        assert torch.equal(value, before[key]) is is_statistic, key


def test_layers_with_hardly_any_rate_never_learn() -> None:
    net = network(NET)
    # Rates of stem, one, two, head: 0.001, 0.01, 0.1, 1.
    module, split = net.module(), parts(net.graph, depth_decay=0.001)
    assert {key.split(".")[0] for key in split.still} == {"stem", "bn1", "one", "norm"}
    split.freeze(module)
    split.thaw(module)
    split.train(module)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    trained(module)
    for key, value in module.state_dict().items():
        is_still = key.split(".")[0] in {"stem", "bn1", "one", "norm"}
        assert torch.equal(value, before[key]) is is_still, key


def test_what_never_learns_is_shown_without_dropout() -> None:
    net = network(NET)
    module, split = net.module(), parts(net.graph, depth_decay=0.001)
    split.train(module)
    modes = {path: part.training for path, part in module.named_modules()}
    assert not any(modes[path] for path in ("stem", "bn1", "3", "one", "norm"))
    assert modes["two"]
    assert modes["drop"]


def test_with_one_rate_everything_learns() -> None:
    for depth_decay in (1.0, 0.1):
        assert not parts(network("efficientnet_lite0").graph, depth_decay=depth_decay).still


def test_what_came_without_weights_learns_wherever_it_lies() -> None:
    split = parts(network(NET).graph, fresh=("stem.weight",), depth_decay=0.001)
    assert "stem.weight" in split.head
    assert "stem.weight" not in split.still


@pytest.mark.parametrize(
    ("pretrained", "batch", "expected"),
    [(True, 16, True), (True, 64, False), (False, 16, False), ("weights.pt", 32, True)],
)
def test_statistics_of_weights_are_kept_where_steps_are_small(
    pretrained: str | bool, batch: int, expected: bool
) -> None:
    settings = Settings(epochs=1, size=8, batch=batch, lr=0.1, pretrained=pretrained)
    assert keeps_statistics(settings) is expected
