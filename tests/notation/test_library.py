"""The blocks of the shipped library: each builds, with counts worked out by hand."""

from __future__ import annotations

import pytest

from striate.notation.library import std_names
from tests.notation.networks import build, output

BN = 2
"""Trained numbers of a batch norm for each channel."""

# Block, input, output, parameters.
BLOCKS = [
    ("cbr(8)", (4, 8, 8), "8x8x8", 4 * 8 * 9 + 8 * BN),
    ("sepconv(8)", (4, 8, 8), "8x8x8", 4 * 9 + 4 * 8 + 8 * BN),
    ("se(4)", (16, 8, 8), "16x8x8", (16 + 1) * 4 + (4 + 1) * 16),
    # 2-layer block without projection, and with: He et al. 2015, figure 5 left.
    ("basicblock(64)", (64, 8, 8), "64x8x8", 2 * (64 * 64 * 9 + 64 * BN)),
    (
        "basicblock(128, 2)",
        (64, 8, 8),
        "128x4x4",
        (64 * 9 + 128 * 9 + 64) * 128 + 3 * 128 * BN,
    ),
    # torchvision's Bottleneck(256, 64): 70,400.
    ("bottleneck(64)", (256, 8, 8), "256x8x8", 70_400),
    ("fire(16, 64)", (96, 8, 8), "128x8x8", 97 * 16 + 17 * 64 + (16 * 9 + 1) * 64),
    # torchvision's _DenseLayer(64, 32, 4): 45,440.
    ("denselayer(32)", (64, 8, 8), "32x8x8", 64 * BN + 64 * 128 + 128 * BN + 128 * 32 * 9),
    ("denseblock(2, 4)", (4, 8, 8), "12x8x8", (8 + 64 + 32 + 576) + (16 + 128 + 32 + 576)),
    ("transition", (64, 8, 8), "32x4x4", 64 * BN + 64 * 32),
    # torchvision's InvertedResidual(16, 24, 2, 6): 5,136.
    (
        "invertedresidual(24, 2)",
        (16, 8, 8),
        "24x4x4",
        16 * 96 + 96 * BN + 96 * 9 + 96 * BN + 96 * 24 + 24 * BN,
    ),
    ("ghost(8)", (4, 8, 8), "8x8x8", 4 * 4 + 4 * BN + 4 * 9 + 4 * BN),
    ("highway", (4, 8, 8), "4x8x8", 2 * (4 * 4 * 9 + 4)),
    ("pool", (4, 8, 8), "4x4x4", 0),
    ("residual(conv(4))", (4, 8, 8), "4x8x8", 4 * 4 * 9 + 4),
    ("residual(conv(8), 8)", (4, 8, 8), "8x8x8", 4 * 8 * 9 + 8 + 4 * 8 + 8 * BN),
    ("stage(basicblock, 8, 3)", (8, 8, 8), "8x8x8", 6 * (8 * 8 * 9 + 8 * BN)),
    # GoogLeNet's inception (3a): table 1 of the paper.
    (
        "inception(64, 96, 128, 16, 32, 32)",
        (192, 28, 28),
        "256x28x28",
        193 * (64 + 96 + 16 + 32) + (96 * 9 + 1) * 128 + (16 * 25 + 1) * 32,
    ),
    ("unet(8, 1)", (1, 8, 8), "8x8x8", None),
    ("stn((flatten -> fc(6)))", (1, 8, 8), "1x8x8", 64 * 6 + 6),
    ("attention(relu, conv(4, 1))", (4, 8, 8), "4x8x8", 4 * 4 + 4),
    ("cbam(2, 3)", (8, 8, 8), "8x8x8", (9 * 4 + 5 * 8) + (2 * 9 + 1)),
    ("scse(2)", (8, 8, 8), "8x8x8", (9 * 4 + 5 * 8) + 9),
    ("shuffleunit", (8, 8, 8), "8x8x8", 2 * 4 * 4 + 4 * 9 + 3 * 4 * BN),
    ("preact(8)", (8, 8, 8), "8x8x8", 2 * (8 * BN + 8 * 8 * 9)),
    ("mbconv(8, e=1)", (8, 8, 8), "8x8x8", None),
    ("aspp(8, [2, 3])", (4, 16, 16), "8x16x16", None),
    (
        "convnextblock",
        (8, 8, 8),
        "8x8x8",
        (8 * 49 + 8) + 8 * BN + (8 * 32 + 32) + (32 * 8 + 8) + 8,
    ),
]


@pytest.mark.parametrize(
    ("call", "sizes", "shape", "params"), BLOCKS, ids=lambda one: str(one)[:20]
)
def test_a_block(call: str, sizes: tuple[int, ...], shape: str, params: int | None) -> None:
    graph = build(call, sizes)
    assert output(graph) == shape
    assert params is None or graph.params == params


@pytest.mark.parametrize("name", std_names())
def test_every_block_is_among_these(name: str) -> None:
    assert any(call.split("(")[0] == name for call, *_ in BLOCKS)
