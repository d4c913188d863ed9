"""The layer that is looked at, asked of graphs of many kinds."""

from __future__ import annotations

import pytest

from striate.errors import UsageError
from striate.explain import Layer, chosen_layer
from striate.networks import network


def chosen(text: str, name: str | None = None) -> Layer:
    return chosen_layer(network(text).graph, name)


@pytest.mark.parametrize(
    ("text", "name", "plane"),
    [
        ("input(3, 16, 16) -> conv(8) -> relu -> maxpool -> gap -> fc(2)", "2", (8, 8)),
        ("input(3, 16, 16) -> conv(8) -> relu -> flatten -> fc(2)", "1", (16, 16)),
        (
            "input(3, 16, 16) -> conv(8) -> body: (conv(8) -> relu) -> gap -> fc(2)",
            "body",
            (16, 16),
        ),
        # Neither a 1x1 convolution behind the pooling nor dropout before it says where.
        ("input(3, 16, 16) -> conv(8) -> gap -> conv(9, 1) -> relu -> fc(2)", "0", (16, 16)),
        ("input(3, 16, 16) -> conv(8) -> dropout -> gap -> fc(2)", "0", (16, 16)),
        # A gate is computed from the whole plane, but what it weighs is a plane.
        (
            "input(3, 16, 16) -> conv(8) -> (id & gap -> conv(8, 1) -> sigmoid) -> gap -> fc(2)",
            "&",
            (16, 16),
        ),
        ("input(3, 16, 8) -> conv(8, 3, 2) -> gap -> fc(2)", "0", (8, 4)),
    ],
)
def test_it_is_the_last_plane_before_the_output(
    text: str, name: str, plane: tuple[int, int]
) -> None:
    found = chosen(text)
    assert (found.name, found.plane) == (name, plane)


@pytest.mark.parametrize(
    ("text", "name", "plane"),
    [
        ("resnet18", "layer4", (7, 7)),
        ("googlenet", "inception5b", (7, 7)),
        ("squeezenet1_1", "classifier.2", (13, 13)),
        ("densenet121", None, (7, 7)),
        ("mobilenet_v3_small", None, (7, 7)),
        ("convnext_tiny", "features", (7, 7)),
    ],
)
def test_published_networks_are_looked_at_where_people_do(
    text: str, name: str | None, plane: tuple[int, int]
) -> None:
    found = chosen(text)
    assert found.plane == plane
    assert name in (None, found.name)


def test_of_several_ways_to_the_output_the_last_computed_is_taken_and_the_rest_told() -> None:
    found = chosen(
        "input(3, 16, 16) -> conv(8) -> (conv(4) -> gap | conv(6, 3, 2) -> gap) -> fc(2)"
    )
    assert found.plane == (8, 8)
    assert len(found.others) == 1
    other = chosen(
        "input(3, 16, 16) -> conv(8) -> (conv(4) -> gap | conv(6, 3, 2) -> gap) -> fc(2)",
        found.others[0],
    )
    assert other.plane == (16, 16)


def test_another_is_taken_by_name() -> None:
    assert chosen("resnet18", "layer2").plane == (28, 28)
    assert chosen("resnet18", "layer2.0.conv1").name == "layer2.0.conv1"


def test_a_number_alone_is_told_with_its_kind() -> None:
    assert str(chosen("input(3, 16, 16) -> conv(8) -> relu -> gap -> fc(2)")) == "1 (relu), 16x16"


@pytest.mark.parametrize(
    ("text", "name", "code", "words"),
    [
        ("input(4) -> fc(8) -> relu -> fc(2)", None, "no-plane", "no layer with a plane"),
        ("input(3, 1, 1) -> conv(8, 1) -> gap -> fc(2)", None, "no-plane", "not yet of 1x1"),
        ("input(3, 9) -> conv(8) -> gap -> fc(2)", None, "no-plane", "no layer with a plane"),
        ("resnet18", "layer5", "unknown-layer", "did you mean 'layer"),
        ("resnet18", "fc", "layer-without-plane", "gives no plane"),
    ],
)
def test_what_cannot_be_looked_at_is_told(
    text: str, name: str | None, code: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(text, name)
    assert caught.value.code == code
    assert words in str(caught.value)
