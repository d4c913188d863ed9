"""Filters that norms follow have no size of their own."""

from __future__ import annotations

import pytest
import torch

from striate.networks import network
from striate.train.optimize.muon import Muon
from striate.train.optimize.scale_free import scale_free

HEAD = " -> gap -> fc(2)"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("conv(4) -> bn -> relu", {"0.weight"}),
        ("conv(4) -> maxpool -> bn -> relu", {"0.weight"}),
        ("conv(4) -> relu -> bn", set()),
        ("conv(4)", set()),
        ("conv(4) -> (id + bn)", set()),
    ],
)
def test_only_what_a_norm_alone_reads_is_free(text: str, found: set[str]) -> None:
    net = network(f"input(3, 8, 8) -> {text}{HEAD}")
    free = scale_free(net.graph)
    assert len(free) == len(found)
    assert free <= set(net.module().state_dict())


def test_a_factor_on_free_filters_changes_nothing() -> None:
    net = network(f"input(3, 8, 8) -> conv(4, b=0) -> maxpool -> bn -> relu{HEAD}")
    module = net.module().double().train()
    images = torch.randn(
        6, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    before = module(images)
    (name,) = scale_free(net.graph)
    with torch.no_grad():
        module.get_parameter(name).mul_(50)
    # The norm's epsilon of 1e-5 is the one thing that the factor does not pass.
    torch.testing.assert_close(module(images), before, rtol=1e-3, atol=1e-3)


def test_free_filters_begin_every_step_with_a_norm_of_the_root_of_their_number() -> None:
    weight = torch.nn.Parameter(torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(0)))
    groups = [{"params": [weight], "is_orthogonal": True, "is_scale_free": True}]
    optimizer = Muon(groups, lr=0.5, momentum=0.0)
    for step in range(4):
        weight.grad = torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(step + 1))
        before = weight.detach().clone()
        optimizer.step()
        # What the step added to a weight of norm sqrt(4); of length lr times about that.
        added = weight.detach() - before * (2 / before.norm())
        assert 0.5 * 2 * 0.6 < added.norm().item() < 0.5 * 2 * 1.3
