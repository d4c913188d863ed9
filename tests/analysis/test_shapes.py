"""Other input sizes: what is legal, and what the layers make of it."""

from __future__ import annotations

import pytest

from striate import network
from striate.analysis.shapes import LegalSizes, legal_sizes, with_input
from striate.errors import GraphError
from striate.ir import Graph, TensorType, verify
from tests.analysis.graphs import chain, resnet50, unet


def sizes(graph: Graph) -> LegalSizes:
    found = legal_sizes(graph)
    assert found is not None
    return found


def test_retyping_gives_the_graph_that_building_would_give() -> None:
    other = with_input(resnet50(224), TensorType.of(3, 64, 64))
    verify(other)
    assert other == resnet50(64)


def test_retyping_says_which_layer_does_not_fit() -> None:
    graph = chain((3, 32, 32), ("conv", 8, 7, 1, 0), ("maxpool", 2))
    with pytest.raises(GraphError) as caught:
        with_input(graph, TensorType.of(3, 5, 5))
    assert caught.value.code == "kernel-too-large"
    assert "at '1', with input 3x5x5" in str(caught.value)


def test_retyping_wants_one_type_for_each_input() -> None:
    with pytest.raises(GraphError) as caught:
        with_input(resnet50(64))
    assert caught.value.code == "wrong-input-count"


def test_resnet_takes_any_size_and_divides_multiples_of_32_evenly() -> None:
    assert sizes(resnet50()) == LegalSizes(1, 1, (0,), 32, 0, None)
    assert str(sizes(resnet50())) == "any from 1; multiples of 32 divide evenly"


def test_unet_takes_multiples_of_sixteen() -> None:
    found = sizes(unet(64, width=2))
    assert (found.smallest, found.step) == (16, 16)
    assert str(found) == "multiples of 16 from 16"


def test_shallower_unet_takes_smaller_multiples() -> None:
    assert sizes(unet(64, depth=2, width=2)).step == 4


def test_inception_needs_75_pixels_and_likes_299() -> None:
    # 75 is the limit that torchvision and Keras document.
    found = sizes(network("inception_v3").graph)
    assert found.smallest == 75
    assert 299 % found.best_multiple == found.best_rest


@pytest.mark.parametrize("name", ["bn_inception", "nasnet_a_mobile", "resnet18", "unet_bio"])
def test_what_is_said_of_sizes_is_what_the_network_takes(name: str) -> None:
    net = network(name)
    found = sizes(net.graph)
    for size in range(found.smallest, found.smallest + 2 * found.best_multiple):
        try:
            with_input(net.graph, TensorType.of(net.input[0] or 3, size, size))
        except GraphError:
            is_legal = False
        else:
            is_legal = True
        assert is_legal == (size % found.step in found.rests), size
        assert (found.from_on(size) == size) == is_legal


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("input(8, 33, 33) -> (conv(8, 3, 2, p=0) + avgpool(2))", "2n + 1 from 3"),
        (
            "input(8, 33, 33) -> conv(8, 3, 2) -> (conv(8, 3, 2, p=0) + avgpool(2))",
            "4n + 1 to 2 from 5",
        ),
        ("input(8, 32, 32) -> (maxpool(2) -> up(2) + id)", "multiples of 2 from 2"),
    ],
)
def test_branches_that_round_differently_meet_at_some_sizes(text: str, told: str) -> None:
    assert str(sizes(network(text).graph)).startswith(told)


def test_unpadded_layers_bound_the_size_from_below() -> None:
    # LeNet: 5x5, halved, 5x5, halved: n must leave ((n - 4) // 2 - 4) // 2 >= 1.
    graph = chain(
        (1, 32, 32), ("conv", 6, 5, 1, 0), ("avgpool", 2), ("conv", 16, 5, 1, 0), ("avgpool", 2)
    )
    assert sizes(graph).smallest == 16


def test_dense_layers_fix_the_size_for_trained_weights() -> None:
    assert sizes(chain((3, 16, 16), ("conv", 4), ("fc", 10))).fixed_by == "2"
    assert sizes(chain((3, 16, 16), ("conv", 4), ("gap",), ("fc", 10))).fixed_by is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("input(3, 8, 8) -> conv(4) -> (id & param(4, 8, 8))", "only 8"),
        ("input(3, 8, 8) -> conv(4, s=2) -> (id + param(4, 4, 4)) -> gap -> fc(2)", "7 to 8"),
    ],
)
def test_a_learned_plane_allows_the_sizes_that_lead_to_it(text: str, told: str) -> None:
    assert str(sizes(network(text).graph)) == told


def test_open_sizes_are_tried_too() -> None:
    assert sizes(resnet50(None)).smallest == 1


def test_flat_inputs_have_no_sizes_to_choose() -> None:
    assert legal_sizes(chain((10,), ("fc", 5))) is None
