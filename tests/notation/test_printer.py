"""Printing: the tree comes back, the layout is canonical; the words are `test_canonical.py`'s."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from striate.notation.inline import inline
from striate.notation.parser import parse, parse_expression
from striate.notation.printer import COLUMNS, print_expression, print_file, print_tree
from striate.notation.syntax import Expr, File
from striate.source import Source
from tests.notation.corpus import TEXTS, read
from tests.notation.trees import bodies, files

LAWS = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_printing_a_text_of_the_zoo_keeps_its_tree_and_its_comments(path: Path) -> None:
    file = read(path)
    again = parse(Source("printed", print_tree(file)))
    assert again == file
    assert [one.comments for one in again.statements] == [one.comments for one in file.statements]
    assert again.comments == file.comments


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_printing_a_text_of_the_zoo_is_idempotent_and_keeps_to_its_columns(path: Path) -> None:
    printed = print_file(read(path))
    assert print_file(parse(Source("printed", printed))) == printed
    assert all(len(line) <= COLUMNS for line in printed.splitlines() if line[0] != "#")


@LAWS
@given(bodies)
def test_parsing_what_was_printed_gives_the_same_expression(expr: Expr) -> None:
    for text in (inline(expr), print_expression(expr)):
        assert parse_expression(Source("<printed>", text)) == expr


@LAWS
@given(bodies)
def test_the_tree_comes_back_however_often_lines_are_broken(expr: Expr) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("striate.notation.printer.COLUMNS", 8)
        text = print_expression(expr)
    assert parse_expression(Source("<printed>", text)) == expr


@LAWS
@given(files)
def test_parsing_what_was_printed_gives_the_same_file(file: File) -> None:
    again = parse(Source("<printed>", print_tree(file)))
    assert again == file
    assert [one.comments for one in again.statements] == [one.comments for one in file.statements]
    assert again.comments == file.comments
    assert print_tree(again) == print_tree(file)


LAID_OUT = {
    "conv( 16 ,k = 3 )→relu": "conv(16, k=3) -> relu",
    "(a×3)": "a*3",
    "((conv(16)))": "conv(16)",
    "(a ⊕ b)": "a + b",
    "(a->b ⊕ c)": "(a -> b + c)",
    "(a ∥ b)": "(a | b)",
    "(a ⊙ b)": "(a & b)",
    "(a ⊗ b)": "(a & b)",
    "conv(16, 3×3)": "conv(16, 3x3)",
    "a -> (b -> c) -> d": "a -> b -> c -> d",
    "a -> (@x) -> b": "a -> (@x) -> b",
    "a -> (@v2 -> .0) -> b": "a -> (@v2 -> .0) -> b",
    "f(w - 1, 0 .. n - 1)": "f(w - 1, 0..n-1)",
    "f( w )*( n - 1 )": "f(w)*(n-1)",
    "2 * i ^ 2": "2*i^2",
    "(2 * i) ^ 2": "(2*i)^2",
    "a - (b - c)": "a - (b - c)",
    "(a - b) - c": "(a - b) - c",
    "-x + (-y)": "-x + (-y)",
    "head: (fc: fc(10))": "head: (fc: fc(10))",
    "head: fc: fc(10)": "head: (fc: fc(10))",
    '"a{i+1}-b" : c': '"a{i+1}-b": c',
    "a :: [64, ?, ?]": "a :: 64x?x?",
    "a :: [512]": "a :: 512",
    "a as x :: 3x3": "a as x :: 3x3",
    "if a then (if b then c) else d": "if a then (if b then c) else d",
    "if a then b else (if c then d else e)": "if a then b else if c then d else e",
    "1e-06": "1e-6",
    "1E+16": "1e16",
    "0.50": "0.5",
    "[18 : a, r50: b, ]": "[18: a, r50: b]",
    "{ 16 , 32 , 1 .. 3 }": "{16, 32, 1..3}",
    "(conv({16,32}) -> relu) * { 0..3 }": "(conv({16, 32}) -> relu)*{0..3}",
}


@pytest.mark.parametrize(("written", "printed"), LAID_OUT.items())
def test_layout_of(written: str, printed: str) -> None:
    assert print_expression(parse_expression(Source("<text>", written))) == printed


def canonical(text: str) -> str:
    return print_file(parse(Source("<text>", text)))


def test_comments_move_before_their_statement() -> None:
    text = "# first\na = conv(3)  # behind\n  -> relu\n# second\nb = a # two\n# last\n"
    assert canonical(text) == (
        "# first\n# behind\na = conv(3) -> relu\n# second\n# two\nb = a\n# last\n"
    )


def test_the_lines_of_a_card_keep_their_form() -> None:
    assert canonical("#: idea: depth\n#note\na = bn") == "#: idea: depth\n# note\na = bn\n"


def test_statements_between_semicolons_get_their_own_lines() -> None:
    assert canonical("R = relu; H = hswish") == "R = relu\nH = hswish\n"


def test_the_header_of_version_one_is_left_out_and_its_comment_kept() -> None:
    assert canonical("# card\nstriate 1\na = bn") == "# card\na = bn\n"


def test_a_long_chain_breaks_before_an_arrow() -> None:
    text = "input(3, 32, 32) -> " + " -> ".join(["conv(1234567)"] * 8)
    assert canonical(text) == (
        "input(3, 32, 32) -> conv(1234567) -> conv(1234567) -> conv(1234567) -> conv(1234567)\n"
        "  -> conv(1234567) -> conv(1234567) -> conv(1234567) -> conv(1234567)\n"
    )


def test_a_long_fork_puts_each_branch_on_a_line_with_its_sign_first() -> None:
    text = (
        "f(w) := (" + " | ".join(f"branch{i}: conv(1234567) -> relu" for i in range(4)) + ") -> bn"
    )
    assert canonical(text) == (
        "f(w) :=\n"
        "  ( branch0: conv(1234567) -> relu\n"
        "  | branch1: conv(1234567) -> relu\n"
        "  | branch2: conv(1234567) -> relu\n"
        "  | branch3: conv(1234567) -> relu\n"
        "  ) -> bn\n"
    )


def test_a_long_table_keeps_one_row_per_line() -> None:
    rows = ", ".join(f"[{i}, 16, 16, 0, R, 1]" for i in range(5))
    assert canonical(f"large = net(last=1280, rows=[{rows}])") == (
        "large = net(last=1280, rows=[\n"
        "  [0, 16, 16, 0, R, 1],\n"
        "  [1, 16, 16, 0, R, 1],\n"
        "  [2, 16, 16, 0, R, 1],\n"
        "  [3, 16, 16, 0, R, 1],\n"
        "  [4, 16, 16, 0, R, 1]\n"
        "])\n"
    )


def test_a_long_fold_puts_its_values_on_a_line_of_their_own() -> None:
    body = "layer{i}: (bottleneck(w, s) -> bottleneck(w)*(n-1))"
    values = "[[1, 64, 3, 1], [2, 128, 4, 2]]"
    assert canonical(f"stem -> conv(64, 7, 2) -> (-> {body} for i, w, n, s in {values})") == (
        f"stem -> conv(64, 7, 2)\n  -> (-> {body}\n      for i, w, n, s in {values})\n"
    )
