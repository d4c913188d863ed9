"""Numbers, lists, tables, conditions: each is the width of a convolution, and is read off it."""

from __future__ import annotations

import pytest

from striate.ir import Graph
from tests.notation.networks import build, mistake, output, words


def width(expression: str, before: str = "") -> int:
    """The value of an expression, as the channels it makes."""
    graph = build(f"{before}\ninput(3, 32, 16) -> conv({expression}, 1)")
    return graph.output_types[0].channels


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 3*4", 14),
        ("(2 + 3)*4", 20),
        ("10 - 4 - 3", 3),
        ("2^3^2", 512),
        ("-2^2 + 5", 9),  # - binds tighter than ^
        ("24/8", 3),
        ("24/16*2", 3),
        ("25//8", 3),
        ("-7//2 + 5", 1),
        ("25 % 8", 1),
        ("0.25*64", 16),
        ("4^0.5", 2),
        ("1e1", 10),
    ],
)
def test_arithmetic(expression: str, value: int) -> None:
    assert width(expression) == value


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("min(4, 2, 3)", 2),
        ("max(4, 2, 3)", 4),
        ("max([4, 7])", 7),
        ("abs(-5)", 5),
        ("floor(2.7)", 2),
        ("ceil(2.1)", 3),
        ("round(2.6)", 3),
        ("sqrt(49)", 7),
        ("log2(32)", 5),
        ("len([5, 6, 7])", 3),
        ("sum([1, 2, 3])", 6),
        ("sum(1..4)", 10),
        ("zip([1, 2], [3, 4])[1][0]", 2),
        ("enum([7, 8])[1][0]", 1),
        ("enum([[7, 8]])[0][2]", 8),
        ("div8(30)", 32),
        ("div8(12)", 16),  # 8 would be a third below
        ("div8(9)", 16),  # 8 would be more than a tenth below
        ("div8(17)", 16),
        ("div8(3)", 8),
        ("div8(50, 16)", 48),
    ],
)
def test_functions(call: str, value: int) -> None:
    assert width(call) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[4, 5, 6][0]", 4),
        ("[4, 5, 6][-1]", 6),
        ("sum([4, 5, 6][0..1])", 9),
        ("len([1, 2] + [3])", 3),
        ("sum([2*n for n in 1..3])", 12),
        ("sum([a*b for a, b in [[1, 2], [3, 4]]])", 14),
        ("[18: 5, r50: 6][18]", 5),
        ("[18: 5, r50: 6][r50]", 6),
        ("len(3..2) + 1", 1),
        ("len(-2..2)", 5),
    ],
)
def test_lists_and_tables(expression: str, value: int) -> None:
    assert width(expression) == value


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("1 == 1", 1),
        ("1 != 1", 2),
        ("2 >= 2 and 3 < 4", 1),
        ("2 > 2 or 3 <= 2", 2),
        ("not 1 == 2", 1),
        ("0", 2),
        ("[1, 2] == [1, 2]", 1),
        ("0 and 1/0 == 1", 2),  # the right side is not looked at
        ("1 or 1/0 == 1", 1),
    ],
)
def test_conditions(condition: str, value: int) -> None:
    assert width(f"if {condition} then 1 else 2") == value


def test_bare_names_of_layers_can_be_compared() -> None:
    text = "block(w, act=relu) = conv(w, b=if act == id then 1 else 0) -> act\ninput(3, 8, 8) -> "
    assert build(f"{text}block(4, act=id)").params == 3 * 3 * 3 * 4 + 4
    assert build(f"{text}block(4)").params == 3 * 3 * 3 * 4


def test_arithmetic_inside_a_condition_needs_parentheses_only_in_its_branches() -> None:
    assert width("if 1 + 1 == 2 then (8 - 1) else 3") == 7


# Shape names


def shape_names(text: str) -> Graph:
    return build(f"half := conv(c/2, 1) -> conv(c, 1)\ninput(32, 8, 4) -> {text}")


def test_c_is_what_entered_the_definition_and_hole_what_enters_the_layer() -> None:
    graph = shape_names("half -> conv(_/4, 1) -> conv(_/4, 1)")
    assert [one.outputs[0].channels for one in graph.nodes[1:]] == [16, 32, 8, 2]


def test_size_is_the_plane_at_the_point() -> None:
    assert output(shape_names("conv(size[0], 3, 2) -> conv(size[0] + size[1], 1)")) == "6x4x2"


def test_c_is_a_list_where_several_streams_enter() -> None:
    text = "both := (.0 -> conv(c[1], 1) | .1 -> conv(c[0], 1))\n"
    text += "input(3, 8, 8) -> (conv(5), conv(7)) -> both"
    assert [one.outputs[0].channels for one in build(text).nodes[3:]] == [7, 5, 12]


def test_c_in_a_function_of_numbers_is_what_enters_where_it_is_called() -> None:
    assert width("twice(3)", "twice(n) = 2*n*c") == 18


def test_a_constant_may_use_c() -> None:
    assert width("half", "half = 3*c") == 9


def test_c_behind_a_stated_input_is_its_channels() -> None:
    assert str(build("input(3, 8, 8) -> conv(8) -> conv(2*c)").output_types[0]) == "6x8x8"


def test_c_without_an_input_says_that_nothing_enters() -> None:
    found = mistake("conv(c)")
    assert (found.code, words(found)) == ("no-stream-here", "c")
    assert found.help == ("for what enters this very layer write _",)


# Functions and constants of numbers


def test_functions_of_numbers_recurse() -> None:
    text = "fib(n) = if n < 2 then 1 else (fib(n-1) + fib(n-2))"
    assert width("fib(6)", text) == 13  # 1 1 2 3 5 8 13


def test_recursion_may_end_in_the_second_branch() -> None:
    assert width("sumto(4)", "sumto(n) = if n > 0 then (n + sumto(n-1)) else 0") == 10


def test_functions_of_numbers_have_local_values() -> None:
    assert width("f(3)", "f(x) = v*2 where v = x + 1") == 8


def test_functions_of_numbers_take_keys_and_defaults() -> None:
    assert width("f(b=2) + f(1, 2)", "f(a=5, b=a) = 10*a + b") == 52 + 12


def test_a_definition_hides_a_function_of_its_name() -> None:
    assert width("round(4)", "round(x) = x + 1") == 5


def test_constants_may_follow_their_use() -> None:
    assert width("w", "w = 2*v; v = 4") == 8


# What has no value


@pytest.mark.parametrize(
    ("expression", "code", "guilty"),
    [
        ("1/0", "division-by-zero", "1/0"),
        ("0^-1", "division-by-zero", "0^-1"),
        ("(-8)^0.5", "not-real", "(-8)^0.5"),
        ("10^16", "number-too-large", "10^16"),
        ("1e-300^-100", "number-too-large", "1e-300^-100"),
        ("conv(3)/2", "not-arithmetic", "conv(3)/2"),
        ("same/2", "not-arithmetic", "same/2"),
        ("[1] + 2", "not-arithmetic", "[1] + 2"),
        ("if conv(3) == 4 then 1 else 2", "not-comparable", "conv(3) == 4"),
        ("if relu then 1 else 2", "number-expected", "relu"),
        ("if [] then 1 else 2", "number-expected", "[]"),
        ("if 0 then 1", "else-missing", "if 0 then 1"),
        ("-same", "number-expected", "same"),
        ("sqrt(-1)", "wrong-function-arguments", "sqrt(-1)"),
        ("log2(0)", "wrong-function-arguments", "log2(0)"),
        ("max()", "wrong-function-arguments", "max()"),
        ("max(3, [1])", "wrong-function-arguments", "max(3, [1])"),
        ("max(relu, relu)", "wrong-function-arguments", "max(relu, relu)"),
        ("len(same)", "wrong-function-arguments", "len(same)"),
        ("sum([same])", "wrong-function-arguments", "sum([same])"),
        ("len(zip([1], [1, 2]))", "wrong-function-arguments", "zip([1], [1, 2])"),
        ("div8(3, 0.5)", "wrong-function-arguments", "div8(3, 0.5)"),
        ("floor(x=3)", "unknown-argument", "x=3"),
        ("max", "function-without-call", "max"),
        ("[1, 2][2]", "index-out-of-range", "2"),
        ("[1, 2][-3]", "index-out-of-range", "-3"),
        ("[1, 2][0.5]", "index-out-of-range", "0.5"),
        ("sum([1, 2][0..2])", "index-out-of-range", "0..2"),
        ("[a: 1][1.5]", "no-such-entry", "1.5"),
        ("[a: 1, a: 2][a]", "entry-given-twice", "a: 2"),
        ("5[0]", "list-expected", "5"),
        ("len([x for x in 3])", "list-expected", "3"),
        ("len([x for x, y in [[1, 2], [3]]])", "row-length", "[[1, 2], [3]]"),
        ("len(0.5..2)", "whole-number-expected", "0.5"),
        ("len(1..10^9)", "list-too-long", "1..10^9"),
        ("3(4)", "not-callable", "3"),
        ('"a"', "text-out-of-place", '"a"'),
        ("nothing", "unknown-name", "nothing"),
    ],
)
def test_what_has_no_value_is_told_where_it_stands(expression: str, code: str, guilty: str) -> None:
    found = mistake(f"input(3, 8, 8) -> conv({expression}, 1)")
    assert (found.code, words(found)) == (code, guilty)


def test_the_call_of_a_function_is_in_the_trail() -> None:
    found = mistake("f(x) = x/0\ng(x) = f(x) + 1\ninput(3, 8, 8) -> conv(g(2))")
    assert found.trail == ("f, called at line 2", "g, called at line 3")


def test_a_size_that_is_open_is_told() -> None:
    assert mistake("input(3x?x?) -> conv(size[0])").code == "size-unknown"
