"""Chains, repetitions, folds, joins, tuples, conditionals in a network, inputs and outputs."""

from __future__ import annotations

import pytest

from tests.notation.networks import build, mistake, ops, output, paths, words

IMAGE = "input(4, 8, 8) -> "


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("(conv(4) + id)", "4x8x8"),
        ("(conv(4) - id)", "4x8x8"),
        ("(id + gap)", "4x8x8"),
        ("(id | conv(5))", "9x8x8"),
        ("(conv(5) | id | conv(6))", "15x8x8"),
        ("(id & gap -> conv(4, 1))", "4x8x8"),
        ("(id & gap -> fc(4))", "4x8x8"),
        ("(id & conv(1))", "4x8x8"),
        ("(id, conv(5))", "4x8x8, 5x8x8"),
        ("((id, conv(5)), conv(6))", "4x8x8, 5x8x8, 6x8x8"),
        ("(id, conv(5)) -> .1", "5x8x8"),
        ("(id, conv(5)) -> take(3 - 2)", "5x8x8"),
        ("(id, conv(5)) -> (.0 | .1 -> relu)", "9x8x8"),
        ("(id, conv(4)) -> add", "4x8x8"),
        ("split(2) -> .1", "2x8x8"),
        ("split([1, 3]) -> (.1, .0)", "3x8x8, 1x8x8"),
    ],
)
def test_shapes_of_joins(text: str, shape: str) -> None:
    assert output(build(IMAGE + text)) == shape


def test_a_sum_of_several_branches_is_one_node() -> None:
    assert ops(build(f"{IMAGE}(id + relu + gelu)")) == ["relu", "gelu", "+"]


def test_differences_go_from_left_to_right() -> None:
    assert ops(build(f"{IMAGE}(relu - gelu + silu)")) == ["relu", "gelu", "silu", "-", "+"]


def test_every_branch_receives_the_same_input() -> None:
    graph = build(f"{IMAGE}bn -> (relu | gelu)")
    relu, gelu = graph.nodes[2:4]
    assert relu.inputs == gelu.inputs


def test_a_lone_branch_is_its_own() -> None:
    assert ops(build(f"{IMAGE}(conv(3) + none)")) == ["conv(3)"]


def test_a_reducer_joins_a_tuple() -> None:
    assert ops(build(f"{IMAGE}(relu, gelu) -> mean")) == ["relu", "gelu", "mean"]


# Repetition and folds


def test_a_repetition_makes_fresh_weights_each_time() -> None:
    graph = build(f"{IMAGE}(conv(4) -> relu)*3")
    assert paths(graph) == ["0", "1", "2", "3", "4", "5"]
    assert graph.params == 3 * (4 * 4 * 9 + 4)


def test_no_repetition_is_the_identity() -> None:
    assert ops(build(f"{IMAGE}conv(5)*0 -> relu")) == ["relu"]


def test_a_densenet_step_repeats() -> None:
    assert output(build(f"{IMAGE}(id | conv(32))*6")) == "196x8x8"  # 4 + 6*32


@pytest.mark.parametrize(
    ("fold", "shape"),
    [
        ("(-> conv(w) for w in [5, 6])", "6x8x8"),
        ("(+ conv(7, k) for k in [1, 3, 5])", "7x8x8"),
        ("(| conv(w) for w in 2..4)", "9x8x8"),
        ("(& conv(4, k) for k in [1, 3])", "4x8x8"),
        ("(, conv(w) for w in [2, 3])", "2x8x8, 3x8x8"),
        ("(-> conv(w, k) for w, k in [[5, 1], [6, 3]])", "6x8x8"),
        ("(-> conv(w) for w in []) -> relu", "4x8x8"),
    ],
)
def test_folds(fold: str, shape: str) -> None:
    assert output(build(IMAGE + fold)) == shape


@pytest.mark.parametrize("sign", ["+", "|", "&"])
def test_an_empty_fold_of_a_join_is_no_branch(sign: str) -> None:
    assert ops(build(f"{IMAGE}(relu + ({sign} conv(w) for w in []))")) == ["relu"]


# Conditionals


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if 1 == 1 then relu else gelu", ["relu"]),
        ("if 1 == 2 then relu else gelu", ["gelu"]),
        ("bn -> if 1 == 2 then relu", ["bn"]),
        ("(bn + if 1 == 2 then relu)", ["bn"]),
        ("(bn | if 1 == 2 then relu)", ["bn"]),
        ("(bn -> if 1 == 2 then relu + gelu)", ["bn", "gelu", "+"]),
        ("(, if i > 0 then conv(i) for i in 0..2)", ["conv(1)", "conv(2)"]),
    ],
)
def test_an_absent_else_is_the_unit_of_what_encloses_it(text: str, expected: list[str]) -> None:
    assert ops(build(IMAGE + text)) == expected


@pytest.mark.parametrize(("width", "joins"), [(4, 1), (5, 0)])
def test_the_shortcut_of_mobilenet(width: int, joins: int) -> None:
    text = f"block(w, s=1) := (conv(w, 3, s) + if s == 1 and c == w then id)\n{IMAGE}block({width})"
    assert ops(build(text)).count("+") == joins


@pytest.mark.parametrize(("stride", "convolutions"), [(1, 1), (2, 2)])
def test_the_shortcut_of_resnet(stride: int, convolutions: int) -> None:
    text = "block(w, s) := (conv(w, 3, s) + if s == 1 and c == w then id else conv(w, 1, s))\n"
    made = build(f"{text}{IMAGE}block(4, {stride})")
    assert sum("conv" in one for one in ops(made)) == convolutions


# Inputs and outputs


def test_an_input_is_made_or_checked() -> None:
    assert output(build("input(3, 8, 8) -> relu")) == "3x8x8"
    assert output(build("relu", (3, 8, 8))) == "3x8x8"
    assert output(build("input(3, 8, 8) -> relu", (3, 8, 8))) == "3x8x8"
    assert output(build("input(3x?x?) -> relu", (3, 9, 8))) == "3x9x8"
    assert mistake("input(3, 8, 8) -> relu", (3, 9, 9)).code == "input-differs"


def test_an_input_in_the_middle_checks_what_arrives() -> None:
    assert ops(build("net = input(3, 8, 8) -> relu\ninput(3, 8, 8) -> net")) == ["relu"]
    found = mistake("net = input(3, 8, 8) -> relu\ninput(4, 8, 8) -> net")
    assert found.reason == "the text says input 3x8x8, but 4x8x8 enters"


def test_several_inputs() -> None:
    graph = build("(a: input(3, 8, 8), b: input(10)) -> (.0 & .1 -> fc(3)) -> gap -> fc(2)")
    assert [str(one) for one in graph.input_types] == ["3x8x8", "10"]
    assert output(graph) == "2"


def test_several_inputs_from_the_host_come_in_order() -> None:
    graph = build("(a: input(3, 8, 8), b: input(3x?x?)) -> add", (3, 8, 8), (3, 8, 8))
    assert len(graph.inputs) == 2
    assert output(graph) == "3x8x8"


def test_several_outputs() -> None:
    assert output(build(f"{IMAGE}(conv(5), gap -> fc(2))")) == "5x8x8, 2"


def test_layers_that_reach_no_output_are_pruned_and_listed() -> None:
    graph = build(f"{IMAGE}(conv(5), conv(6) -> relu) -> .0")
    assert ops(graph) == ["conv(5)"]
    assert graph.pruned == ("1", "2")


def test_the_backbone_up_to_a_layer() -> None:
    text = f"net := a: conv(5) -> b: conv(6) -> fc(2)\n{IMAGE}(net: net, @net.b) -> .1"
    graph = build(text)
    assert paths(graph) == ["net.a", "net.b"]
    assert output(graph) == "6x8x8"


@pytest.mark.parametrize("shape", ["4x8x8", "4x?x?", "[4, 8, 8]"])
def test_an_assertion_that_holds(shape: str) -> None:
    assert output(build(f"{IMAGE}relu :: {shape} -> gap :: 4x1x1 -> fc(3) :: 3")) == "3"


@pytest.mark.parametrize(
    ("text", "code", "guilty"),
    [
        ("relu :: 4x9x9", "assertion-fails", "4x9x9"),
        ("(conv(5) + id)", "unequal-shapes", "(conv(5) + id)"),
        ("(conv(5, 3, 2) | id)", "unequal-planes", "(conv(5, 3, 2) | id)"),
        ("(conv(5) & conv(6))", "cannot-broadcast", "(conv(5) & conv(6))"),
        ("((id, relu) + id)", "branch-of-streams", "(id, relu)"),
        ("(id, relu) -> conv(3)", "wrong-stream-count", "conv(3)"),
        ("(id, relu) -> .2", "no-such-stream", ".2"),
        ("relu*(0 - 1)", "negative-count", "(0 - 1)"),
        ("relu*0.5", "whole-number-expected", "0.5"),
        ("relu*gelu", "number-expected", "gelu"),
        ("3*(relu)", "count-first", "3*(relu)"),
        ("(-> conv(w) for w in 3)", "list-expected", "3"),
        ("(relu, 3)", "number-in-chain", "3"),
        ("none", "no-output", "input(4, 8, 8) -> none"),
        ("[relu]", "number-in-chain", "[relu]"),
    ],
)
def test_what_does_not_fit_is_told_where_it_stands(text: str, code: str, guilty: str) -> None:
    found = mistake(IMAGE + text)
    assert (found.code, words(found)) == (code, guilty)


def test_a_network_without_input_asks_for_one() -> None:
    found = mistake("conv(16) -> relu")
    assert (found.code, words(found)) == ("no-input", "conv(16)")


@pytest.mark.parametrize("stated", ["0", "3.5", "relu", "-1", "[[1], [2]]"])
def test_a_wrong_size_of_an_input(stated: str) -> None:
    assert mistake(f"input({stated})").code == "input-size"
