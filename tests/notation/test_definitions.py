"""Definitions: abbreviations, modules, presets, arguments, defaults, recursion, shared modules."""

from __future__ import annotations

import pytest

from tests.notation.networks import build, mistake, ops, output, paths, words

IMAGE = "input(3, 8, 8) -> "


def test_an_abbreviation_joins_the_scope_that_uses_it() -> None:
    graph = build(f"cbr(w) = conv(w) -> bn -> relu\n{IMAGE}cbr(4) -> cbr(5)")
    assert paths(graph) == ["0", "1", "2", "3", "4", "5"]


def test_each_use_of_a_module_is_one_child_with_its_own_scope() -> None:
    graph = build(f"cbr(w) := conv(w) -> bn -> relu\n{IMAGE}cbr(4) -> cbr(5)")
    assert paths(graph) == ["0.0", "0.1", "0.2", "1.0", "1.1", "1.2"]


def test_defaults_may_use_c_and_earlier_parameters() -> None:
    text = f"block(w=2*c, v=w + 1) := conv(w, 1) -> conv(v, 1)\n{IMAGE}block -> block(5)"
    assert ops(build(text)) == ["conv(6, 1)", "conv(7, 1)", "conv(5, 1)", "conv(6, 1)"]


def test_arguments_are_positional_or_by_key() -> None:
    text = f"block(w, k=3, s=1) = conv(w, k, s)\n{IMAGE}block(4, s=2) -> block(k=1, w=5)"
    assert ops(build(text)) == ["conv(4, s=2)", "conv(5, 1)"]


def test_a_positional_argument_fills_what_no_key_names() -> None:
    assert ops(build(f"f(a, b) = conv(a, b)\n{IMAGE}f(1, a=7)")) == ["conv(7, 1)"]


def test_a_call_with_missing_arguments_may_be_passed_on() -> None:
    text = (
        "bottleneck(w, g=1, bw=64) = conv(w*bw/64, 1) -> conv(2*w, 3, g=g)\n"
        "net(block, n) = block(32)*n\n"
    )
    graph = build(f"{text}{IMAGE}net(bottleneck(g=32, bw=128), 1)")
    assert ops(graph) == ["conv(64, 1)", "conv(64, g=32)"]


def test_presets_take_more_arguments() -> None:
    text = (
        f"net(d, classes=10) = conv(d, 1) -> fc(classes)\nsmall = net(4)\n{IMAGE}small(classes=7)"
    )
    assert ops(build(text)) == ["conv(4, 1)", "fc(7)"]


def test_layers_definitions_and_networks_are_arguments() -> None:
    text = (
        "cna(w, norm=bn, act=relu) = conv(w, 1) -> norm -> act\n"
        f"{IMAGE}cna(4) -> cna(4, act=id) -> cna(4, norm=gn(2), act=(relu -> dropout))"
    )
    assert ops(build(text)) == [
        *("conv(4, 1)", "bn", "relu"),
        *("conv(4, 1)", "bn"),
        *("conv(4, 1)", "gn(2)", "relu", "dropout"),
    ]


def test_networks_are_passed_by_name_so_each_use_has_its_own_weights() -> None:
    graph = build(f"twice(body) = body -> body\n{IMAGE}twice(conv(3))")
    assert paths(graph) == ["0", "1"]
    assert graph.params == 2 * (3 * 3 * 3 * 3 + 3)


def test_an_argument_with_c_means_the_definition_it_is_written_in() -> None:
    text = (
        f"wrap(body) := conv(16, 1) -> body\nouter := conv(4, 1) -> wrap(conv(c, 1))\n{IMAGE}outer"
    )
    assert output(build(text)) == "3x8x8"


def test_streams_are_arguments() -> None:
    text = f"add2(a, b) = (a + b)\n{IMAGE}conv(4) as x -> relu as y -> (add2(@x, @y))"
    assert ops(build(text)) == ["conv(4)", "relu", "+"]


def test_a_table_picks_a_variant() -> None:
    text = (
        f"net(d) = conv(n[0], 1) where n = [18: [2, 2], r50: [5, 6]][d]\n{IMAGE}net(18) -> net(r50)"
    )
    assert ops(build(text)) == ["conv(2, 1)", "conv(5, 1)"]


def test_names_of_layers_and_library_blocks_have_no_letter_case() -> None:
    graph = build(f"{IMAGE}Conv(4) -> BN -> ReLU -> MAXPOOL -> SE(2) -> FC(3)")
    assert ops(graph)[:4] == ["conv(4)", "bn", "relu", "maxpool"]


def test_own_definitions_keep_their_letter_case() -> None:
    assert mistake(f"Block(w) = conv(w)\n{IMAGE}block(3)").reason.endswith("did you mean 'Block'?")


def test_a_definition_hides_a_layer_of_its_name() -> None:
    assert ops(build(f"relu = gelu\n{IMAGE}relu")) == ["gelu"]


@pytest.mark.parametrize("call", ["conv(8, stride=2, kernel=5, bias=0)", "conv(8, 5, 2, b=0)"])
def test_arguments_have_long_names(call: str) -> None:
    assert ops(build(IMAGE + call)) == ["conv(8, 5, 2, b=0)"]


def test_layers_have_other_names() -> None:
    assert ops(build(f"{IMAGE}batchnorm(momentum=0.2) -> dense(4)")) == ["bn(m=0.2)", "fc(4)"]


def test_recursion_follows_its_argument() -> None:
    text = f"net(w, d) = conv(w, 1) -> if d > 0 then net(2*w, d-1)\n{IMAGE}net(4, 2)"
    assert ops(build(text)) == ["conv(4, 1)", "conv(8, 1)", "conv(16, 1)"]


# where


def test_where_values_are_worked_out_once_at_the_entry() -> None:
    text = f"f(w) := conv(v, 1) -> conv(v + c, 1) where v = 2*w, u = v\n{IMAGE}f(4)"
    assert ops(build(text)) == ["conv(8, 1)", "conv(11, 1)"]


def test_a_shared_module_has_its_weights_once() -> None:
    graph = build(f"{IMAGE}m -> relu -> m where m: conv(3)")
    assert paths(graph) == ["m", "0", "m"]
    assert graph.params == 3 * 3 * 3 * 3 + 3


def test_a_shared_chain_is_one_scope() -> None:
    graph = build(f"{IMAGE}(m + gap -> m) where m: (conv(3, 1) -> relu)")
    assert paths(graph) == ["m.0", "m.1", "0", "m.0", "m.1"]
    assert graph.params == 3 * 3 + 3


def test_a_shared_module_in_a_module_is_shared_within_each_use() -> None:
    graph = build(f"f := m -> m where m: conv(3, 1)\n{IMAGE}f -> f")
    assert paths(graph) == ["0.m", "0.m", "1.m", "1.m"]
    assert graph.params == 2 * (3 * 3 + 3)


def test_a_definition_used_after_a_shared_module_has_weights_of_its_own() -> None:
    graph = build(f"u := conv(3, 1)\nf := m -> m -> u where m: u\n{IMAGE}f")
    assert [node.path for node in graph.nodes if node.shared] == ["m.0"]
    assert graph.params == 2 * (3 * 3 + 3)


def test_a_shared_module_is_no_abbreviation_for_another_element() -> None:
    assert mistake(f"{IMAGE}m -> m: relu where m: conv(3)").code == "name-taken"


def test_a_shared_module_must_fit_all_its_uses() -> None:
    found = mistake(f"{IMAGE}m -> conv(5) -> m where m: conv(3)")
    assert found.code == "shared-weights-differ"
    assert found.help == ("first use: conv(3) on 3x8x8", "this use: conv(3) on 5x8x8")


# Mistakes


@pytest.mark.parametrize(
    ("call", "code", "guilty"),
    [
        ("block", "missing-argument", "block"),
        ("block(s=2)", "missing-argument", "block(s=2)"),
        ("block(1, 2, 3)", "too-many-arguments", "3"),
        ("block(1, w=2)", None, None),
        ("block(1, k=2)", "unknown-argument", "k=2"),
        ("block(1, s=2, s=3)", "argument-given-twice", "s=3"),
        ("relu(1)", "too-many-arguments", "1"),
        ("conv(1, stryde=2)", "unknown-argument", "stryde=2"),
        ("conv(1, s=2, stride=2)", "argument-given-twice", "stride=2"),
        ("conv(relu)", "network-as-argument", "relu"),
        ("take(i=0)", "unknown-argument", "i=0"),
        ("id(3)", "wire-arguments", "id(3)"),
        ("(conv(3) -> relu)(3)", "not-callable", "(conv(3) -> relu)"),
    ],
)
def test_a_wrong_call_is_told_at_the_guilty_argument(
    call: str, code: str | None, guilty: str | None
) -> None:
    text = f"block(w, s=1) = conv(w, 3, s)\n{IMAGE}{call}"
    if code is None:
        assert ops(build(text)) == ["conv(2)"]  # w by its key, so 1 is s
        return
    found = mistake(text)
    assert (found.code, words(found)) == (code, guilty)


def test_a_wrong_call_shows_the_signature() -> None:
    found = mistake(f"block(w, s=1) = conv(w, 3, s)\n{IMAGE}block(1, t=2)")
    assert found.help == ("block(w, s=1)",)


def test_two_definitions_of_one_name_are_a_mistake() -> None:
    found = mistake(f"f = relu\nf = gelu\n{IMAGE}f")
    assert found.reason == "'f' is defined twice in this file, first at line 1"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("f(x) = conv(x) -> f(x)\n{}f(3)", "endless-recursion"),
        ("f(x) := f(x)\n{}f(3)", "endless-recursion"),
        ("f(x) = f(x)\n{}conv(f(3))", "endless-recursion"),
        ("f(x) = g(x) + 1; g(x) = f(x) + 1\n{}conv(f(3))", "endless-recursion"),
        ("f = f + 1\n{}conv(f)", "defined-by-itself"),
        ("a = b; b = a\n{}a", "defined-by-itself"),
        ("{}m where m: (m -> relu)", "unknown-name"),
    ],
)
def test_recursion_without_end_is_told(text: str, code: str) -> None:
    assert mistake(text.format(IMAGE)).code == code
