"""Layers in ONNX: valid models, and outputs equal to torch's at batch 1, 3 and 17."""

from __future__ import annotations

import pytest

from striate.networks import network
from tests.backends.onnx_model.comparing import TOLERANCE, difference, model_of, node_types
from tests.ops.torch_side import NAMES, kind

ODD_CALLS = (
    # Windows that hang over the end, with padding that counts in the mean or does not.
    "input(3, 7, 8) -> avgpool(3, 2, 1, ceil=1)",
    "input(3, 7, 8) -> avgpool(3, 2, 1, ceil=1, cip=0)",
    "input(3, 8, 8) -> avgpool(3, 2, p=tf, cip=0)",
    "input(3, 8, 9) -> maxpool(3, 2, 1, ceil=1, d=2)",
    "input(3, 11) -> maxpool(2, 3, 1, ceil=1, d=4)",
    "input(3, 9, 9) -> lppool(3, 2, p=1, norm=1.5, ceil=1)",
    # Padding on one side, mirrored and wrapped.
    "input(3, 15, 16) -> conv(4, 3, 2, p=tf, d=2)",
    "input(3, 9) -> conv(4, 5, pm=circular)",
    "input(2, 5, 6, 7) -> wsconv(4, 3, 2, pm=replicate)",
    # A whole step more than the stride, of which some was cut off before.
    "input(4, 6, 5) -> tconv(6, 3, 2, p=1x0, op=3x2, d=4, g=2)",
    "input(4, 6, 5) -> tconv(6, 3, 2, p=1x0, op=3x2, d=4, b=0)",
    # Stretches of unequal length, which share pixels.
    "input(3, 13, 7) -> gap(5x7)",
    "input(3, 5, 6, 7) -> gmp(2x4x3)",
    "input(3, 11) -> up(0.6, mode=area)",
    # Positions follow the factor where sizes are rounded, else the sizes.
    *(f"input(3, 7, 10) -> up(1.45, mode={mode})" for mode in ("nearest", "bilinear", "bicubic")),
    *(f"input(3, 7, 10) -> up(size=11x4, mode={m})" for m in ("nearest", "nearest_exact")),
    # Here float32 rounds a position to the pixel before it, in torch or in the runtime.
    "input(1, 150) -> up(size=10)",
    "input(1, 4) -> up(size=332)",
    "input(1, 160) -> up(0.3, mode=nearest_exact)",
    "input(3, 4, 5, 6) -> up(2.5, mode=linear, ac=1)",
    # Neighbours of an even number of channels, and no LRN of the runtime's.
    "input(8, 6, 6) -> lrn(4)",
    "input(8, 6, 6) -> lrn(3, beta=0)",
    # Several groups of offsets, a mask, a filter that is not square.
    "input(6, 9, 11) -> (id, conv(60, 3x5), conv(30, 3x5) -> sigmoid) -> deform(9, 3x5, g=3)",
    "input(6, 19) -> (id, conv(6, 3, 2), conv(6, 3, 2) -> sigmoid) -> deform(8, 3, 2, g=2)",
    "input(4, 5, 6, 7) -> (id, conv(162, s=2), conv(54, s=2)) -> deform(8, s=2, g=2, b=0)",
    "input(2, 9, 8) -> (id, fc(6)) -> warp(size=5x1, ac=1, pm=reflection)",
    "input(2, 9) -> (id, fc(2)) -> warp(size=4, ac=1, pm=border)",
)

OPEN_SIZES = (
    "input(8x?x?) -> shuffle(2) -> softmax(4) -> maxpieces(2) -> conv(4) -> up -> ln -> gem",
    "input(8x?x?) -> (conv(8, 3, 2), id) -> up(mode=bilinear)",
    "input(8x?x?) -> (conv(8, 3, p=0), conv(8, 6, p=0)) -> crop",
    "input(8x?x?) -> crop(5) -> lrn(4) -> pixelshuffle(2) -> gn(2) -> inorm -> grn -> gmp",
    "input(8x?) -> lrn(3) -> maxpool -> avgpool(3, 2, 1) -> rmsn -> l2norm",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_layer_give_what_torch_gives(name: str) -> None:
    for text in kind(name).examples:
        assert difference(network(text)) < TOLERANCE, text


@pytest.mark.parametrize("text", ODD_CALLS)
def test_unusual_arguments_give_what_torch_gives(text: str) -> None:
    assert difference(network(text)) < TOLERANCE


@pytest.mark.parametrize("text", OPEN_SIZES)
def test_open_sizes_stay_open(text: str) -> None:
    assert difference(network(text)) < TOLERANCE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input(3, 8, 8) -> conv(4) -> bn -> relu", ["Conv", "BatchNormalization", "Relu"]),
        ("input(3, 8, 8) -> fc(4) -> dropout", ["Flatten", "Gemm"]),
        ("input(3, 8, 8) -> linear(4) -> droppath(0.1)", ["Conv"]),
        ("input(3, 8, 8) -> wsconv(4) -> gn(2)", ["Conv", "GroupNormalization"]),
        ("input(12, 5, 6) -> pixelshuffle(2)", ["DepthToSpace"]),
        ("input(12, 5, 6) -> shuffle(2)", ["Reshape", "Transpose", "Reshape"]),
        ("input(4, 9, 9) -> (id, conv(18)) -> deform(8)", ["Conv", "DeformConv"]),
        ("input(3, 13, 13) -> gap", ["GlobalAveragePool"]),
        ("input(3, 14, 14) -> gap(7)", ["AveragePool"]),
        ("input(3, 8, 8) -> (conv(3) + id + conv(3))", ["Conv", "Conv", "Add", "Add"]),
    ],
)
def test_common_layers_are_the_operators_that_runtimes_are_quick_at(
    text: str, expected: list[str]
) -> None:
    assert node_types(model_of(text)) == expected
