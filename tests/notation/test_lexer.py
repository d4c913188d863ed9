"""From characters to words, and from lines to statements."""

from __future__ import annotations

import pytest

from striate.notation.lexer import lex
from striate.source import Source


def kinds(text: str) -> list[str]:
    """Kinds of all tokens of a text of one statement."""
    lexed = lex(Source("<text>", text))
    assert not lexed.mistakes, lexed.mistakes
    (statement,) = lexed.statements
    return [token.kind for token in statement.tokens[:-1]]


def statements(text: str) -> list[str]:
    """The words of each statement, with single spaces."""
    lexed = lex(Source("<text>", text))
    assert not lexed.mistakes, lexed.mistakes
    return [" ".join(token.text for token in one.tokens[:-1]) for one in lexed.statements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 0.25 1e-6 2.5E+3", "int float float float"),
        ("3x3 1x7 64x?x? 3×3", "dims dims dims dims"),
        ("3 × 3", "int * int"),
        ("1..4", "int .. int"),
        ("0..n-1", "int .. name - int"),
        ("n..4", "name .. int"),
        ("1.5..2.5", "float .. float"),
        ("@x @body.layer2 @features.6", "ref ref ref"),
        ("a -> .0", "name -> projection"),
        ("std.resnet", "name field"),
        ("a→b⟶c", "name -> name -> name"),
        ("⊕ ∥ ⊙ ⊗ ×", "+ | & & *"),
        ("_ _a", "_ name"),
        ("conv1: conv", "label name"),
        ("conv1 : conv", "label name"),
        ("layer{i+1}: a", "label name"),
        ("2: a", "label name"),
        ("layer1.0.conv1: a", "label name"),
        ("0.0.weight: a", "label name"),
        ('"block{i}-{j}": a', "label name"),
        ('use "resnet.cnn"', "use text"),
        ("b := a", "name := name"),
        ("b := conv1: a", "name := label name"),
        ("a :: 3x3", "name :: dims"),
        ("a==b!=c<=d>=e<f>g", "name == name != name <= name >= name < name > name"),
        ("a//b/c%d^e", "name // name / name % name ^ name"),
        ("INPUT ConV", "name name"),
    ],
)  # fmt: skip
def test_words_of(text: str, expected: str) -> None:
    assert kinds(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = b\nc = d", ["a = b", "c = d"]),
        ("a = b\n  -> c", ["a = b -> c"]),
        ("a = b\n-> c", ["a = b -> c"]),
        ("a = b ->\nc", ["a = b -> c"]),
        ("a =\nb", ["a = b"]),
        ("a = f(b,\nc\n)", ["a = f ( b , c )"]),
        ("a = (b\n| c)\nd = e", ["a = ( b | c )", "d = e"]),
        ("a = if b then\nc else\nd", ["a = if b then c else d"]),
        ("conv1:\nconv", ["conv1: conv"]),
        ("a = b; c = d ;e", ["a = b", "c = d", "e"]),
        ("a = b;\n\nc = d", ["a = b", "c = d"]),
        ("\n\n  \na = b\n\n", ["a = b"]),
        ("a = b\r\nc = d\r\n", ["a = b", "c = d"]),
        ("a = b\rc = d", ["a = b", "c = d"]),
        ("a = b\n\t-> c", ["a = b -> c"]),
        ("\ufeffa = b", ["a = b"]),
        ("a\u00a0=\u200b b", ["a = b"]),
        ("  a = b\n    -> c\n  d = e", ["a = b -> c", "d = e"]),
        ("", []),
        ("# only words", []),
    ],
)
def test_statements_of(text: str, expected: list[str]) -> None:
    assert statements(text) == expected


def test_a_comment_belongs_to_the_statement_it_stands_before_or_inside() -> None:
    lexed = lex(
        Source("<text>", "# one\n#two\na = b # three\n  # four\n  -> c\n#\n# five\nd\n# six")
    )
    assert [one.comments for one in lexed.statements] == [
        ["one", "two", "three", "four"],
        ["", "five"],
    ]
    assert lexed.comments == ["six"]


def test_keywords_are_kinds_of_their_own() -> None:
    text = "if then else for in where as use set and or not"
    assert kinds(text) == text.split()


def test_a_hash_inside_quotes_is_no_comment() -> None:
    assert kinds('use "a#b"') == ["use", "text"]


def test_every_token_knows_its_place() -> None:
    text = "a = conv(16)\n  -> relu"
    (statement,) = lex(Source("<text>", text)).statements
    assert all(text[token.start : token.end] == token.text for token in statement.tokens)
    assert [token.indent for token in statement.tokens if token.indent >= 0] == [0, 2]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a => b", "wrong-sign"),
        ("a --> b", "wrong-sign"),
        ("a >> b", "wrong-sign"),
        ("1...4", "wrong-sign"),
        ("2w", "number-and-letters"),
        ("3x", "number-and-letters"),
        ("1e", "number-and-letters"),
        ('use "resnet.cnn', "unclosed-quote"),
        ("a \x00 b", "unknown-character"),
        ("a \ud800 b", "unknown-character"),
        ("größe", "unknown-character"),
        ("“a”", "unknown-character"),
        ("9" * 31, "number-too-long"),
        ("." + "9" * 31, "number-too-long"),
        ("1x" + "9" * 31, "number-too-long"),
        ("1e999", "number-too-large"),
        ("(a", "unclosed-bracket"),
        ("a)", "stray-bracket"),
        ("(a]", "unlike-brackets"),
    ],
)
def test_what_is_no_word_is_told_with_its_code(text: str, code: str) -> None:
    assert [one.code for one in lex(Source("<text>", text)).mistakes][:1] == [code]


def test_an_open_bracket_does_not_swallow_the_definitions_after_it() -> None:
    lexed = lex(Source("<text>", "a = (conv(16) -> relu\nb = conv(3)\nc(w) := (relu\nd = e"))
    assert [one.code for one in lexed.mistakes] == ["unclosed-bracket"] * 2
    assert [one.is_broken for one in lexed.statements] == [True, False, True, False]
