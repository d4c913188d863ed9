"""Numbers made of names: always the same, of the strength asked for."""

from __future__ import annotations

import torch
from torch import nn

from striate import network
from tests.recipe import LENGTH, fill, images, unfilled


def test_a_name_always_gives_the_same_numbers() -> None:
    one, other = (nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)) for _ in range(2))
    fill(one)
    fill(other)
    for key, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[key])


def test_names_give_different_numbers() -> None:
    made = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    fill(made)
    first, second = made[0].weight, made[1].weight
    assert isinstance(first, torch.Tensor)
    assert isinstance(second, torch.Tensor)
    assert not torch.isclose(first, second).any()


def test_a_kernel_puts_out_the_variance_asked_for() -> None:
    made = nn.Linear(400, 300, bias=False)
    fill(made, gain=2.0)
    given = torch.randn(200, 400)
    assert 1.9 < made(given).var() < 2.1


def test_statistics_and_gammas_are_moderate() -> None:
    made = nn.BatchNorm2d(1000)
    fill(made)
    state = made.state_dict()
    for key in ("weight", "running_var"):
        assert 0.5 <= state[key].min() < 0.52
        assert 1.48 < state[key].max() <= 1.5
    assert state["running_mean"].abs().max() < 0.2
    assert state["num_batches_tracked"] == 0


def test_a_tensor_longer_than_the_row_begins_it_again() -> None:
    made = nn.Linear(LENGTH + 5, 1, bias=False)
    fill(made)
    numbers = made.weight[0]
    assert torch.equal(numbers[:5], numbers[LENGTH:])


def test_images_differ() -> None:
    (batch,) = images([(3, 8, 8)], batch=4)
    assert batch.shape == (4, 3, 8, 8)
    assert (batch[0] - batch[1]).abs().mean() > 0.5


def test_buffers_that_are_no_weights_keep_their_numbers() -> None:
    text = "input(4, 8, 8) -> blurpool"
    graph = network(text).graph
    (taps,) = (buffer for _, buffer in unfilled(graph).named_buffers())
    assert torch.isfinite(taps).all()
    assert taps.sum() > 0
