"""The ways to compute a step agree, and measuring them changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from striate.train.choose import PLAIN, WAYS, Way, arrange, fastest_way, forward_loss


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(8 * 36, 2))


def batch() -> tuple[Tensor, Tensor]:
    images = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    return images.contiguous(memory_format=torch.channels_last), torch.arange(16) % 2


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_loss_of_the_plain_one(way: Way) -> None:
    images, labels = batch()
    plain = forward_loss(network(), images, labels, PLAIN, smoothing=0.1)
    found = forward_loss(arrange(network(), way), images, labels, way, smoothing=0.1)
    # bfloat16 keeps 8 bits of a number: about two and a half digits.
    tolerance = 0.02 if way.precision == "bfloat16" else 1e-5
    torch.testing.assert_close(found, plain, atol=tolerance, rtol=tolerance)
    assert found.dtype == torch.float32


def test_all_ways_are_measured_the_fastest_first_and_the_network_is_left_alone() -> None:
    module = network()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    seconds = fastest_way(module, *batch())
    assert set(seconds) == set(WAYS)
    assert list(seconds.values()) == sorted(seconds.values())
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert all(parameter.grad is None for parameter in module.parameters())


def test_a_precision_that_the_user_gave_is_kept() -> None:
    seconds = fastest_way(network(), *batch(), precision="float32")
    assert {way.precision for way in seconds} == {"float32"}
