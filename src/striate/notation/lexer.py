"""Text to tokens, each with its place, sorted into statements.

A statement starts in column 0 (or in the column of the first one, for texts inside indented Python
strings). A line continues the one before it when it is indented, starts with `->` or a closing
bracket, follows an operator, or stands inside brackets. `;` separates statements on one line. The
parser therefore never sees the end of a line: it gets one list of tokens per statement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from striate.errors import Diagnostic
from striate.notation import hints
from striate.notation.tokens import ASCII_SIGNS, CLOSERS, CLOSING, KEYWORDS, UNFINISHED, Token
from striate.source import Source, Span

MOST_CHARACTERS: Final = 1_000_000
MOST_TOKENS: Final = 60_000
MOST_MISTAKES: Final = 20
MOST_DIGITS: Final = 30
MOST_OPEN_BRACKETS: Final = 60

_SPACE = r"[ \t\f\v\xa0\u2000-\u200b\u202f\u3000\ufeff]++"
_PIECE = r"(?:\w|\{[^{}\r\n]*+\})"
LABEL: Final = rf'(?:"[^"\r\n]*+"|(?:[A-Za-z_]{_PIECE}*+|\d++)(?:\.{_PIECE}++)*+)'
_TOKEN = re.compile(
    rf"""
      (?P<space>   {_SPACE} )
    | (?P<label>   {LABEL} [ \t]*+ : (?![:=]) )
    | (?P<word>    [A-Za-z_]\w*+ )
    | (?P<wrong>   {hints.WRONG_SIGN} )
    | (?P<sign>    -> | [()\[\]{{}},+\-|&*%^?;] | := | :: | : | [=!<>]= | [=<>] | //? | \.\.
                 | [→⟶×⊕∥⊙⊗] )
    | (?P<dims>    \d++ (?: [x×] (?: \d++ | \? ) )++ (?!\w) )
    | (?P<float>   \d++ \. \d++ (?: [eE][+-]?\d++ )?+ (?!\w) | \d++ [eE][+-]?\d++ (?!\w) )
    | (?P<int>     \d++ (?!\w) )
    | (?P<newline> (?: [ \t]*+ (?: \r\n? | \n ) )++ )
    | (?P<ref>     @[A-Za-z_]\w*+ (?:\.\w++)*+ )
    | (?P<projection> \.\d++ (?!\w) )
    | (?P<field>   \.[A-Za-z_]\w*+ )
    | (?P<text>    "[^"\r\n]*+" )
    | (?P<comment> \#[^\r\n]*+ )
    | (?P<unknown> \.?\d [\w.×?]*+ | "[^\r\n]*+ | [“„«][^”»\r\n]*+[”»]?+ | [^\x00-\x7f]++
                 | [\x00-\x08\x0e-\x1f]++ | . )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_HEAD = re.compile(r"(?:use|set)\b|[A-Za-z_]\w*+\s*+(?:\([^()]*+\))?+\s*+(?::=|=(?!=))", re.ASCII)


@dataclass(slots=True)
class Words:
    """The tokens of one statement, closed by an `end`, and the comments before or inside it."""

    tokens: list[Token]
    comments: list[str]
    is_broken: bool = False


@dataclass(slots=True)
class Lexed:
    """All statements of a text, the comments behind the last one, and the mistakes met."""

    statements: list[Words] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    mistakes: list[Diagnostic] = field(default_factory=list)


def lex(source: Source) -> Lexed:
    """The words of a text; what is no word is told among the mistakes."""
    if len(source.text) > MOST_CHARACTERS:
        span = Span(source, 0, 0)
        reason = (
            f"the text has {len(source.text):,} characters; at most {MOST_CHARACTERS:,} are read"
        )
        return Lexed(mistakes=[Diagnostic("text-too-long", reason, span)])
    mistakes: list[Diagnostic] = []
    tokens = tokenize(source, 0, len(source.text), mistakes)
    if len(tokens) > MOST_TOKENS:
        span = Span(source, tokens[-1].start, tokens[-1].end)
        reason = f"the text has more than {MOST_TOKENS:,} words"
        return Lexed(mistakes=[Diagnostic("text-too-long", reason, span)])
    return _Grouping(source, tokens, mistakes).group()


def tokenize(source: Source, start: int, end: int, mistakes: list[Diagnostic]) -> list[Token]:
    """Words and comments of a stretch of text; those that are none go, with a mistake each."""
    tokens: list[Token] = []
    text = source.text
    line_start = start
    is_first = True
    for match in _TOKEN.finditer(text, start, end):
        kind = match.lastgroup
        if kind == "space":
            continue
        at, stop = match.span()
        if kind == "newline":
            line_start, is_first = stop, True
            continue
        word = match.group()
        if kind == "sign":
            kind = word if word.isascii() else ASCII_SIGNS[word]
        elif kind == "word":
            kind = word if word in KEYWORDS or word == "_" else "name"
        elif mistake := _mistake_in(kind, word, Span(source, at, stop)):
            mistakes.append(mistake)
            kind = "wrong"
        tokens.append(Token(kind or "", word, at, stop, at - line_start if is_first else -1))
        is_first = False
        if len(tokens) > MOST_TOKENS or len(mistakes) >= MOST_MISTAKES:
            break
    return tokens


def _mistake_in(kind: str | None, word: str, span: Span) -> Diagnostic | None:
    match kind:
        case "wrong":
            return hints.wrong_sign(word, span)
        case "unknown":
            return hints.unknown_word(word, span)
        case "int" | "float" | "projection" | "dims":
            return _mistake_in_number(kind, word, span)
    return None


def _mistake_in_number(kind: str, word: str, span: Span) -> Diagnostic | None:
    longest = max(map(len, re.split("[x×]", word))) if kind == "dims" else len(word)
    if longest > MOST_DIGITS or len(word) > 4 * MOST_DIGITS:
        return Diagnostic("number-too-long", f"a number has at most {MOST_DIGITS} digits", span)
    if kind == "float" and not isfinite(float(word)):
        return Diagnostic("number-too-large", f"{word} is larger than any number can be", span)
    return None


class _Grouping:
    """Sorts tokens into statements; finds brackets that do not pair up."""

    def __init__(self, source: Source, tokens: list[Token], mistakes: list[Diagnostic]) -> None:
        self.source = source
        self.tokens = tokens
        self.done = Lexed(mistakes=mistakes)
        self.margin = next((one.indent for one in tokens if one.kind != "comment"), 0)
        self.open: list[Token] = []
        self.words = Words([], [])
        self.waiting: list[str] = []

    def group(self) -> Lexed:
        at = first = 0
        while at < len(self.tokens) and len(self.done.mistakes) < MOST_MISTAKES:
            token = self.tokens[at]
            if token.kind == "comment":
                self._comment(token)
            elif token.kind == ";" and not self.open:
                self._close()
            else:
                if token.indent >= 0 and self._starts_statement(token):
                    self._close()
                if not self.words.tokens:
                    first = at
                self._add(token)
            at += 1
            if at == len(self.tokens) and self.open:
                at = self._recover(first)
        self._close()
        self.done.comments = self.waiting
        return self.done

    def _starts_statement(self, token: Token) -> bool:
        return (
            not self.open
            and token.indent <= self.margin
            and token.kind != "->"
            and token.kind not in CLOSING
            and bool(self.words.tokens)
            and self.words.tokens[-1].kind not in UNFINISHED
        )

    def _comment(self, token: Token) -> None:
        words = token.text[1:].removeprefix(" ").rstrip()
        is_behind = token.indent < 0 and self.words.tokens
        (self.words.comments if is_behind and not self.waiting else self.waiting).append(words)

    def _add(self, token: Token) -> None:
        words = self.words
        words.comments += self.waiting
        self.waiting = []
        words.tokens.append(token)
        kind = token.kind
        if kind in CLOSERS:
            self.open.append(token)
            if len(self.open) == MOST_OPEN_BRACKETS + 1:
                self._mistake(hints.too_deep(self._span(token)))
        elif kind in CLOSING:
            self._match(token)
        elif kind == "wrong":
            words.is_broken = True

    def _match(self, token: Token) -> None:
        if not self.open:
            self._mistake(hints.stray_bracket(token.text, self._span(token)))
            return
        opening = self.open.pop()
        if CLOSERS[opening.kind] != token.kind and not self.words.is_broken:
            self._mistake(hints.unlike_brackets(self._span(opening), self._span(token)))

    def _recover(self, first: int) -> int:
        """Where to go on when a bracket stays open: at the next sure start of a statement."""
        at = first + 1
        inside = self.open[0].start
        while at < len(self.tokens):
            if self.tokens[at].start > inside and self._is_head(self.tokens[at]):
                break
            at += 1
        stop = self.tokens[at - 1].end
        opening = next(one for one in reversed(self.open) if one.start < stop)
        self._mistake(hints.unclosed_bracket(self._span(opening)))
        self.open = []
        self._close()
        return at

    def _is_head(self, token: Token) -> bool:
        return 0 <= token.indent <= self.margin and bool(_HEAD.match(self.source.text, token.start))

    def _close(self) -> None:
        words = self.words
        if not words.tokens:
            return
        last = words.tokens[-1]
        words.tokens.append(Token("end", "", last.end, last.end))
        self.done.statements.append(words)
        self.words = Words([], [])

    def _mistake(self, mistake: Diagnostic) -> None:
        self.words.is_broken = True
        self.done.mistakes.append(mistake)

    def _span(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)
