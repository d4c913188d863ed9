"""The ways to compute a step agree with one another, and with double precision."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from striate.errors import UsageError
from striate.train.compute.ways import PLAIN, Way, arrange, check_way, forward

WAYS = (PLAIN, Way("float32", True), Way("bfloat16", False), Way("bfloat16", True))
CPU = torch.device("cpu")


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU())
    depthwise = nn.Conv2d(8, 8, 5, stride=2, padding=2, groups=8, bias=False)
    return nn.Sequential(*layers, depthwise, nn.Flatten(), nn.Linear(8 * 9, 2))


def images() -> Tensor:
    made = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    return made.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_says_the_same_in_float32_and_gives_the_same_gradients(way: Way) -> None:
    exact = network().double()
    exact(images().double()).square().sum().backward()
    module = arrange(network(), way)
    said = forward(module, images(), way)
    said.square().sum().backward()  # type: ignore[no-untyped-call]
    assert said.dtype == torch.float32
    # bfloat16 keeps 8 bits of a number: about two and a half digits, of sums of some terms.
    tolerance = 0.03 if way.precision == "bfloat16" else 1e-4
    for found, wanted in zip(module.parameters(), exact.parameters(), strict=True):
        assert found.grad is not None
        assert wanted.grad is not None
        most = wanted.grad.abs().max() + 1e-3
        assert (found.grad - wanted.grad).abs().max() / most < tolerance


@pytest.mark.parametrize("last", [False, True])
def test_the_weights_take_the_layout_of_the_way(last: bool) -> None:
    module = arrange(network(), Way("float32", last))
    weight = module.get_parameter("0.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last) == last


def test_a_way_is_told_in_words() -> None:
    assert Way("bfloat16", True, compile=True).words == "bfloat16, channels last, compiled"
    assert Way("float32", False, replicas=2).words == "float32, channels first, 2 replicas"


def test_float16_is_refused_without_a_gpu() -> None:
    with pytest.raises(UsageError, match="needs a GPU"):
        check_way(Way("float16", True), CPU)


def test_compiling_is_refused_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="a C\\+\\+ compiler"):
        check_way(Way("float32", True, compile=True), CPU)
