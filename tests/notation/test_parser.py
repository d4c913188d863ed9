"""From words to trees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from striate.errors import TextError
from striate.notation import syntax as s
from striate.notation.parser import parse, parse_expression
from striate.source import Source
from tests.notation.corpus import TEXTS, read
from tests.notation.trees import make


def tree(text: str) -> s.Expr:
    return parse_expression(Source("<text>", text))


def statement(text: str) -> Any:
    (one,) = parse(Source("<text>", text)).statements
    return one


def mistakes(text: str) -> list[str]:
    with pytest.raises(TextError) as caught:
        parse(Source("<text>", text))
    return [one.code for one in caught.value.diagnostics]


def name(word: str) -> s.Name:
    return make(s.Name, word)  # type: ignore[no-any-return]


def num(value: float) -> s.Number:
    return make(s.Number, value)  # type: ignore[no-any-return]


def call(function: s.Expr, *arguments: s.Expr, **named: s.Expr) -> s.Call:
    given = [make(s.Argument, None, value) for value in arguments]
    given += [make(s.Argument, key, value) for key, value in named.items()]
    return make(s.Call, function, tuple(given))  # type: ignore[no-any-return]


def chain(*items: s.Expr) -> s.Chain:
    return make(s.Chain, items)  # type: ignore[no-any-return]


A, B, C, N, X = map(name, "abcnx")
REF = make(s.Reference, ("x",))


@pytest.mark.parametrize("path", TEXTS)
def test_the_texts_of_networks_are_read(path: Path) -> None:
    assert read(path).statements


READINGS = {
    "3": num(3),
    "0.25": num(0.25),
    "1x7": make(s.Dims, (1, 7)),
    "64x?x?": make(s.Dims, (64, None, None)),
    "_": make(s.Hole),
    "@body.layer2": make(s.Reference, ("body", "layer2")),
    ".2": make(s.Projection, 2),
    "a -> b -> c": chain(A, B, C),
    "a -> (b -> c)": chain(A, B, C),
    "(a -> b) -> c": chain(A, B, C),
    "a -> (x) -> b": chain(A, make(s.Group, X), B),
    "a -> (@x) -> b": chain(A, make(s.Group, REF), B),
    "a -> (@x -> b) -> c": chain(A, make(s.Group, chain(REF, B)), C),
    "((@x))": make(s.Group, REF),
    "a + b - c": make(s.Sum, (A, B, C), ("+", "+", "-")),
    "(a -> b + c)": make(s.Sum, (chain(A, B), C), ("+", "+")),
    "(a -> b) + c": make(s.Sum, (chain(A, B), C), ("+", "+")),
    "(a | b | c)": make(s.Join, "|", (A, B, C)),
    "(a & b)": make(s.Join, "&", (A, B)),
    "(a, b -> c)": make(s.Streams, (A, chain(B, C))),
    "(a, b,)": make(s.Streams, (A, B)),
    "a*b*c": make(s.Binary, "*", make(s.Binary, "*", A, B), C),
    "a^b^c": make(s.Binary, "^", A, make(s.Binary, "^", B, C)),
    "-a^b": make(s.Binary, "^", make(s.Unary, "-", A), B),
    "a - b*c": make(s.Sum, (A, make(s.Binary, "*", B, C)), ("+", "-")),
    "a*n -> b": chain(make(s.Binary, "*", A, N), B),
    "not a and b or c": make(
        s.Binary, "or", make(s.Binary, "and", make(s.Unary, "not", A), B), C
    ),
    "a + b < c": make(s.Binary, "<", make(s.Sum, (A, B), ("+", "+")), C),
    "1..n - 1": make(s.Range, num(1), make(s.Sum, (N, num(1)), ("+", "-"))),
    "x: a -> b": chain(make(s.Label, ("x",), A), B),
    "x: a*n": make(s.Label, ("x",), make(s.Binary, "*", A, N)),
    "x: (a -> b)": make(s.Label, ("x",), chain(A, B)),
    "x: a as b :: 3x4": make(
        s.Label, ("x",), make(s.Assert, make(s.As, A, "b"), (3, 4))
    ),
    "layer{i}_x: a": make(s.Label, ("layer", name("i"), "_x"), A),
    '"b{i}-{a*n}": a': make(
        s.Label, ("b", name("i"), "-", make(s.Binary, "*", A, N)), A, True
    ),
    "2: a": make(s.Label, ("2",), A),
    "layer1.0.conv1: a": make(s.Label, ("layer1.0.conv1",), A),
    "a :: 512": make(s.Assert, A, (512,)),
    "a :: [3, ?, ?]": make(s.Assert, A, (3, None, None)),
    "a(3, b=x)": call(A, num(3), b=X),
    "a(b)(c)": call(call(A, B), C),
    "a(b,)": call(A, B),
    "a()": call(A),
    "a[0]": make(s.Index, A, num(0)),
    "a?": make(s.Optional, A),
    "{a, 1..3}": make(s.Choice, (A, make(s.Range, num(1), num(3)))),
    "[a, b]": make(s.List, (A, B)),
    "[]": make(s.List, ()),
    "[18: a, b: c]": make(s.Table, (make(s.Entry, "18", A), make(s.Entry, "b", C))),
    '["a-b": a -> b]': make(s.Table, (make(s.Entry, "a-b", chain(A, B)),)),
    "[a for b, c in x]": make(s.Comprehension, A, ("b", "c"), X),
    "(-> a for b in x)": make(s.Fold, "->", A, ("b",), X),
    "(, a for b in x)": make(s.Fold, ",", A, ("b",), X),
    "(+ a -> b for b in x)": make(s.Fold, "+", chain(A, B), ("b",), X),
    "if a then b else c": make(s.If, A, B, C),
    "if a then b": make(s.If, A, B, None),
    "if a then b -> c": chain(make(s.If, A, B, None), C),
    "if a then if b then c else x": make(s.If, A, make(s.If, B, C, X), None),
    "a(b + c*(n - 1))": call(
        A,
        make(
            s.Sum,
            (B, make(s.Binary, "*", C, make(s.Sum, (N, num(1)), ("+", "-")))),
            ("+", "+"),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READINGS.items())
def test_reading_of(text: str, expected: s.Expr) -> None:
    assert tree(text) == expected


def test_the_pattern_of_the_notes_is_plain_syntax() -> None:
    ascii_text = "INPUT -> ((CONV -> RELU)*N -> POOL?)*M -> (FC -> RELU)*K -> FC"
    conv_relu = make(s.Binary, "*", chain(name("CONV"), name("RELU")), name("N"))
    blocks = make(s.Binary, "*", chain(conv_relu, make(s.Optional, name("POOL"))), name("M"))
    head = make(s.Binary, "*", chain(name("FC"), name("RELU")), name("K"))
    assert tree(ascii_text) == chain(name("INPUT"), blocks, head, name("FC"))
    for arrow in "→⟶":
        assert tree(ascii_text.replace("->", arrow).replace("*", "×")) == tree(ascii_text)


def test_a_definition_with_and_without_parameters() -> None:
    assert statement("f = a") == s.Definition("f", None, A, False, span=A.span)
    assert statement("f() := a") == s.Definition("f", (), A, True, span=A.span)
    parameters = (make(s.Parameter, "w", None), make(s.Parameter, "s", num(1)))
    assert statement("f(w, s=1) := a") == s.Definition("f", parameters, A, True, span=A.span)


def test_where_binds_values_and_shared_modules() -> None:
    where = (make(s.LocalValue, "v", num(2)), make(s.SharedModule, "m", chain(A, B)))
    assert statement("f = a where v = 2, m: (a -> b)").where == where
    assert statement("a -> b where v = 2").where == where[:1]


def test_use_set_and_the_version() -> None:
    assert statement('use "resnet.cnn"') == s.Use("resnet.cnn", False, span=A.span)
    assert statement("use std.resnet") == s.Use("std.resnet", True, span=A.span)
    calls = (call(name("conv"), b=num(0)), call(name("bn"), eps=num(0.001)))
    assert statement("set conv(b=0), bn(eps=0.001)") == s.Set(calls, span=A.span)
    assert parse(Source("<text>", "striate 1\na")).version == 1


def test_a_span_covers_the_words_and_their_parentheses() -> None:
    text = "a -> (b -> c\n  + x: a(3)) -> b"
    items = statement(text).body.items
    assert [one.span.text for one in items] == ["a", "(b -> c\n  + x: a(3))", "b"]
    assert [one.span.text for one in items[1].items] == ["b -> c", "x: a(3)"]


def test_one_run_tells_all_independent_mistakes_in_the_order_of_the_text() -> None:
    text = "a = b -> c + x\nf(16 3) = b\nc = (b\nx = a => b\ny = bn\nz = if a b"
    assert mistakes(text) == [
        "bare-branches",
        "missing-comma",
        "unclosed-bracket",
        "wrong-sign",
        "word-missing",
    ]


def test_several_forks_of_one_statement_are_told_together() -> None:
    assert mistakes("x = f(a -> b + c, (a | b + c)) + (a & b | c)") == [
        "bare-branches",
        "mixed-branches",
        "mixed-branches",
    ]


@pytest.mark.parametrize(
    "text", ["x = n + 1", "x = conv(w + 2*inc)", "x = [1] + ys", "x = if a + b == c then d"]
)
def test_arithmetic_needs_no_parentheses(text: str) -> None:
    assert statement(text)


@pytest.mark.parametrize(
    "text",
    [
        "a -> b + c",
        "x = a + b -> c",
        "x = a | b -> c",
        "f(a -> b & c)",
        "(a -> b + c, d)",
        "[a -> b + c]",
        "(-> a -> b + c for b in x)",
        "{a -> b | c}",
        "if a -> b + c then d",
        "a where x = a -> b + c",
    ],
)
def test_branches_that_are_chains_stand_directly_in_parentheses(text: str) -> None:
    assert mistakes(text) == ["bare-branches"]


@pytest.mark.parametrize("text", ["(a | b + c)", "(a & b + c)", "(a & b | c)", "(a + b | c -> a)"])
def test_different_forks_do_not_mix(text: str) -> None:
    assert mistakes(text) == ["mixed-branches"]


def test_an_expression_is_asked_for_and_a_definition_is_refused() -> None:
    assert tree("resnet18(classes=10)") == call(name("resnet18"), classes=num(10))
    for text in ("a = b", "a where x = 3", "use std.resnet", ""):
        with pytest.raises(TextError, match="not-an-expression"):
            tree(text)
