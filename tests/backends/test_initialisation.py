"""How weights start: torch's own formulas from the same seed, and what is zero or one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from striate.backends.torch_module import module
from striate.ir import Graph, Initialisation
from tests.backends.texts import RESNET, graph_of

CONVOLUTION = "input(6, 8, 8) -> a: conv(10, 3x5, g=2)"
DENSE = "input(30) -> a: fc(20)"


def starting(graph: Graph, init: Initialisation) -> Graph:
    return replace(graph, nodes=tuple(replace(node, init=init) for node in graph.nodes))


def kernel_of(text: str, scheme: str, std: float = 0.02) -> Tensor:
    torch.manual_seed(3)
    weight = module(starting(graph_of(text), Initialisation(scheme, std))).get_parameter("a.weight")
    return weight.detach()


def filled(like: Tensor, fill: Callable[[Tensor], Tensor]) -> Tensor:
    torch.manual_seed(3)
    return fill(torch.empty_like(like))


@pytest.mark.parametrize("text", [CONVOLUTION, DENSE])
@pytest.mark.parametrize(
    ("scheme", "fill"),
    [
        ("he_fan_in", partial(nn.init.kaiming_normal_, mode="fan_in", nonlinearity="relu")),
        ("xavier", nn.init.xavier_uniform_),
        ("trunc_normal", partial(nn.init.trunc_normal_, std=0.02)),
    ],
)
def test_schemes_are_those_of_torch(
    text: str, scheme: str, fill: Callable[[Tensor], Tensor]
) -> None:
    found = kernel_of(text, scheme)
    torch.testing.assert_close(found, filled(found, fill))


def test_he_fan_out_is_he_for_convolutions() -> None:
    found = kernel_of(CONVOLUTION, "he_fan_out")
    fill = partial(nn.init.kaiming_normal_, mode="fan_out", nonlinearity="relu")
    torch.testing.assert_close(found, filled(found, fill))


def test_he_fan_out_leaves_dense_layers_as_torchvision_does() -> None:
    found = kernel_of(DENSE, "he_fan_out")
    fill = partial(nn.init.kaiming_uniform_, a=math.sqrt(5))
    torch.testing.assert_close(found, filled(found, fill))


def test_torch_leaves_layers_as_torch_makes_them() -> None:
    torch.manual_seed(3)
    expected = nn.Conv2d(6, 10, (3, 5), padding=(1, 2), groups=2).state_dict()
    torch.manual_seed(3)
    init = Initialisation("torch")
    found = module(starting(graph_of(CONVOLUTION), init)).state_dict()
    assert torch.equal(found["a.weight"], expected["weight"])
    assert torch.equal(found["a.bias"], expected["bias"])


def test_he_spreads_transposed_convolutions_by_what_they_give() -> None:
    weight = kernel_of("input(40, 4, 4) -> a: tconv(60, 4, 2, p=1)", "he_fan_out")
    expected = math.sqrt(2 / (60 * 4 * 4))
    # 38400 draws: the deviation of a sample strays by 1/sqrt(2n) = 0.4 %.
    assert weight.std().item() == pytest.approx(expected, rel=0.02)


def test_the_seed_of_torch_decides() -> None:
    graph, states = graph_of(RESNET), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(module(graph).state_dict()["layer2.0.conv1.weight"])
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_gamma_is_one_beta_and_bias_are_zero_and_statistics_are_fresh() -> None:
    state = module(graph_of("input(3, 8, 8) -> conv(4) -> bn -> fc(2)")).state_dict()
    fresh = nn.BatchNorm2d(4).state_dict()
    assert {key: state[f"1.{key}"].tolist() for key in fresh} == {
        key: one.tolist() for key, one in fresh.items()
    }
    assert not state["0.bias"].any()
    assert not state["2.bias"].any()


def gammas(text: str) -> dict[str, set[float]]:
    network = module(starting(graph_of(text), Initialisation(zero_gamma=True)))
    norms = [
        (path, one) for path, one in network.named_modules() if isinstance(one, nn.BatchNorm2d)
    ]
    return {path: set(one.weight.tolist()) for path, one in norms}


def test_zero_gamma_is_for_the_last_norm_of_residual_branches_and_no_other() -> None:
    found = gammas(RESNET)
    closing = {f"layer{stage}.{block}.bn2" for stage in (1, 2) for block in (0, 1)}
    assert {path for path, values in found.items() if values == {0.0}} == closing
    assert {path for path, values in found.items() if values == {1.0}} == found.keys() - closing


def test_zero_gamma_looks_through_dropped_paths() -> None:
    assert gammas("input(4, 8, 8) -> (conv(4) -> bn -> droppath + id)") == {"1": {0.0}}


@pytest.mark.parametrize(
    "text",
    [
        "input(4, 8, 8) -> (conv(4) -> bn + conv(4) -> bn)",
        "input(4, 8, 8) -> (conv(4) -> bn -> conv(4) + id)",
        "input(4, 8, 8) -> (conv(4) -> bn | id)",
    ],
    ids=["no branch carries the signal", "the branch ends in no norm", "no sum"],
)
def test_zero_gamma_stops_no_signal(text: str) -> None:
    assert all(values == {1.0} for values in gammas(text).values())
