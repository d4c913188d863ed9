"""The executable grammar and the parser accept the same texts."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import lark
import pytest
from hypothesis import HealthCheck, given, settings

from striate.errors import TextError
from striate.notation.parser import parse
from striate.notation.printer import print_file
from striate.notation.syntax import File
from striate.source import Source
from tests.notation.corpus import PROJECT, TEXTS
from tests.notation.trees import files

GRAMMAR = lark.Lark(
    (PROJECT / "docs/notation.lark").read_text(encoding="utf-8"), parser="lalr", lexer="basic"
)
# What the grammar cannot say; such a text is in it all the same.
CHECKED_AFTER = {
    *("bare-branches", "mixed-branches", "bad-definition-head", "bad-parameter", "nothing-to-set"),
    *("name-given-twice", "comparison-as-definition", "second-network", "mixed-table"),
    *(
        "keyed-comprehension",
        "slice-with-colon",
        "nothing-to-use",
        "bad-key",
        "bad-shared-name",
        "keyword-as-label",
        "bad-label",
    ),
    *("unknown-version", "nested-too-deep", "number-too-long", "number-too-large"),
}
UNFINISHED = re.compile(
    r"(->|\.\.|[-+|&*/%^=<>,(\[{:]|\b(if|then|else|for|in|where|as|use|set|and|or|not))$"
)


def joined(text: str) -> str:
    """The text with one statement a line, made in the plainest way."""
    lines: list[str] = []
    depth = 0
    for line in re.sub(r'("[^"\n]*")|#[^\n]*', r"\1", text).splitlines():
        words = line.strip()
        if not words:
            continue
        goes_on = (
            line[0] in " \t"
            or depth > 0
            or words.startswith(("->", ")", "]", "}"))
            or (lines and UNFINISHED.search(lines[-1]))
        )
        if goes_on and lines:
            lines[-1] += " " + words
        else:
            lines.append(words)
        bare = re.sub(r'"[^"]*"', "", words)
        depth += sum(bare.count(one) for one in "([{") - sum(bare.count(one) for one in ")]}")
    return "\n".join(lines)


def in_grammar(text: str) -> bool:
    try:
        GRAMMAR.parse(joined(text))
    except lark.exceptions.UnexpectedInput:
        return False
    return True


def is_read(text: str) -> bool:
    """True if the parser reads it, or refuses it for what the grammar cannot say."""
    try:
        parse(Source("<text>", text))
    except TextError as error:
        return {one.code for one in error.diagnostics} <= CHECKED_AFTER
    return True


@pytest.mark.parametrize("path", TEXTS)
def test_texts_of_networks_are_in_the_grammar(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert in_grammar(text)
    assert is_read(text)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(files)
def test_whatever_is_printed_is_in_the_grammar(file: File) -> None:
    assert in_grammar(print_file(file))


def mutants(statement: str, number: int) -> Iterator[str]:
    """The statement with a few of its words left out, doubled, exchanged or replaced."""
    words = re.findall(r'"[^"]*":?|[\w{}]+:(?![:=])|\w+|->|:=|::|\.\.|//|[=!<>]=|\S', statement)
    others = [
        *words,
        *"if then else for in where as not and or -> + | & * ( ) [ ] { } , ? ..".split(),
    ]
    others += [
        "a:",
        "18:",
        "3",
        "3x3",
        "0.5",
        "_",
        "@x",
        ".0",
        "==",
        "=",
        ":=",
        "::",
        "^",
        "set",
        "<",
    ]
    for _ in range(number):
        changed = list(words)
        for _ in range(random.randint(1, 2)):
            at = random.randrange(len(changed))
            match random.randrange(4):
                case 0 if len(changed) > 1:
                    del changed[at]
                case 1:
                    changed.insert(at, random.choice(others))
                case 2:
                    changed[at] = random.choice(others)
                case _:
                    other = random.randrange(len(changed))
                    changed[at], changed[other] = changed[other], changed[at]
        yield " ".join(changed)


@pytest.mark.parametrize("path", TEXTS)
def test_mutated_statements_are_in_both_or_in_neither(path: Path) -> None:
    for statement in joined(path.read_text(encoding="utf-8")).splitlines():
        assert in_grammar(statement), statement
        assert is_read(statement), statement
        for text in mutants(statement, 5):
            if len(text) < 400:
                assert in_grammar(text) == is_read(text), text


SENTENCES = {
    "a -> b": True,
    "a ->": False,
    "-> a": False,
    "(a,)": False,
    "(a, b,)": True,
    "()": False,
    "{}": False,
    "[]": True,
    "[,]": False,
    "[a,]": True,
    "f(a,)": True,
    "f(,)": False,
    "[18: not a and b]": True,
    "a: not b": False,
    "a: -b": True,
    "a as b as c": False,
    "a :: 3 as b": False,
    "a :: [3, ?]": True,
    "a < b < c": False,
    "1..2..3": False,
    "(- a for b in c)": False,
    "(+ a for b in c)": True,
    "a == not b": False,
    "not not a": True,
    "a and not b": True,
    "--a": True,
    "a^-b": True,
    "a b": False,
    "for": False,
    "iffy": True,
    "striate 1\na": True,
    "a\nstriate 1": False,
    "use std.a.b": True,
    "use": False,
    "use a.0": False,
    "set a(b=1), c(d=2)": True,
    "a = b where c = d, e: f": True,
    "a = b where": False,
    "a = b = c": False,
    "if a then b else c else d": False,
    "a = b; c": True,
    "(a; b)": False,
}


@pytest.mark.parametrize(("text", "expected"), SENTENCES.items())
def test_in_the_language(text: str, expected: bool) -> None:
    assert (in_grammar(text), is_read(text)) == (expected, expected)
