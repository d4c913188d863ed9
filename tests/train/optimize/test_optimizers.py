"""Tests of the optimizers, against torch's own and steps worked out slowly."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from typing import get_args

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from striate.options import Optimizer as Name
from striate.train.optimize.muon import is_filter, orthogonal
from striate.train.optimize.optimizers import make_optimizer, set_lr
from striate.train.settings import Settings

NAMES = get_args(Name)


def settings(name: Name, **changes: float) -> Settings:
    plain = Settings(epochs=1, size=8, batch=8, lr=0.1, optimizer=name)
    return replace(plain, **changes)  # type: ignore[arg-type]


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, bias=False),
        nn.BatchNorm2d(6),
        nn.Conv2d(6, 6, 3, groups=6),
        nn.Flatten(),
        nn.Linear(6 * 16, 2),
    )


def weight(module: nn.Module, key: str) -> nn.Parameter:
    return module.get_parameter(f"{key}.weight")


def trained(module: nn.Module, optimizer: torch.optim.Optimizer, *, steps: int = 3) -> None:
    chance = torch.Generator().manual_seed(1)
    for _ in range(steps):
        images = torch.randn(4, 3, 8, 8, generator=chance)
        optimizer.zero_grad()
        module(images).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize("name", NAMES)
def test_norms_and_biases_do_not_decay(name: Name) -> None:
    module = small()
    for parameter in module.parameters():
        nn.init.ones_(parameter)
    optimizer = make_optimizer(module, settings(name, weight_decay=0.5, momentum=0.0))
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for key, parameter in module.named_parameters():
        # With a gradient of zero only the decay moves a weight.
        is_weight = key in {"0.weight", "2.weight", "4.weight"}
        assert bool((parameter < 1).all()) is is_weight, key


def test_sgd_is_nesterovs_momentum_worked_out_slowly() -> None:
    layer = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0]]))
    optimizer = make_optimizer(layer, settings("sgd", momentum=0.9, weight_decay=0.01))
    values, velocity = [1.0, -2.0], [0.0, 0.0]
    for gradient in ([0.5, 1.0], [-0.25, 2.0]):
        layer.weight.grad = torch.tensor([gradient])
        optimizer.step()
        pulled = [g + 0.01 * w for g, w in zip(gradient, values, strict=True)]
        velocity = [0.9 * v + g for v, g in zip(velocity, pulled, strict=True)]
        moves = [g + 0.9 * v for g, v in zip(pulled, velocity, strict=True)]
        values = [w - 0.1 * move for w, move in zip(values, moves, strict=True)]
    assert layer.weight[0].tolist() == pytest.approx(values, rel=1e-6)


def test_all_that_is_not_a_filter_moves_under_muon_as_under_sgd() -> None:
    ours, theirs = small(), small()
    for module in (ours, theirs):
        weight(module, "0").requires_grad_(False)
    optimizer = make_optimizer(ours, settings("muon", momentum=0.9, weight_decay=0.0))
    other = SGD([p for p in theirs.parameters() if p.requires_grad], 0.1, 0.9, nesterov=True)
    trained(ours, optimizer)
    trained(theirs, other)
    for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_a_filter_moves_under_muon_by_an_orthogonal_matrix() -> None:
    module = nn.Conv2d(8, 4, 3, bias=False)
    before = module.weight.detach().clone()
    module.weight.grad = torch.randn(4, 8, 3, 3, generator=torch.Generator().manual_seed(2))
    make_optimizer(module, settings("muon", weight_decay=0.0)).step()
    moved = ((before - module.weight) / 0.1).detach().reshape(4, 72)
    values = torch.linalg.svdvals(moved)
    assert bool((values > 0.6).all() and (values < 1.3).all())
    # The directions are those of the gradient.
    left, _, right = torch.linalg.svd(module.weight.grad.reshape(4, 72), full_matrices=False)
    cosine = (moved * (left @ right)).sum() / (moved.norm() * 2)
    assert cosine.item() > 0.98


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("rows", "columns"), [(4, 72), (72, 4), (16, 32)])
def test_a_step_of_muon_has_the_size_of_the_root_of_its_rows(
    rows: int, columns: int, dtype: torch.dtype
) -> None:
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(3)) * 1e-3
    found = orthogonal(matrix, dtype)
    assert found.dtype == torch.float32
    assert found.norm().item() == pytest.approx(math.sqrt(rows), rel=0.3)


def test_a_gradient_of_zero_moves_no_filter() -> None:
    assert not orthogonal(torch.zeros(4, 9)).any()


def test_depthwise_filters_and_matrices_are_no_filters_that_mix_channels() -> None:
    assert is_filter(torch.zeros(8, 4, 3, 3))
    assert not is_filter(torch.zeros(8, 1, 3, 3))
    assert not is_filter(torch.zeros(8, 4))


@pytest.mark.parametrize("name", NAMES)
def test_each_optimizer_lowers_a_loss(name: Name) -> None:
    module = small()
    torch.manual_seed(1)
    images = torch.randn(8, 3, 8, 8)
    optimizer = make_optimizer(module, settings(name))
    set_lr(optimizer, 0.005)

    def loss() -> Tensor:
        value: Tensor = module(images).square().mean()
        return value

    before = loss().item()
    for _ in range(20):
        optimizer.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert loss().item() < 0.9 * before


def test_a_parameter_moves_at_its_share_of_the_rate() -> None:
    whole, half = small(), small()
    one = make_optimizer(whole, settings("sgd", weight_decay=0.0))
    two = make_optimizer(half, settings("sgd", weight_decay=0.0), {"0.weight": 0.5})
    start = weight(whole, "0").detach().clone()
    trained(whole, one, steps=1)
    trained(half, two, steps=1)
    torch.testing.assert_close(weight(half, "0") - start, (weight(whole, "0") - start) / 2)
    torch.testing.assert_close(weight(half, "4"), weight(whole, "4"))
    set_lr(two, 1.0)
    assert sorted({group["lr"] for group in two.param_groups}) == [0.5, 1.0]


def test_what_is_frozen_is_left_out() -> None:
    module = small()
    weight(module, "0").requires_grad_(False)
    optimizer = make_optimizer(module, settings("adamw"))
    held = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    assert all(parameter is not weight(module, "0") for parameter in held)
    assert len(held) == len(list(module.parameters())) - 1


@pytest.mark.parametrize("name", NAMES)
def test_a_training_goes_on_from_a_saved_state_bit_for_bit(name: Name) -> None:
    torch.manual_seed(0)
    module = small()
    optimizer = make_optimizer(module, settings(name, momentum=0.8))
    trained(module, optimizer)
    copy = small()
    copy.load_state_dict(module.state_dict())
    again = make_optimizer(copy, settings(name, momentum=0.8))
    again.load_state_dict(deepcopy(optimizer.state_dict()))
    trained(module, optimizer)
    trained(copy, again)
    for one, two in zip(module.state_dict().values(), copy.state_dict().values(), strict=True):
        assert torch.equal(one, two)
    # What must be saved is plain: tensors and numbers.
    for state in optimizer.state_dict()["state"].values():
        assert all(isinstance(value, Tensor | float | int) for value in state.values())


@pytest.mark.parametrize("name", ["sgd", "adamw", "muon"])
def test_the_memory_layout_is_no_matter(name: Name) -> None:
    first, last = small(), small()
    last.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for module in (first, last):
        trained(module, make_optimizer(module, settings(name)), steps=2)
    for one, two in zip(first.parameters(), last.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_thawed_later_learns_from_then_on(name: Name) -> None:
    module = small()
    optimizer = make_optimizer(module, settings(name))
    frozen = weight(module, "0")
    before = frozen.detach().clone()
    frozen.requires_grad_(False)
    trained(module, optimizer)
    assert torch.equal(frozen, before)
    frozen.requires_grad_(True)
    trained(module, optimizer)
    assert not torch.equal(frozen, before)
