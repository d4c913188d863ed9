"""Layers that drop parts at random: what is dropped together, how often, and that the mean stays.

Bounds are five deviations of the mean of independent draws: about one false alarm in a million.
"""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import nn

import striate.nn as snn
from striate.nn.drop_block import seed_probability


def five_deviations(p: float, draws: int) -> float:
    return 5 * math.sqrt(p * (1 - p) / draws)


LAYERS = [snn.SpatialDropout, snn.DropBlock, snn.StochasticDepth]


@pytest.mark.parametrize("layer", LAYERS)
def test_is_the_identity_in_eval_mode_and_at_zero(layer: type[nn.Module]) -> None:
    x = torch.randn(2, 3, 8, 8)
    assert layer(0.5).eval()(x) is x
    assert layer(0.0)(x) is x


@pytest.mark.parametrize(
    "layer", [snn.SpatialDropout(1), snn.StochasticDepth(1), snn.DropBlock(1, block_size=1)]
)
def test_drops_everything_at_one_without_nan(layer: nn.Module) -> None:
    assert layer(torch.ones(2, 3, 8, 8)).tolist() == torch.zeros(2, 3, 8, 8).tolist()


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_keeps_the_dtype(layer: type[nn.Module], dtype: torch.dtype) -> None:
    assert layer(0.3)(torch.ones(2, 3, 8, 8, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_spatial_dropout_drops_whole_channels_of_each_example(rank: int) -> None:
    out = snn.SpatialDropout(0.3)(torch.ones(64, 100, *(3,) * rank)).flatten(2)
    assert torch.equal(out.amin(2), out.amax(2))
    decisions = out[..., 0]
    assert sorted(set(decisions.flatten().tolist())) == pytest.approx([0, 1 / 0.7])
    kept = (decisions > 0).double()
    assert kept.mean().item() == pytest.approx(0.7, abs=five_deviations(0.7, 6400))
    assert len({tuple(row) for row in kept.tolist()}) == 64  # examples differ


@pytest.mark.parametrize("mode", ["row", "batch"])
def test_stochastic_depth_keeps_or_drops_all_of_an_example(mode: str) -> None:
    layer = snn.StochasticDepth(0.2, mode)
    outs = torch.stack([layer(torch.ones(8, 3, 2, 2)) for _ in range(500)]).flatten(2)
    assert torch.equal(outs.amin(2), outs.amax(2))
    kept = (outs[..., 0] > 0).double()
    assert sorted(set(outs.flatten().tolist())) == pytest.approx([0, 1 / 0.8])
    draws = 4000 if mode == "row" else 500
    assert kept.mean().item() == pytest.approx(0.8, abs=five_deviations(0.8, draws))
    rows_agree = bool((kept.amin(1) == kept.amax(1)).all())
    assert rows_agree == (mode == "batch")


def expected_kept(p: float, block: tuple[int, ...], size: tuple[int, ...]) -> float:
    """Share of pixels that no block covers: each is free if no seed lies in its reach."""
    gamma = seed_probability(p, block, size)
    reaches = [
        [min(i, n - b) - max(i - b + 1, 0) + 1 for i in range(n)]
        for n, b in zip(size, block, strict=True)
    ]
    free = [(1 - gamma) ** math.prod(seeds) for seeds in itertools.product(*reaches)]
    return sum(free) / len(free)


@pytest.mark.parametrize(
    ("size", "block"), [((20,), 5), ((12, 9), 3), ((12, 9), 4), ((6, 7, 8), 3), ((3, 8), 5)]
)
def test_drop_block_drops_the_share_that_its_seeds_give(size: tuple[int, ...], block: int) -> None:
    out = snn.DropBlock(0.2, block)(torch.ones(100, 40, *size))
    shares = (out > 0).double().flatten(2).mean(2)
    expected = expected_kept(0.2, tuple(min(block, n) for n in size), size)
    margin = 5 * shares.std().item() / math.sqrt(shares.numel())
    assert shares.mean().item() == pytest.approx(expected, abs=margin)
    assert 0.8 <= expected < 0.85


def test_drop_block_keeps_the_mean_of_the_batch_exactly() -> None:
    out = snn.DropBlock(0.2, 3)(torch.ones(4, 8, 10, 10, dtype=torch.float64))
    assert out.mean().item() == pytest.approx(1, abs=1e-6)  # the factor is a float32


def test_drop_block_drops_nothing_but_whole_blocks_inside_the_image() -> None:
    out = snn.DropBlock(0.05, 3)(torch.ones(50, 4, 9, 9))
    zero = (out == 0).float()
    # A pixel is zero only if some 3x3 window of zeros covers it.
    whole = -nn.functional.max_pool2d(-zero, 3, stride=1)
    covered = nn.functional.max_pool2d(nn.functional.pad(whole, (2, 2, 2, 2)), 3, stride=1)
    assert zero.sum() > 0
    assert torch.equal(covered, zero)


def test_drop_block_of_one_pixel_is_dropout() -> None:
    out = snn.DropBlock(0.25, block_size=1)(torch.ones(10, 10, 20, 20))
    share = (out == 0).double().mean().item()
    assert share == pytest.approx(0.25, abs=five_deviations(0.25, 40000))


def test_seeds_are_drawn_as_often_as_the_paper_says() -> None:
    # Equation 1 with the paper's setting: keep 0.9, block 7, features 14x14.
    assert seed_probability(0.1, (7, 7), (14, 14)) == pytest.approx(0.1 / 49 * 196 / 64)
    assert seed_probability(0.1, (1, 1), (5, 8)) == pytest.approx(0.1)
    assert seed_probability(0.1, (5, 5), (5, 5)) == pytest.approx(0.1)
