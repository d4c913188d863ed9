"""Tests of the running average of weights, against the sum written out in double precision."""

from __future__ import annotations

import torch
from torch import nn

from striate.train.optimize.ema import Ema, kept_share


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))


def moved(module: nn.Module, step: int) -> None:
    chance = torch.Generator().manual_seed(step)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=chance), alpha=0.1)
    module.train()
    module(torch.randn(4, 3, 4, 4, generator=chance))


def test_the_average_is_the_one_written_out() -> None:
    module = small()
    average = Ema(module, decay=0.6)
    expected = {key: value.double() for key, value in module.state_dict().items()}
    for step in range(1, 9):
        moved(module, step)
        average.update(module, step)
        share = min(0.6, (1 + step) / (10 + step))
        for key, value in module.state_dict().items():
            expected[key] = share * expected[key] + (1 - share) * value.double()
    for key, value in average.module().state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value.double(), expected[key], rtol=1e-5, atol=1e-6)


def test_counters_are_those_of_the_module() -> None:
    module = small()
    average = Ema(module, decay=0.9)
    for step in (1, 2, 3):
        moved(module, step)
        average.update(module, step)
    assert int(average.state()["1.num_batches_tracked"]) == 3


def test_weights_that_stay_are_averaged_to_themselves_bit_for_bit() -> None:
    module = small()
    average = Ema(module, decay=0.999)
    for step in range(1, 50):
        average.update(module, step)
    for one, two in zip(module.state_dict().values(), average.state().values(), strict=True):
        assert torch.equal(one, two)


def test_the_average_is_not_trained_and_is_its_own() -> None:
    module = small()
    average = Ema(module, decay=0.9)
    before = {key: value.clone() for key, value in average.state().items()}
    moved(module, 1)
    assert all(torch.equal(before[key], value) for key, value in average.state().items())
    assert not any(parameter.requires_grad for parameter in average.module().parameters())
    assert all(parameter.requires_grad for parameter in module.parameters())


def test_an_average_goes_on_from_a_saved_state_bit_for_bit() -> None:
    module = small()
    whole = Ema(module, decay=0.9)
    moved(module, 1)
    whole.update(module, 1)
    again = Ema(small(), decay=0.9)
    again.load({key: value.clone() for key, value in whole.state().items()})
    moved(module, 2)
    whole.update(module, 2)
    again.update(module, 2)
    for one, two in zip(whole.state().values(), again.state().values(), strict=True):
        assert torch.equal(one, two)


def test_the_layout_of_the_module_is_kept() -> None:
    module = small().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = Ema(module, decay=0.9)
    moved(module, 1)
    average.update(module, 1)
    weight = average.state()["0.weight"]
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_no_average_is_older_than_the_decay_says() -> None:
    assert kept_share(10**9, 0.99) == 0.99
    assert kept_share(1, 0.0) == 0.0
