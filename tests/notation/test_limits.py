"""Hostile texts end with a message, soon."""

from __future__ import annotations

import time

import pytest

from striate.errors import Diagnostic, TextError
from striate.notation.lexer import MOST_CHARACTERS
from striate.notation.parser import MOST_TREE_DEPTH, parse
from striate.notation.syntax import Tree, children
from striate.source import Source

MANY = 60_000
DEEP = {
    "open brackets": "(" * MANY,
    "nested brackets": "(" * 29_000 + "a" + ")" * 29_000,
    "nested lists": "[" * 29_000 + "]" * 29_000,
    "nested choices": "{" * 900 + "a" + "}" * 900,
    "nested calls": "f(" * 20_000 + ")" * 20_000,
    "negations": "-" * (MANY - 1) + "a",
    "not": "not " * (MANY - 1) + "a",
    "labels": "a: " * (MANY - 1) + "a",
    "powers": "a" + "^a" * 25_000,
    "products": "a" + "*a" * 25_000,
    "else if": "if a then b else " * 11_000 + "c",
    "then if": "if a then " * 19_000 + "c",
    "calls of calls": "a" + "()" * 25_000,
    "options": "a" + "?" * (MANY - 2),
    "indices": "a" + "[0]" * 19_000,
    "and": "a" + " and a" * 25_000,
    "products in brackets": "(" * 50 + "a" + "*1*1*1*1*1)" * 50,
    "everything nested": "(-a^[a: (b | if not c and d or e == f(" * 9 + "0" + "))])" * 9,
}


def codes(text: str) -> list[str]:
    """Codes of the mistakes; none for a text that is read. A text that takes long fails.

    The bound is far above the second that is promised, since a test run shares its machine and a
    text that escapes its limits takes minutes.
    """
    begin = time.process_time()
    mistakes: tuple[Diagnostic, ...] = ()
    try:
        parse(Source("<text>", text))
    except TextError as error:
        mistakes = error.diagnostics
    told = "".join(map(str, mistakes))
    assert time.process_time() - begin < 5
    assert told.count("<text>:") == len(mistakes)
    assert len(told) < 20_000
    return [one.code for one in mistakes]


@pytest.mark.parametrize("text", DEEP.values(), ids=list(DEEP))
def test_deep_nesting_is_told_at_once(text: str) -> None:
    assert codes(text)[0] in {"nested-too-deep", "unclosed-bracket"}


WIDE = {
    "a long chain": "a" + " -> a" * 25_000,
    "a long sum": "a" + " + a" * 25_000,
    "a long list": "[" + "1," * 25_000 + "]",
    "a long call": "f(" + "a," * 25_000 + ")",
    "many statements": "a = b\n" * 15_000,
    "many lines": "\n" * (MOST_CHARACTERS - 1) + "a",
    "a long comment": "#" * MOST_CHARACTERS,
    "a long name": "a" * MOST_CHARACTERS,
    "spaces": " " * MOST_CHARACTERS,
}


@pytest.mark.parametrize("text", WIDE.values(), ids=list(WIDE))
def test_long_texts_are_read(text: str) -> None:
    assert codes(text) == []


LONG = {
    "too many characters": "a" * (MOST_CHARACTERS + 1),
    "too many words": "a " * 200_000,
    "zero bytes": "\x00" * MOST_CHARACTERS,
    "surrogates": "\ud800" * MOST_CHARACTERS,
    "arrows": "→" * MOST_CHARACTERS,
    "quotes": '"' * MOST_CHARACTERS,
    "an open quote": '"' + "a" * (MOST_CHARACTERS - 1),
    "digits": "9" * MOST_CHARACTERS,
    "sizes": "1x" * (MOST_CHARACTERS // 2),
    "dots": "." * MOST_CHARACTERS,
    "one long reference": "@a" + ".a" * (MOST_CHARACTERS // 2 - 1) + " b",
    "open braces": "a{" * (MOST_CHARACTERS // 2),
    "a label that never ends": "a{" + "x" * (MOST_CHARACTERS - 2),
    "open brackets on many lines": "a = (\n" * 100_000,
    "closing brackets": ")" * 50_000,
    "unlike brackets": "(]" * 25_000,
    "definitions with open brackets": "f(w) := (conv(\n" * 9_000,
    "mistakes": "a = => b\n" * 20_000,
    "forks": "a = b -> c + d\n" * 7_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=list(LONG))
def test_long_nonsense_is_told_at_once(text: str) -> None:
    assert 1 <= len(codes(text)) <= 20


def test_what_is_read_is_never_deeper_than_promised() -> None:
    text = "f(" * 30 + "a*2*2*2" + ")" * 30
    level: list[Tree] = list(parse(Source("<text>", text)).statements)
    depth = 0
    while level:
        level = [child for tree in level for child in children(tree)]
        depth += 1
    assert 60 < depth <= MOST_TREE_DEPTH
