"""Normalisations against their formulas in loops, and against torch's own where it has them."""

from __future__ import annotations

import math
from typing import cast

import pytest
import torch
from torch import Tensor, nn

import striate.nn as snn
from tests.nn.references import double

SIZE = (3, 4, 2)


def randomised(layer: nn.Module) -> nn.Module:
    """The layer in double precision with random parameters."""
    for parameter in layer.double().parameters():
        nn.init.normal_(parameter)
    return layer


def channel_vectors(x: Tensor) -> list[list[float]]:
    """The channels at each position of each example."""
    return cast("list[list[float]]", x.movedim(1, -1).flatten(0, -2).tolist())


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_layer_norm_equals_the_formula(rank: int) -> None:
    layer = randomised(snn.LayerNormChannels(5, eps=0.1))
    x = double(2, 5, *SIZE[:rank])
    weight, bias = cast("Tensor", layer.weight), cast("Tensor", layer.bias)
    for found, values in zip(channel_vectors(layer(x)), channel_vectors(x), strict=True):
        mean = sum(values) / 5
        variance = sum((v - mean) ** 2 for v in values) / 5
        expected = [
            (v - mean) / math.sqrt(variance + 0.1) * w + b
            for v, w, b in zip(values, weight.tolist(), bias.tolist(), strict=True)
        ]
        assert found == pytest.approx(expected, rel=1e-9)


def test_layer_norm_is_group_norm_of_one_group_at_a_single_position() -> None:
    x = torch.randn(4, 6, 1, 1)
    ours, theirs = snn.LayerNormChannels(6), nn.GroupNorm(1, 6, eps=1e-6)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_rms_norm_equals_the_formula(rank: int) -> None:
    layer = randomised(snn.RMSNormChannels(5, eps=0.1))
    x = double(2, 5, *SIZE[:rank])
    weight = cast("Tensor", layer.weight).tolist()
    for found, values in zip(channel_vectors(layer(x)), channel_vectors(x), strict=True):
        size = math.sqrt(sum(v * v for v in values) / 5 + 0.1)
        expected = [v / size * w for v, w in zip(values, weight, strict=True)]
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_l2_normalize_gives_every_position_the_length_of_the_scale(rank: int) -> None:
    x = double(2, 5, *SIZE[:rank])
    lengths = snn.L2Normalize(5, scale=3.0).double()(x).square().sum(1).sqrt()
    torch.testing.assert_close(lengths, torch.full_like(lengths, 3.0))
    layer = randomised(snn.L2Normalize(5))
    for found, values in zip(channel_vectors(layer(x)), channel_vectors(x), strict=True):
        length = math.sqrt(sum(v * v for v in values))
        weight = cast("Tensor", layer.weight).tolist()
        assert found == pytest.approx([v / length * w for v, w in zip(values, weight, strict=True)])


def test_l2_normalize_leaves_zeros_at_zero() -> None:
    assert snn.L2Normalize(2)(torch.zeros(1, 2, 1)).flatten().tolist() == [0, 0]


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_global_response_norm_equals_the_formula(rank: int) -> None:
    layer = randomised(snn.GlobalResponseNorm(3, eps=0.1))
    x = double(2, 3, *SIZE[:rank])
    found = layer(x)
    weight, bias = cast("Tensor", layer.weight), cast("Tensor", layer.bias)
    for n in range(2):
        energy = [math.sqrt(sum(v * v for v in x[n, c].flatten().tolist())) for c in range(3)]
        for c in range(3):
            share = energy[c] / (sum(energy) / 3 + 0.1)
            expected = weight[c] * (x[n, c] * share) + bias[c] + x[n, c]
            torch.testing.assert_close(found[n, c], expected)


def test_global_response_norm_starts_as_the_identity() -> None:
    x = torch.randn(2, 3, 4, 4)
    assert torch.equal(snn.GlobalResponseNorm(3)(x), x)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_local_response_norm_of_the_paper_equals_its_formula(rank: int, size: int) -> None:
    x = double(2, 4, *SIZE[:rank])
    found = snn.LocalResponseNorm(size, alpha=0.3, beta=0.6, k=2.0, divide_alpha=False)(x)
    for c in range(4):
        around = range(max(0, c - size // 2), min(4, c + (size - 1) // 2 + 1))
        energy = sum((x[:, j] ** 2 for j in around), torch.zeros(()))
        torch.testing.assert_close(found[:, c], x[:, c] / (2.0 + 0.3 * energy) ** 0.6)


def test_local_response_norm_of_torch_divides_alpha_by_the_size() -> None:
    x = double(2, 8, 3, 3)
    theirs = nn.LocalResponseNorm(5, alpha=0.5, beta=0.75, k=2.0)(x)
    torch.testing.assert_close(snn.LocalResponseNorm(5, 0.5, 0.75, 2.0)(x), theirs)
    paper = snn.LocalResponseNorm(5, 0.5 / 5, 0.75, 2.0, divide_alpha=False)
    torch.testing.assert_close(paper(x), theirs)


@pytest.mark.parametrize(
    "layer",
    [
        snn.LayerNormChannels(3),
        snn.RMSNormChannels(3),
        snn.L2Normalize(3),
        snn.GlobalResponseNorm(3),
        snn.LocalResponseNorm(3, alpha=0.5),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_gradients_are_right(layer: nn.Module) -> None:
    randomised(layer)
    x = double(2, 3, 2, 2).requires_grad_()
    parameters = tuple(layer.parameters())
    assert torch.autograd.gradcheck(lambda x, *_: layer(x), (x, *parameters))


def test_global_response_norm_of_zeros_has_a_gradient() -> None:
    x = torch.zeros(1, 2, 2, 2, requires_grad=True)
    layer = snn.GlobalResponseNorm(2)
    nn.init.ones_(layer.weight)
    layer(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == torch.ones(1, 2, 2, 2).tolist()
