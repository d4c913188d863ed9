"""Counting patterns: by formula, and against enumeration."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate import pattern
from striate.errors import TextError
from tests.notation.networks import build, ops

CS231N = """
pattern(w={16, 32, 64}, k={3, 5}) =
  ((conv(w, k) -> relu)*{0..3} -> maxpool?)*{1..4} -> (fc({64, 128}) -> relu)*{0..2} -> fc(10)
input(3, 32, 32) -> pattern
"""
NOTES = "INPUT -> ((CONV -> RELU)*N -> POOL?)*M -> (FC -> RELU)*K -> FC"


def formula(widths: int, kernels: int, counts: int, rounds: int) -> int:
    """Members of the feature part: a round has `counts` numbers of layers, with or without pool."""
    return widths * kernels * sum([int((counts * 2) ** n) for n in range(1, rounds + 1)])


def test_the_pattern_of_the_notes_has_196560_members() -> None:
    assert formula(3, 2, 4, 4) * (1 + 2 + 4) == 196_560
    assert pattern(CS231N).count() == 196_560


def test_the_published_text_of_it_has_as_many(shared: Path) -> None:
    assert pattern((shared / "zoo_texts/cs231n.cnn").read_text("utf-8")).count() == 196_560


def test_a_restriction_counted_by_formula_enumerates_to_the_same_number() -> None:
    text = CS231N.replace("{1..4}", "{1..2}").replace("(fc({64, 128}) -> relu)*{0..2} -> ", "")
    restricted = pattern(text)
    assert formula(3, 2, 4, 2) == 432
    assert restricted.count() == 432
    vectors = list(restricted.vectors())
    assert len(set(vectors)) == 432


# The notes' own words


def test_the_notes_pattern_is_legal_as_written() -> None:
    # N in 1..3, M in 1..4, K in 0..2, and a pool or none in each of M rounds.
    assert pattern(NOTES).count() == 3 * 3 * (2 + 4 + 8 + 16)
    arrows = NOTES.replace("->", "→").replace("*", "×")
    assert pattern(arrows).count() == pattern(NOTES).count()


def test_widths_start_at_32_and_double_behind_each_pool() -> None:
    graph = build("INPUT -> ((CONV -> RELU)*2 -> POOL)*3 -> FC")
    assert [one for one in ops(graph) if "conv" in one] == [
        *("conv(32)", "conv(32)"),
        *("conv(64)", "conv(64)"),
        *("conv(128)", "conv(128)"),
    ]
    assert ops(graph)[-1] == "fc(10)"
    assert [str(one) for one in graph.input_types] == ["3x32x32"]


def test_a_hidden_fc_has_256_and_the_last_as_many_as_classes() -> None:
    graph = build("INPUT -> CONV -> POOL -> (FC -> RELU)*2 -> FC")
    assert ops(graph) == [
        "conv(32)",
        "maxpool(s=2)",
        "fc(256)",
        "relu",
        "fc(256)",
        "relu",
        "fc(10)",
    ]


def test_set_pattern_changes_the_rule() -> None:
    text = (
        "set pattern(width=16, hidden=64, classes=100)\nINPUT -> CONV -> POOL -> CONV -> FC -> FC"
    )
    assert ops(build(text)) == ["conv(16)", "maxpool(s=2)", "conv(32)", "fc(64)", "fc(100)"]


def test_the_last_fc_is_found_inside_a_definition() -> None:
    text = "head = FC -> RELU -> FC\nnet = CONV -> head\nINPUT -> net"
    assert ops(build(text)) == ["conv(32)", "fc(256)", "relu", "fc(10)"]


def test_a_width_that_is_given_stays() -> None:
    assert ops(build("INPUT -> CONV(7) -> FC(5)")) == ["conv(7)", "fc(5)"]


def test_definitions_override_the_free_names() -> None:
    # N is chosen at each mention, that is in each of the M rounds; M and K are free.
    text = f"N = {{1..2}}\nM = 2; K = 0\n{NOTES}"
    assert pattern(text).count() == (2 * 2) ** 2
    assert len(list(pattern(text).vectors())) == 16
    assert pattern(f"N = 1; M = 1; K = 1\n{NOTES}").count() == 2


def test_free_names_are_chosen_first_and_once() -> None:
    made = pattern("INPUT -> (CONV -> RELU)*N -> (FC -> RELU)*N -> FC")
    assert [graph.decisions for graph in made.members()] == [(0,), (1,), (2,)]
    assert ops(made.member((1,))).count("relu") == 4


def test_a_parameter_of_that_name_is_not_free() -> None:
    text = "f(N) = conv(N) -> (-> relu*M for M in [1])\ninput(3, 8, 8) -> f(4)"
    assert pattern(text).count() == 1


# Counts and enumerations agree


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("{conv(N), relu}", 6),
        ("conv(f({3, 4}), 1)", 4),
        ("conv({1..3} + {0, 3}, 1)", 6),
        ("repeated({0, 1, 2})", 1 + 4 + 16),
        ("decided({0, 1, 2})", 2 + 2 + 2),
        ("used({conv({3, 4}), relu, (conv({1..3}) -> relu?)})", 4 + 1 + 36),
        ("(-> conv({3, 4}, k) for k in [1, 3])", 4),
        ("(conv(4) + (if {0, 1} then relu else gelu))", None),
        ("conv({3, 4}, {1, 3})*{1, 2}", 4 + 16),
        ("nested({1, 2})", 2 * 4),
        ("[a: (conv({1, 2}) -> relu), b: gelu][b]", 1),
        ("{conv, dw}(3)", 2),
    ],
)
def test_counts(text: str, members: int | None) -> None:
    definitions = """
f(x) = {1, 2}*x
repeated(n) = (conv({3, 4}) -> relu?)*n
decided(n) = if n > 1 then conv({3, 4}) else relu?
used(b) = b -> b
nested(w) = repeated(1) -> inner(w)
inner(v) = conv(v)
input(4, 8, 8) -> """
    space = pattern(definitions + text)
    if members is None:
        with pytest.raises(TextError, match="no formula gives the number"):
            space.count()
        return
    expected = len(list(space.vectors()))
    assert space.count() == members
    assert expected == members


@pytest.mark.parametrize(
    "text",
    [
        "(conv({1..9999})*{1..9999})*{1..9999}",
        "((conv({1..100}) -> relu)*100)*100",
        "((relu?)*10000)*10000",
        "f(x) = f(x) -> relu?\ninput(3, 8, 8) -> f({1, 2})",
        "(-> (-> relu? for i in 1..9999) for j in 1..9999)",
        "if c > 3 then conv({1, 2}) else relu",
    ],
)
def test_counts_that_no_formula_gives_are_told(text: str) -> None:
    with pytest.raises(TextError) as caught:
        pattern(text if "input" in text else f"input(3, 8, 8) -> {text}").count()
    assert caught.value.code in ("uncountable", "no-stream-here")


# Random patterns

widths = st.sampled_from(["4", "w", "{3, 4}", "{2..4}", "2*{1, 2}", "f({1, 2})", "v"])
counts = st.sampled_from(["0", "1", "2", "{0, 1}", "{1..2}", "n"])
layers = st.one_of(
    st.sampled_from(["relu", "bn", "{relu, gelu}", "twice({relu, bn?})", "same(3)"]),
    widths.map(lambda width: f"conv({width}, 1)"),
    widths.map(lambda width: f"conv({width}, {{1, 3}})"),
    widths.map(lambda width: f"same({width})"),
)


def _composed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} -> {}".format, inner, inner),
        st.builds("({})?".format, inner),
        st.builds("({})*{}".format, inner, counts),
        st.builds("{{({}), relu}}".format, inner),
        st.builds("(({}) | {})".format, inner, layers),
        st.builds("(if {} > 1 then ({}) else relu)".format, st.sampled_from("nv"), inner),
        st.builds("(-> {} for i in 1..2)".format, layers),
    )


bodies = st.recursive(layers | st.just("m"), _composed, max_leaves=4)

shareable = st.sampled_from(["relu", "relu", "{relu, gelu}", "(relu? -> gelu)"])


@settings(max_examples=60)
@given(body=bodies, shared=shareable, seed=st.integers(0, 10))
def test_random_patterns_enumerate_to_their_count(body: str, shared: str, seed: int) -> None:
    """Counted, enumerated, found again, sampled."""
    text = f"""
f(x) = {{1, 2}}*x
twice(b) = b -> b
same(w) = conv(w, 1) -> relu?
v = {{1, 2}}
input(4, 6, 6) -> net({{1, 2}}, {{3, 4}})
net(n, w) = {body} where m: ({shared})
"""
    space = pattern(text)
    try:
        total = space.count()
    except TextError:
        return  # no formula: that is tested above
    if total > 60:
        return
    vectors = list(space.vectors())
    assert len(vectors) == len(set(vectors)) == total
    graph = space.member(vectors[seed % len(vectors)])
    found = space.find(graph)
    assert found is not None
    assert ops(space.member(found)) == ops(graph)
    assert space.sample(seed).decisions in vectors
