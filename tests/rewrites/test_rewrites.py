"""Each rewrite as a pair of texts, and the law of all of them: the outputs stay."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from striate import folded, ops
from striate.backends.torch_module import Network, module
from striate.networks import network
from striate.rewrites import Refusal, simplified
from tests.backends.test_torch_module_layers import EXAMPLES
from tests.backends.texts import graph_of

PAIRS = {
    # Batch norm behind a linear layer.
    "input(3, 9, 9) -> conv(4, b=0) -> bn -> relu": "conv(4) relu",
    "input(3, 9, 9) -> conv(4, 3, 2) -> bn(eps=0.001) -> relu": "conv(4, s=2) relu",
    "input(4, 9, 9) -> conv(8, g=2, b=0) -> bn(affine=0)": "conv(8, g=2)",
    "input(4, 9, 9) -> dw(5, m=3, b=0) -> bn": "dw(5, m=3)",
    "input(6, 5, 5) -> tconv(4, g=2, b=0) -> bn": "tconv(4, g=2)",
    "input(6, 9) -> tconv(4, 3, b=0) -> bn": "tconv(4, 3)",
    "input(3, 4, 5, 5) -> conv(4) -> bn": "conv(4)",
    "input(4, 9, 9) -> (id, conv(18)) -> deform(8, b=0) -> bn": "conv(18) deform(8)",
    "input(8) -> fc(4, b=0) -> bn -> relu": "fc(4) relu",
    "input(3, 4, 4) -> fc(6) -> bn": "fc(6)",
    "input(4, 9, 9) -> linear(6) -> bn": "linear(6)",
    "input(3, 9, 9) -> conv(4, 3, 2, p=tf) -> bn": "conv(4, s=2, p=tf)",
    # Batch norm in front of one, where no zeros come between.
    "input(4, 9, 9) -> bn -> conv(6, 1, b=0)": "conv(6, 1)",
    "input(4, 9, 9) -> bn -> conv(6, 3, p=0, g=2)": "conv(6, p=0, g=2)",
    "input(4, 9, 9) -> bn -> conv(6, 3, pm=reflect)": "conv(6, pm=reflect)",
    "input(4, 9, 9) -> bn -> linear(6)": "linear(6)",
    "input(4) -> bn -> fc(6)": "fc(6)",
    "input(4, 9, 9) -> bn -> dw(3, m=2, p=0) -> bn": "dw(p=0, m=2)",
    # Left as they are.
    "input(4, 9, 9) -> bn -> conv(6)": "bn conv(6)",
    "input(4, 9, 9) -> bn -> relu -> conv(6, 1)": "bn relu conv(6, 1)",
    "input(4, 9, 9) -> bn -> tconv(6)": "bn tconv(6)",
    "input(4, 3, 3) -> bn -> fc(6)": "bn fc(6)",
    "input(4, 9, 9) -> conv(4) -> relu -> bn": "conv(4) relu bn",
    "input(4, 9, 9) -> conv(4) -> (bn | id)": "conv(4) bn |",
    "input(4, 9, 9) -> conv(4) -> ((bn -> relu) | (bn -> relu))": "conv(4) bn relu bn relu |",
    "input(4, 9, 9) -> conv(4) -> gn(2)": "conv(4) gn(2)",
    "input(4, 9, 9) -> m -> m -> bn where m: conv(4)": "conv(4) conv(4) bn",
    "input(4, 9, 9) -> m -> relu -> m where m: (conv(4) -> bn)": "conv(4) bn relu conv(4) bn",
    # What acts only in training.
    "input(3, 9, 9) -> conv(4) -> dropout -> (id + relu -> droppath)": "conv(4) relu +",
    "input(3, 9, 9) -> conv(4) -> spatialdropout -> bn -> dropblock -> relu": "conv(4) relu",
    # Constants.
    "input(4, 9, 9) -> wsconv(6, 3, 2, g=2) -> relu": "conv(6, s=2, g=2) relu",
    "input(4, 9, 9) -> wsconv(6, b=0, pm=reflect) -> bn": "conv(6, pm=reflect)",
    "input(4, 9, 9) -> conv(6) -> affine(2, 1) -> relu": "conv(6) relu",
    "input(4, 9, 9) -> conv(6, b=0) -> (id & param(6, 1, 1, init=0.5))": "conv(6, b=0)",
    "input(4, 9, 9) -> conv(6) -> (id & param(6, 9, 9))": "conv(6) param(6, 9, 9) &",
    # Parallel branches.
    "input(4, 9, 9) -> (conv(4) + conv(4, 1))": "conv(4)",
    "input(4, 9, 9) -> (conv(4, b=0) -> bn + conv(4, 1, b=0) -> bn + bn) -> relu": "conv(4) relu",
    "input(4, 9, 9) -> (conv(4, g=2) + id + relu)": "conv(4, g=2) relu +",
    "input(4, 9, 9) -> (dw(5) + dw(3) + id)": "dw(5)",
    "input(4, 9, 9) -> (conv(8, 5x3, 2) + conv(8, 1, 2))": "conv(8, 5x3, 2)",
    "input(4, 9) -> (conv(4, 3, d=2) + conv(4, 1, d=2) + id)": "conv(4, d=2)",
    "input(4, 9, 9) -> (conv(8, 1x3) + conv(8, 3x1))": "conv(8, 1x3) conv(8, 3x1) +",
    "input(4, 9, 9) -> (conv(4) + conv(4, g=2))": "conv(4) conv(4, g=2) +",
    "input(4, 9, 9) -> (conv(4) + conv(4, d=2))": "conv(4) conv(4, d=2) +",
}


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rewrite leaves a sound graph behind."""
    monkeypatch.setenv("STRIATE_CHECK", "1")


@torch.no_grad()
def trained(text: str, *, least_variance: float = 0.5) -> Network:
    """A network in double precision whose norms have seen images, as far as numbers can tell."""
    torch.manual_seed(0)
    network = module(graph_of(text), dtype=torch.float64).eval()
    for key, tensor in network.state_dict().items():
        if key.endswith("running_var"):
            tensor.copy_(least_variance + torch.rand_like(tensor))
        elif tensor.is_floating_point():
            tensor.copy_(torch.randn_like(tensor))
    return network


def outputs(network: Network) -> tuple[Tensor, ...]:
    torch.manual_seed(1)
    images = [
        torch.randn(2, *(size or 12 for size in one.sizes), dtype=torch.float64)
        for one in network.graph.input_types
    ]
    with torch.no_grad():
        found = network(*images)
    return found if isinstance(found, tuple) else (found,)


def assert_same_outputs(network: Network) -> None:
    for before, after in zip(outputs(network), outputs(folded(network)), strict=True):
        torch.testing.assert_close(after, before, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("text", "expected"), PAIRS.items(), ids=PAIRS.keys())
def test_a_text_becomes(text: str, expected: str) -> None:
    network = trained(text)
    nodes = simplified(network.graph).graph.nodes
    assert (
        " ".join(str(node.op) for node in nodes if node.inputs or node.op.name == "param")
        == expected
    )
    assert_same_outputs(network)


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_layer_keeps_its_outputs(text: str) -> None:
    ops.load()
    assert_same_outputs(module(graph_of(text), dtype=torch.float64).eval())


@pytest.mark.parametrize("least_variance", [0.0, 1e-12, 1e12])
def test_extreme_variances(least_variance: float) -> None:
    text = "input(3, 9, 9) -> conv(4, b=0) -> bn -> relu -> conv(4) -> bn"
    network = trained(text, least_variance=least_variance)
    for key, tensor in network.state_dict().items():
        if key.endswith("running_var"):
            tensor.fill_(least_variance)
    before, after = outputs(network)[0], outputs(folded(network))[0]
    assert before.isfinite().all()
    assert (before - after).abs().max() <= 1e-12 * before.abs().max()


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "densenet121", "convnext_tiny"])
def test_zoo_networks(name: str) -> None:
    net = network(name, input=(3, 64, 64))
    made = net.module(dtype=torch.float64).eval()
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(
                layer.running_mean, -0.1, 0.1
            ) if layer.running_mean is not None else None
            nn.init.uniform_(layer.running_var, 0.5, 1.5) if layer.running_var is not None else None
    assert_same_outputs(made)


def test_resnet_keeps_no_norm_and_densenet_those_behind_joins() -> None:
    def norms(name: str) -> int:
        return sum(one.op.name == "bn" for one in simplified(network(name).graph).graph.nodes)

    assert norms("resnet50") == 0
    # DenseNet-121 has 121; the 3x3 convolution of each of its 58 layers and the stem take one each.
    assert norms("densenet121") == 121 - 59


def test_the_folded_module_is_another_one() -> None:
    network = trained("input(3, 9, 9) -> c: conv(4, b=0) -> bn -> dropout")
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    network.train()
    made = folded(network)
    assert list(made.state_dict()) == ["c.weight", "c.bias"]
    assert not made.training
    assert network.training
    for tensor in made.state_dict().values():
        tensor.zero_()
    assert all(torch.equal(before[key], now) for key, now in network.state_dict().items())


def test_dtype_is_kept() -> None:
    made = folded(module(graph_of("input(3, 9, 9) -> conv(4, b=0) -> bn"), dtype=torch.bfloat16))
    assert {tensor.dtype for tensor in made.state_dict().values()} == {torch.bfloat16}


def test_names_of_what_is_gone_go() -> None:
    graph = simplified(graph_of("input(3, 9, 9) -> a: conv(4) -> b: bn -> c: relu")).graph
    assert "a" not in graph.names
    assert graph.names["b"] == graph.nodes[2].inputs
    assert "c" in graph.names


def test_a_refusal_says_why() -> None:
    graph = graph_of("input(4, 9, 9) -> m -> m -> n: bn where m: conv(4)")
    assert Refusal("m", "its weights are shared with other calls") in simplified(graph).refused
    graph = graph_of("input(4, 9, 9) -> n: bn -> c: conv(6)")
    assert simplified(graph).refused == (
        Refusal("n", "c behind it pads zeros, which the shift would have to reach"),
    )
