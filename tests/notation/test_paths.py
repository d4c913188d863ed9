"""Module paths, by the four rules; and the published keys that they give."""

from __future__ import annotations

import pytest

from striate import network
from tests.notation.networks import build, keys, mistake, paths, words

IMAGE = "input(3, 32, 32) -> "


def test_the_network_itself_is_the_root() -> None:
    text = "net(w) := conv(w) -> relu\nsmall = net(4)\n"
    assert paths(build(f"{text}small", (3, 8, 8))) == ["0", "1"]
    assert paths(build(f"{text}{IMAGE}small")) == ["0", "1"]
    assert paths(build(f"{text}{IMAGE}small -> small")) == ["0.0", "0.1", "1.0", "1.1"]


def test_elements_are_numbered_in_order_with_those_that_have_no_weights() -> None:
    assert paths(build(f"{IMAGE}conv(4) -> relu -> conv(5)")) == ["0", "1", "2"]


def test_parentheses_are_transparent() -> None:
    assert paths(build(f"{IMAGE}((conv(4) -> (relu)) -> (conv(5) -> relu))")) == list("0123")


def test_branches_of_forks_are_numbered_in_text_order() -> None:
    graph = build(f"{IMAGE}(conv(3) -> relu + bn) -> relu")
    assert paths(graph) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    "wire", ["id", "(id, id) -> .0", "(id, relu) -> take(0)", "if 1 == 2 then bn"]
)
def test_wires_joins_and_absent_branches_take_no_number(wire: str) -> None:
    *_, last = paths(build(f"{IMAGE}conv(4) -> {wire} -> conv(5)"))
    assert last == ("2" if "relu" in wire else "1")


def test_a_label_on_a_layer_names_it_and_opens_nothing() -> None:
    assert paths(build(f"{IMAGE}stem: conv(4) -> relu")) == ["stem", "1"]


def test_a_label_on_a_call_of_a_module_names_its_scope() -> None:
    assert paths(build(f"m := conv(4) -> relu\n{IMAGE}stem: m")) == ["stem.0", "stem.1"]


@pytest.mark.parametrize(
    ("labelled", "expected"),
    [
        ("(conv(3) -> relu)", ["a.0", "a.1"]),
        ("(conv(3) + id)", ["a.0"]),
        ("(conv(3), relu)", ["a.0", "a.1"]),
        ("(-> conv(w) for w in [3, 4])", ["a.0", "a.1"]),
        ("conv(3)*2", ["a.0", "a.1"]),
        ("(conv(3) -> b: (relu -> relu))", ["a.0", "a.b.0", "a.b.1"]),
    ],
)
def test_a_label_on_several_elements_opens_a_scope(labelled: str, expected: list[str]) -> None:
    assert paths(build(f"{IMAGE}a: {labelled}")) == expected


def test_a_label_on_an_abbreviation_opens_a_scope_for_its_elements() -> None:
    assert paths(build(f"f = conv(3) -> relu\n{IMAGE}a: f -> f")) == ["a.0", "a.1", "1", "2"]


def test_an_integer_label_sets_the_position() -> None:
    graph = build(f"{IMAGE}0: conv(4) -> 2: bn -> 3: conv(4) -> relu -> 7: conv(4) -> relu")
    assert paths(graph) == ["0", "2", "3", "4", "7", "8"]


def test_a_computed_label() -> None:
    graph = build(f'{IMAGE}(-> layer{{i+1}}: conv(4) for i in 0..1) -> "b{{1}}-{{2}}": relu')
    assert paths(graph) == ["layer1", "layer2", "b1-2"]


def test_a_label_with_dots_is_a_path() -> None:
    graph = build(f"{IMAGE}layer1.0.conv1: conv(4) -> layer1.0.bn1: bn -> relu")
    assert paths(graph) == ["layer1.0.conv1", "layer1.0.bn1", "2"]


@pytest.mark.parametrize(
    ("body", "guilty", "name"),
    [
        ("a: conv(4) -> a: relu", "a: relu", "a"),
        ("conv(4) -> 0: relu", "0: relu", "0"),
        ("1: conv(4) -> 0: relu -> bn", "bn", "1"),
        ("(-> a: conv(4) for i in 1..2)", "a: conv(4)", "a"),
        ("a: conv(4)*2 -> a.1: relu", "a.1: relu", "a"),
        ("a.b: conv(4) -> a.b.c: relu", "a.b.c: relu", "a.b"),
    ],
)
def test_two_equal_names_in_a_scope_are_a_mistake(body: str, guilty: str, name: str) -> None:
    found = mistake(IMAGE + body)
    assert found.code == "name-taken"
    assert found.reason == f"two elements of the network are called '{name}'"
    assert guilty.endswith(words(found))


def test_a_label_in_an_abbreviation_that_is_used_twice_is_a_mistake() -> None:
    found = mistake(f"block(w) = (a: conv(w) -> bn + id) -> relu\n{IMAGE}conv(16) -> block(16)*2")
    assert found.code == "name-taken"
    assert found.trail == ("block, called at line 2 with input 16x32x32",)


# The keys quoted from torchvision and timm in the specification

PUBLISHED = {
    "vgg16_bn": ["features.0.weight", "classifier.6.bias"],
    "mobilenet_v3_large": ["features.4.block.2.fc1.weight", "classifier.3.bias"],
    "googlenet": ["inception3a.branch2.1.conv.weight", "inception4a.branch4.1.bn.weight"],
    "shufflenet_v2_x1_0": ["stage2.0.branch2.3.weight", "conv5.0.weight"],
    "regnet_y_400mf": ["trunk_output.block1.block1-0.f.a.0.weight", "fc.weight"],
    "resnest14d": ["layer1.0.downsample.1.weight", "conv1.0.weight"],
    "hrnet_w18": ["stage3.2.fuse_layers.2.0.1.0.weight", "classifier.weight"],
    "convnext_tiny": ["features.1.0.layer_scale", "features.1.0.block.5.weight"],
    "resnet50": ["layer1.0.conv1.weight", "layer4.2.bn3.running_var", "fc.bias"],
    "densenet121": ["features.denseblock1.denselayer1.norm1.weight", "classifier.bias"],
    "inception_v3": ["Mixed_5b.branch1x1.conv.weight", "Conv2d_1a_3x3.bn.weight", "fc.weight"],
    "efficientnet_b0": ["features.1.0.block.1.fc1.weight", "features.8.1.weight"],
    "squeezenet1_0": ["features.3.squeeze.weight", "classifier.1.weight"],
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_keys(name: str) -> None:
    assert set(PUBLISHED[name]) <= set(keys(network(name).graph))


def test_a_bottleneck_of_resnet_has_the_keys_of_torchvision_in_order() -> None:
    first = [key for key in keys(network("resnet50").graph) if key.startswith("layer1.0.")]
    norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    expected = []
    for conv, bn in [
        ("conv1", "bn1"),
        ("conv2", "bn2"),
        ("conv3", "bn3"),
        ("downsample.0", "downsample.1"),
    ]:
        expected += [f"layer1.0.{conv}.weight", *(f"layer1.0.{bn}.{one}" for one in norm)]
    assert first == expected
