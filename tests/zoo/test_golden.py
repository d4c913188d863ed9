"""Outputs of the zoo are those of torchvision and timm, of which a few numbers are kept.

`scripts/parity.py --write-golden` writes golden.json out of the libraries' outputs, never of ours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from striate import network, zoo
from striate.backends.torch_module import Network
from tests.recipe import dependence, fill, images, in_rows, unfilled

TOLERANCE = 1e-4
"""Of the largest output, in float32."""
LARGE = 150_000_000
"""Networks of more parameters are compared outside the check: `-m slow`."""


@dataclass(frozen=True)
class Golden:
    """Numbers of a reference: its largest output, their mean size, some spread over all of them.

    library: whose, and its version.
    gain: strength of the kernels, see `fill`.
    """

    library: str
    input: Sequence[int]
    gain: float
    largest: float
    mean: float
    values: Sequence[float]


FILE = Path(__file__).with_name("golden.json")
GOLDEN = {name: Golden(**one) for name, one in json.loads(FILE.read_text("utf-8")).items()}


def is_large(name: str) -> bool:
    return (zoo.cards()[name].params or 0) > LARGE


CASES = [
    pytest.param(name, marks=pytest.mark.slow if is_large(name) else (), id=name) for name in GOLDEN
]


def made(name: str) -> Network:
    filled = unfilled(network(name, input=GOLDEN[name].input).graph).eval()
    fill(filled, gain=GOLDEN[name].gain)
    return filled


@torch.no_grad()
def output_of(one: nn.Module, name: str) -> Tensor:
    return in_rows(one(*images([GOLDEN[name].input])))


def difference(output: Tensor, golden: Golden) -> float:
    """The largest, relative to the reference's largest output."""
    flat = output.double().flatten()
    steps = 2 * len(golden.values)
    places = range(1, steps, 2)
    found = [float(flat[place * flat.numel() // steps]) for place in places]
    pairs = [*zip(found, golden.values, strict=True), (float(flat.abs().mean()), golden.mean)]
    pairs.append((float(flat.abs().max()), golden.largest))
    return max(abs(one - other) for one, other in pairs) / golden.largest


@pytest.mark.parametrize("name", CASES)
def test_outputs_are_those_of_the_reference(name: str) -> None:
    output = output_of(made(name), name)
    assert difference(output, GOLDEN[name]) < TOLERANCE
    assert dependence(output) > 10 * TOLERANCE


@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_every_network_of_a_library_is_compared(library: str) -> None:
    cards = [card for card in zoo.cards().values() if card.source == library]
    small = [card.name for card in cards if (card.params or 0) <= 150_000_000]
    assert [name for name in small if name not in GOLDEN] == []


def test_another_epsilon_is_noticed() -> None:
    other = made("resnet18")
    for layer in other.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps = 1e-4
    assert difference(output_of(other, "resnet18"), GOLDEN["resnet18"]) > TOLERANCE


def test_another_padding_is_noticed() -> None:
    other = made("mobilenet_v2")
    first = next(layer for layer in other.modules() if isinstance(layer, nn.Conv2d))
    picture = images([GOLDEN["mobilenet_v2"].input])[0]
    first.padding = (0, 0)
    moved = nn.functional.pad(picture, (0, 1, 0, 1))
    with torch.no_grad():
        assert difference(other(moved), GOLDEN["mobilenet_v2"]) > TOLERANCE
