"""What users ask for by one string: zoo name, call, text, file; and the text of what they got."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate import network
from striate.errors import StriateError, TextError, UsageError
from striate.ir import Graph
from tests.notation.networks import keys


def test_a_zoo_name_has_the_size_it_was_published_for() -> None:
    net = network("resnet18")
    assert (net.name, net.input, net.output) == ("resnet18", (3, 224, 224), (1000,))
    assert (net.params, net.macs, net.flops) == (11_689_512, 1_814_073_344, 3_628_146_688)


def test_classes_fill_the_parameter_of_that_name() -> None:
    assert network("resnet18", classes=10).output == (10,)


def test_an_input_replaces_the_published_size() -> None:
    net = network("resnet18", input=(1, 64, 64))
    assert net.input == (1, 64, 64)
    assert net.params == 11_689_512 - 2 * 64 * 49  # two input channels fewer


def test_an_open_size_gives_parameters_and_no_macs() -> None:
    net = network("resnet18", input=(3, None, None))
    assert (net.params, net.macs, net.flops) == (11_689_512, None, None)


def test_a_text_may_name_networks_of_the_zoo() -> None:
    net = network("input(3, 64, 64) -> (net: resnet18, @net.layer3) -> .1")
    assert net.output == (256, 4, 4)


def test_a_text_may_call_networks_of_the_zoo() -> None:
    assert network("resnet18(classes=5) -> softmax", input=(3, 64, 64)).output == (5,)


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "small.cnn").write_text("input(3, 8, 8) -> fc(5)", "utf-8")
    net = network(str(tmp_path / "small.cnn"))
    assert (net.name, net.output) == ("small", (5,))


def test_a_definition_of_the_text_hides_the_zoo() -> None:
    assert network("resnet18 = fc(3)\ninput(3, 8, 8) -> resnet18").output == (3,)


def test_it_shows_itself_in_a_line() -> None:
    expected = "<striate network network: 3x8x8 -> 5>"
    assert repr(network("input(3, 8, 8) -> fc(5)")) == expected


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("resnet19", "unknown-name"),
        ("nothing.cnn", "unreadable-file"),
        ("", None),
        ("conv(3)", "no-input"),
        ("resnet18(width=3)", "unknown-argument"),
    ],
)
def test_a_wrong_spec_is_told(spec: str, code: str | None) -> None:
    with pytest.raises(StriateError) as caught:
        network(spec)
    assert code is None or caught.value.code == code


def test_the_nearest_network_of_the_zoo_is_suggested() -> None:
    with pytest.raises(TextError, match="did you mean 'resnet1"):
        network("resnet19")


@pytest.mark.parametrize("sizes", [(), (None, 8, 8), (3, 0, 8), (3, 8, 8, 8, 8), (3, 10**7)])
def test_a_wrong_size_is_told(sizes: tuple[int | None, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        network("relu", input=sizes)
    assert caught.value.code == "input-sizes"


TEXTS = [
    "resnet18",
    "resnet20(classes=7)",
    "googlenet(heads=1)",
    "cbam_resnet50",
    "fpn_resnet50",
    "densenet121",
    "efficientnet_b0",
    "convnext_tiny",
    "hrnet_w18",
    "unet_same",
    "stn_digits",
    "input(3, 64, 64) -> (net: resnet18, @net.layer3) -> .1",
    "input(3, 32, 32) -> se(4) -> gap -> fc(10)",
    "(a: input(3, 8, 8), b: input(3, 8, 8)) -> add -> fc(2)",
]


def wiring(graph: Graph) -> list[object]:
    """Layers, what they read and give, and where their weights live."""
    return [
        (node.op, node.inputs, node.outputs, node.init, node.path if node.weights else "")
        for node in graph.nodes
    ]


@pytest.mark.parametrize("spec", TEXTS)
def test_its_text_makes_it_again(spec: str) -> None:
    net = network(spec)
    again = network(net.text)
    assert keys(again.graph) == keys(net.graph)
    assert wiring(again.graph) == wiring(net.graph)
    assert again.graph.outputs == net.graph.outputs


@pytest.mark.parametrize("spec", ["resnet18", "hrnet_w18", "cbam_resnet50"])
def test_its_flat_text_makes_it_again(spec: str) -> None:
    net = network(spec)
    again = network(net.flat)
    assert keys(again.graph) == keys(net.graph)
    assert again.params == net.params


@pytest.mark.parametrize("text", ["resnet18(classes=7)", "input(3, 8, 8) -> gap -> fc(3)"])
def test_classes_that_cannot_be_taken_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"and classes=10 cannot change it"):
        network(text, classes=10)


def test_classes_that_are_there_already_are_fine() -> None:
    assert network("input(3, 8, 8) -> gap -> fc(3)", classes=3).output == (3,)
