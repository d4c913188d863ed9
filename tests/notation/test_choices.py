"""Members of a pattern: what is chosen once, what anew, and how a vector names a member."""

from __future__ import annotations

import pytest

from striate import pattern
from striate.errors import TextError
from striate.ir import Graph
from striate.notation.patterns import Pattern
from tests.notation.networks import build, mistake, ops, words

IMAGE = "input(4, 8, 8) -> "


def members(text: str) -> list[list[str]]:
    return [ops(graph) for graph in pattern(text).members()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv({5, 6})", [["conv(5)"], ["conv(6)"]]),
        ("conv({4..6}, 1)", [["conv(4, 1)"], ["conv(5, 1)"], ["conv(6, 1)"]]),
        ("{relu, conv(3)}", [["relu"], ["conv(3)"]]),
        ("relu?", [["relu"], []]),
        ("relu*{0..2}", [[], ["relu"], ["relu", "relu"]]),
        ("(bn + {relu, none})", [["bn", "relu", "+"], ["bn"]]),
        ("{relu, gelu?}", [["relu"], ["gelu"], []]),
    ],
)
def test_choices_stand_anywhere(text: str, expected: list[list[str]]) -> None:
    assert members(IMAGE + text) == expected


def test_a_parameter_is_chosen_once_per_call() -> None:
    text = f"f(a) = conv(a, 1) -> conv(a, 1)\n{IMAGE}f({{5, 6}})"
    assert members(text) == [["conv(5, 1)"] * 2, ["conv(6, 1)"] * 2]


def test_a_repetition_chooses_anew_in_each_round() -> None:
    assert pattern(f"{IMAGE}conv({{5, 6}})*3").count() == 8
    assert len(members(f"{IMAGE}conv({{5, 6}})*3")) == 8


def test_a_top_level_definition_is_chosen_at_each_mention() -> None:
    assert len(members(f"w = {{5, 6}}\n{IMAGE}conv(w) -> conv(w)")) == 4


def test_a_where_value_is_chosen_once() -> None:
    assert len(members(f"{IMAGE}conv(w) -> conv(w) where w = {{5, 6}}")) == 2


def test_a_shared_module_is_chosen_once() -> None:
    text = f"{IMAGE}m -> relu -> m where m: conv(4, {{1, 3}})"
    assert members(text) == [["conv(4, 1)", "relu", "conv(4, 1)"], ["conv(4)", "relu", "conv(4)"]]
    assert pattern(text).count() == 2


def test_a_choice_in_a_network_argument_is_made_at_each_use() -> None:
    assert len(members(f"twice(body) = body -> body\n{IMAGE}twice((relu -> conv({{5, 6}})))")) == 4


def test_widths_propagate_to_what_follows() -> None:
    graphs = list(
        pattern(f"{IMAGE}conv({{8, 16}}) -> bn -> (id & gap -> conv(_, 1)) -> fc(2)").members()
    )
    assert [graph.params for graph in graphs] == [count(8), count(16)]


def count(width: int) -> int:
    """Parameters of the member with this width."""
    return (4 * 9 + 1) * width + 2 * width + (width + 1) * width + (width * 64 + 1) * 2


# Vectors


def space() -> Pattern:
    return pattern(f"{IMAGE}(conv({{5, 6, 7}}) -> relu?)*{{1, 2}} -> fc(2)")


def test_a_vector_names_a_member_and_is_found_again() -> None:
    # The count first, then width and relu of each round: 3*2 + (3*2)^2 members.
    vectors = list(space().vectors())
    assert len(vectors) == space().count() == 42
    assert vectors[0] == (0, 0, 0)
    assert vectors[-1] == (1, 2, 1, 2, 1)
    assert ops(space().member((1, 2, 1, 0, 0))) == ["conv(7)", "conv(5)", "relu", "fc(2)"]
    for vector in vectors:
        assert space().find(space().member(vector)) == vector


def test_a_network_that_is_no_member_is_not_found() -> None:
    assert space().find(build(f"{IMAGE}conv(8) -> relu -> fc(2)")) is None


def test_a_member_is_found_whatever_its_names() -> None:
    assert space().find(build(f"{IMAGE}stem: conv(6) -> head: fc(2)")) == (0, 1, 1)


@pytest.mark.parametrize(
    ("vector", "code"),
    [((0, 3, 0), "no-such-decision"), ((0, 0), "decision-count"), ((0, 0, 0, 0), "decision-count")],
)
def test_a_wrong_vector_is_told(vector: tuple[int, ...], code: str) -> None:
    with pytest.raises(TextError) as caught:
        space().member(vector)
    assert caught.value.code == code


def test_samples_repeat_with_their_seed_and_are_members() -> None:
    drawn = [space().sample(seed) for seed in range(20)]
    assert drawn == [space().sample(seed) for seed in range(20)]
    assert len({graph.decisions for graph in drawn}) > 5
    assert all(space().member(graph.decisions) == graph for graph in drawn)


def test_members_that_are_no_legal_networks_are_passed_over() -> None:
    poolings = pattern("input(4, 8, 8) -> maxpool*{1..6} -> fc(2)")
    assert poolings.count() == 6
    assert [ops(graph).count("maxpool") for graph in poolings.members()] == [1, 2, 3]
    assert {ops(poolings.sample(seed)).count("maxpool") for seed in range(20)} == {1, 2, 3}


def test_a_pattern_without_legal_members_tells_why() -> None:
    with pytest.raises(TextError) as caught:
        pattern("input(4, 2, 2) -> maxpool*{2..3}").sample(0)
    assert caught.value.code == "kernel-too-large"


# Where a network is asked for


def test_a_choice_that_is_left_open_is_told_once() -> None:
    found = mistake(f"{IMAGE}(conv(16) -> relu)*{{1..3}} -> maxpool? -> fc({{10, 20}})")
    assert (found.code, words(found)) == ("open-choice", "{1..3}")


def test_an_empty_range_is_no_choice() -> None:
    assert mistake(f"{IMAGE}conv({{3..1}})").code == "empty-choice"


def test_a_network_is_a_pattern_with_one_member() -> None:
    single = pattern(f"{IMAGE}conv(3)")
    assert single.count() == 1
    assert list(single.vectors()) == [()]
    found: Graph = single.member(())
    assert found == build(f"{IMAGE}conv(3)")
