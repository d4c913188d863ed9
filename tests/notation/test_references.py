"""Values by name: labels, `as`, dotted paths, `@in`, and what is visible where."""

from __future__ import annotations

import pytest

from tests.notation.networks import build, mistake, ops, output, words

IMAGE = "input(4, 8, 8) -> "


@pytest.mark.parametrize(
    "naming", ["a: conv(5)", "conv(5) as a", "a: (conv(5) -> relu)", "(conv(5) -> relu) as a"]
)
def test_labels_and_as_name_an_output(naming: str) -> None:
    assert output(build(f"{IMAGE}{naming} -> conv(6) -> (id | @a)")) == "11x8x8"


def test_a_label_is_a_path_and_as_is_not() -> None:
    graph = build(f"{IMAGE}a: conv(5) -> conv(5) as b")
    assert [node.path for node in graph.nodes[1:]] == ["a", "1"]
    assert {"a", "b"} <= set(graph.names)


@pytest.mark.parametrize("reference", ["@body.b", "@body.inner.0", "@out.0"])
def test_dotted_parts_go_into_scopes(reference: str) -> None:
    body = "body: (b: conv(7) -> inner: (conv(7) -> relu))"
    text = f"m := conv(7) -> relu\n{IMAGE}{body} -> out: m -> (id + {reference})"
    assert output(build(text)) == "7x8x8"


def test_positions_are_names_inside_a_scope() -> None:
    graph = build(f"{IMAGE}features: (conv(5) -> relu -> conv(6)) -> (@features.0 | @features.1)")
    assert output(graph) == "10x8x8"


def test_names_in_a_repetition_mean_the_latest() -> None:
    graph = build(f"{IMAGE}(conv(4) as x -> relu -> (id + @x))*2")
    convolutions = [index for index, node in enumerate(graph.nodes) if node.op.name == "conv"]
    sums = [node for node in graph.nodes if node.op.name == "+"]
    assert [one.inputs[1].node for one in sums] == convolutions


def test_at_in_is_what_enters_the_definition() -> None:
    graph = build(f"block := bn -> relu -> (conv(c) + @in)\n{IMAGE}conv(5) -> block")
    *_, last = graph.nodes
    assert graph.nodes[last.inputs[1].node].op.name == "conv"
    assert last.inputs[1].node == 1


def test_a_group_begins_with_a_reference_on_purpose() -> None:
    assert ops(build(f"{IMAGE}conv(5) as a -> conv(6) -> (@a) -> conv(7)")) == [
        "conv(5)",
        "conv(7)",
    ]


def test_names_of_a_group_are_visible_behind_it() -> None:
    text = f"{IMAGE}(conv(5) as a | conv(6)) -> conv(5) -> (id + @a)"
    assert output(build(text)) == "5x8x8"


def test_names_of_an_abbreviation_join_the_scope_that_uses_it() -> None:
    assert output(build(f"f = conv(5) as a -> conv(6)\n{IMAGE}f -> (id | @a)")) == "11x8x8"


def test_names_do_not_leave_a_module() -> None:
    text = f"f := conv(5) as a -> conv(6)\n{IMAGE}f -> (id | @a)"
    found = mistake(text)
    assert (found.code, words(found)) == ("unknown-reference", "@a")


def test_names_do_not_enter_a_module() -> None:
    found = mistake(f"f := (id | @a)\n{IMAGE}conv(5) as a -> f")
    assert (found.code, words(found)) == ("unknown-reference", "@a")
    assert found.trail == ("f, called at line 2 with input 5x8x8",)


def test_a_name_must_stand_before_its_use() -> None:
    assert mistake(f"{IMAGE}(id | @a) -> conv(5) as a").code == "unknown-reference"


def test_the_nearest_name_is_suggested() -> None:
    found = mistake(f"{IMAGE}conv(5) as shortcut -> (id | @shortcat)")
    assert found.reason.endswith("did you mean 'shortcut'?")


def test_a_reference_in_mid_chain_is_a_mistake() -> None:
    found = mistake(f"{IMAGE}conv(5) as a -> relu -> @a -> conv(6)")
    assert (found.code, words(found)) == ("reference-in-mid-chain", "@a")


def test_several_streams_have_one_name() -> None:
    graph = build(f"{IMAGE}split(2) as parts -> .0 -> conv(2) -> (id | @parts -> .1)")
    assert output(graph) == "4x8x8"


def test_a_reference_is_an_input_of_a_layer_with_several() -> None:
    graph = build(f"{IMAGE}conv(5) as x -> maxpool -> (id, @x) -> up")
    assert output(graph) == "5x8x8"


def test_at_in_of_a_network_without_input_is_told() -> None:
    assert mistake("(@in, id) -> add").code == "no-stream-here"
