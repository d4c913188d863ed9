"""Typical mistakes of grammar and what to say about each: where the parser stands decides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from striate.errors import Diagnostic
from striate.notation.hints import shown, unclosed_bracket
from striate.notation.syntax import Binary, Chain, Join, Sum
from striate.notation.tokens import CLOSERS, CLOSING, INFIX, KEYWORDS, STARTERS, Token
from striate.source import Source, Span


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the parser stands: the tokens of its statement, and the place of the next one."""

    source: Source
    tokens: Sequence[Token]
    at: int

    @property
    def next(self) -> Token:
        """The token that does not fit."""
        return self.tokens[self.at]

    @property
    def last(self) -> Token | None:
        """The token before it."""
        return self.tokens[self.at - 1] if self.at else None

    @property
    def span(self) -> Span:
        """The place of the token that does not fit; at the end, of the last one."""
        token = self.tokens[self.at - 1] if self.next.kind == "end" and self.at else self.next
        return self.span_of(token)

    @property
    def is_head(self) -> bool:
        """True before `name =`, which begins a definition at the start of a line."""
        return self.next.kind == "name" and self.tokens[self.at + 1].kind in {"=", ":="}

    def span_of(self, token: Token) -> Span:
        """The place of a token."""
        return Span(self.source, token.start, token.end)

    def enclosing(self) -> tuple[Token | None, Token | None]:
        """The innermost bracket that is open here, and the token before that bracket."""
        closed = 0
        for place in range(self.at - 1, -1, -1):
            kind = self.tokens[place].kind
            if kind in CLOSING:
                closed += 1
            elif kind in CLOSERS:
                if not closed:
                    return self.tokens[place], self.tokens[place - 1] if place else None
                closed -= 1
        return None, None


PYTHON_VALUES: Final = {
    "True": "yes is 1",
    "False": "no is 0",
    "None": "leave the argument out, or name the layer `id` or `none`",
    "lambda": "a definition is a value: cb(w) := conv(w) -> bn",
}
_PYTHON_STATEMENTS: Final = {
    "def": "a definition needs no word before it: cb(w) := conv(w) -> bn",
    "class": "a module is a definition with := and no word before it: cb(w) := conv(w) -> bn",
    "return": "a definition is its expression: cb(w) := conv(w) -> bn",
    "import": 'definitions of another file come with use: use "resnet.cnn"',
    "from": 'definitions of another file come with use: use "resnet.cnn"',
}
_KEYWORD_USAGE: Final = {
    "where": "where stands at the end of a statement: f(w) = conv(v) where v = 2*w",
    "then": "write if condition then a else b",
    "else": "write if condition then a else b",
    "for": "a fold is written (-> block(w) for w in ws), a list [2*w for w in ws]",
    "set": "set conv(b=0) is a statement of its own",
    "use": 'use "resnet.cnn" is a statement of its own',
}
LABEL_PIECE: Final = re.compile(r"[^{}]+|(\{[^{}]+\})")


def _keyword_as_name(token: Token, span: Span) -> Diagnostic:
    reason = f"'{token.text}' is a word of the notation and cannot be a name"
    help_ = _KEYWORD_USAGE.get(token.text, "choose another name")
    return Diagnostic("keyword-as-name", reason, span, (help_,))


def keyword_label(word: str, span: Span) -> Diagnostic:
    """`then: conv(16)`."""
    help_ = f'as a label it stands in quotes: "{word}":  (and no colon follows `{word}` itself)'
    reason = f"'{word}' is a word of the notation and cannot be a label"
    return Diagnostic("keyword-as-label", reason, span, (help_,))


def word_missing(scene: Scene, word: str, usage: str) -> Diagnostic:
    """`if a b`."""
    if scene.next.kind == "=" and word == "then":
        return _single_equals(scene)
    if scene.next.kind == "label" and scene.next.text.rstrip(": \t") == word:
        return keyword_label(word, scene.span)
    return Diagnostic("word-missing", f"'{word}' is missing here", scene.span, (f"write {usage}",))


def name_missing(scene: Scene, before: str) -> Diagnostic:
    """`conv(16) as 3`."""
    if scene.next.kind in KEYWORDS:
        return _keyword_as_name(scene.next, scene.span)
    reason = f"a name must follow '{before}'"
    return Diagnostic("name-missing", reason, scene.span)


def bad_label(span: Span) -> Diagnostic:
    """`"a{b": conv(16)`."""
    help_ = (
        'a label is a name, a number or words in quotes, with {..} around what is computed: "{i}":'
    )
    return Diagnostic("bad-label", "this label cannot be read", span, (help_,))


def shape_missing(scene: Scene) -> Diagnostic:
    """`conv(16) :: relu`."""
    help_ = "write channels first, ? for what is unknown: 64x32x32, 64x?x?, or 512 for a flat one"
    return Diagnostic("shape-missing", "a shape must follow ::", scene.span, (help_,))


def chained_comparison(scene: Scene) -> Diagnostic:
    """`1 < n < 4`."""
    help_ = "join them by and: 1 < n and n < 4"
    return Diagnostic("chained-comparison", "comparisons do not chain", scene.span, (help_,))


def python_value(scene: Scene) -> Diagnostic:
    """`bias=True`."""
    word = scene.next.text
    reason = f"'{word}' is no word of the notation"
    return Diagnostic("python-word", reason, scene.span, (PYTHON_VALUES[word],))


def slice_with_colon(scene: Scene) -> Diagnostic:
    """`ws[1:3]`."""
    reason = "the part of a list is written with .."
    return Diagnostic("slice-with-colon", reason, scene.span, ("ws[1..3], both ends included",))


def lone_comma(span: Span) -> Diagnostic:
    """`(a,)`."""
    reason = "a tuple has at least two streams"
    return Diagnostic("lone-comma", reason, span, ("leave the comma out",))


def fold_without_for(scene: Scene, sign: Token) -> Diagnostic:
    """`(-> conv(16))`."""
    help_ = f"a fold is written ({sign.kind} block(w) for w in ws); otherwise leave the sign out"
    reason = f"brackets that begin with {sign.kind} are a fold, and its 'for' is missing"
    return Diagnostic("fold-without-for", reason, scene.span_of(sign), (help_,))


def mixed_table(scene: Scene) -> Diagnostic:
    """`[18: a, b]`."""
    reason = "some entries have a key and some have none"
    help_ = "a table gives every entry a key: [18: a, 34: b]; a list gives none"
    return Diagnostic("mixed-table", reason, scene.span, (help_,))


def bad_key(span: Span) -> Diagnostic:
    """`[a{i}: 3]`."""
    reason = "the key of a table is a name, a number or words in quotes"
    return Diagnostic("bad-key", reason, span)


def keyed_comprehension(scene: Scene) -> Diagnostic:
    """`[a: f(n) for n in ns]`."""
    reason = "a list made with 'for' has no keys"
    return Diagnostic("keyed-comprehension", reason, scene.span, ("leave the label out",))


# An expression should begin


def operand_missing(scene: Scene) -> Diagnostic:
    """Something that can begin no expression stands where one must begin."""
    token, last = scene.next, scene.last
    is_over = token.kind == "end" or token.kind in CLOSING or token.kind in {",", ";"}
    if last and last.kind in CLOSERS and CLOSERS[last.kind] == token.kind:
        return _empty_brackets(scene, last)
    if last and last.kind == "*" and (is_over or token.kind in INFIX or token.kind == "as"):
        help_ = "write the number of rounds, (a -> b)*3, or a choice of them, (a -> b)*{1..3}"
        span = scene.span_of(last)
        return Diagnostic(
            "count-missing", "the count of a repetition follows its *", span, (help_,)
        )
    if is_over:
        return _nothing_follows(scene, last)
    if token.kind == "field":
        return _dot(scene)
    if token.kind in KEYWORDS:
        if token.kind == "not":
            help_ = "enclose it: (not a)"
            return Diagnostic("unexpected-word", "'not' cannot stand here", scene.span, (help_,))
        return _keyword_as_name(token, scene.span)
    if token.kind in INFIX or token.kind in {"?", "=", ":="}:
        return _nothing_before(scene, last)
    return Diagnostic("unexpected-word", f"{shown(token.text)} cannot stand here", scene.span)


def _empty_brackets(scene: Scene, opening: Token) -> Diagnostic:
    span = scene.span_of(opening).to(scene.span)
    help_ = {
        "(": "the element that does nothing is `id`",
        "{": "a choice lists its values: {16, 32}",
        "[": "an index stands inside: ws[0]",
    }[opening.kind]
    return Diagnostic("empty-brackets", "there is nothing between these brackets", span, (help_,))


def _nothing_follows(scene: Scene, last: Token | None) -> Diagnostic:
    if last is None:
        wrong = shown(scene.next.text)
        return Diagnostic("unexpected-word", f"a statement cannot begin with {wrong}", scene.span)
    if last.kind == "," and scene.next.kind != "end":
        reason = f"nothing stands between the comma and {shown(scene.next.text)}"
        return Diagnostic("operand-missing", reason, scene.span_of(last))
    help_ = {
        "->": ("a chain ends with its last element: leave the arrow out or name what follows",),
        "label": ("a label stands before its element: conv1: conv(64)",),
        "set": ("write set conv(b=0), bn(eps=0.001)",),
        "use": ('use "resnet.cnn" takes a file beside this one, use std.resnet the library',),
        "if": ("write if condition then a else b",),
    }
    sign = last.text if last.kind == "label" else last.kind
    reason = f"nothing follows {shown(sign)}"
    return Diagnostic("operand-missing", reason, scene.span_of(last), help_.get(last.kind, ()))


def _nothing_before(scene: Scene, last: Token | None) -> Diagnostic:
    sign = scene.next.kind
    if last is None or last.kind in {"=", ":="} | set(CLOSERS):
        reason = f"nothing stands before {shown(sign)}"
        help_: tuple[str, ...] = ()
        if sign == "->":
            help_ = ("a chain begins with its first element: input(3, 32, 32) -> conv(16)",)
        elif last is None and sign in {"/", "//", "%"}:
            help_ = ("a comment begins with #",)
        return Diagnostic("operand-missing", reason, scene.span, help_)
    reason = f"nothing stands between {shown(last.text)} and {shown(sign)}"
    return Diagnostic("operand-missing", reason, scene.span_of(last).to(scene.span))


# An expression is complete, and what follows does not fit


def leftover(scene: Scene) -> Diagnostic:
    """A complete expression is followed by something that neither goes on with it nor closes it."""
    token, last = scene.next, scene.last
    assert last is not None
    opening, before = scene.enclosing()
    if token.kind == "end" or token.kind in CLOSING:
        return Diagnostic("bad-label", "the brackets in this label do not pair up", scene.span)
    if last.text in _PYTHON_STATEMENTS:
        reason = f"'{last.text}' is no word of the notation"
        advice = _PYTHON_STATEMENTS[last.text]
        return Diagnostic("python-word", reason, scene.span_of(last), (advice,))
    if token.indent >= 0 and opening is None:
        return _line_goes_on(scene)
    if opening and 0 <= token.indent <= scene.tokens[0].indent and scene.is_head:
        return unclosed_bracket(scene.span_of(opening))
    if token.kind == "field":
        return _dot(scene)
    if token.kind in {"=", ":="}:
        return _single_equals(scene)
    if token.kind in STARTERS:
        return _sign_missing(scene, opening, before)
    return _unexpected(scene, opening)


def _line_goes_on(scene: Scene) -> Diagnostic:
    help_ = (
        "a statement starts in column 0; an indented line goes on with the one before it",
        "to go on with the chain begin the line with ->",
    )
    reason = f"{shown(scene.next.text)} neither goes on with the line before nor starts a statement"
    return Diagnostic("line-goes-on", reason, scene.span, help_)


def _dot(scene: Scene) -> Diagnostic:
    name = scene.next.text[1:]
    return Diagnostic(
        "dot-between-layers",
        f"{shown(scene.next.text)} cannot stand here",
        scene.span,
        (
            f"layers are joined by ->: -> {name[:30]}",
            "a named output is @name, a part of it @name.part",
        ),
    )


def _single_equals(scene: Scene) -> Diagnostic:
    help_: tuple[str, ...] = ("a statement has one = or :=, behind the name it defines",)
    if scene.next.kind == "=" and (scene.enclosing()[0] or "if" in _kinds(scene)):
        help_ = ("equality is written ==", "an argument's name stands before its =: conv(16, s=2)")
    return Diagnostic(
        "misplaced-equals", f"'{scene.next.text}' cannot stand here", scene.span, help_
    )


def _kinds(scene: Scene) -> set[str]:
    return {token.kind for token in scene.tokens[: scene.at]}


def _sign_missing(scene: Scene, opening: Token | None, before: Token | None) -> Diagnostic:
    token, last = scene.next, scene.last
    assert last is not None
    pair = f"{shown(last.text)} and {shown(token.text)}"
    is_value = token.kind in {"int", "float", "dims", "text"}
    if is_value and last.kind == "name":
        help_ = f"arguments stand in round brackets: {last.text[:30]}({token.text[:30]})"
        reason = f"a bracket is missing between {pair}"
        return Diagnostic("missing-brackets", reason, scene.span_of(last).to(scene.span), (help_,))
    span = scene.span_of(last).to(scene.span)
    is_list = opening is not None and opening.kind in {"[", "{"}
    is_call = opening is not None and opening.kind == "(" and _is_callee(before)
    if is_list or is_call or scene.tokens[0].kind == "set":
        return Diagnostic("missing-comma", f"a comma is missing between {pair}", span)
    if scene.tokens[0].kind == "use":
        help_ = "each use is a statement of its own"
        return Diagnostic(
            "unexpected-word", f"{shown(token.text)} cannot stand here", scene.span, (help_,)
        )
    before_arrow = "" if last.kind in CLOSING or last.kind == "?" else f"{last.text[:30]} "
    help_ = f"layers are joined by ->: {before_arrow}-> {token.text[:30]}"
    return Diagnostic("missing-sign", f"a sign is missing between {pair}", span, (help_,))


def _is_callee(token: Token | None) -> bool:
    return token is not None and (token.kind == "name" or token.kind in {")", "]"})


def _unexpected(scene: Scene, opening: Token | None) -> Diagnostic:
    kind = scene.next.kind
    help_: tuple[str, ...] = ()
    if kind == "for" and opening is not None and opening.kind == "(":
        help_ = ("a fold begins with its sign: (-> block(w) for w in ws)",)
    elif kind == "else":
        help_ = ("then and else take one element: if c then (a -> b) else d",)
    elif kind == "where":
        help_ = ("where stands at the end of a statement: f(w) = conv(v) where v = 2*w",)
    elif kind == "as":
        help_ = ("an element has one name, before its shape: conv(16) as x :: 16x32x32",)
    elif kind == "::":
        help_ = ("an element has one shape",)
    elif kind == ":":
        help_ = ("a label is a name, a number or words in quotes: conv1: conv(64)",)
    elif kind == ",":
        help_ = ("several streams stand in brackets: (a, b)",)
    elif kind == "..":
        help_ = ("a range has two ends: 1..4",)
    reason = f"{shown(scene.next.text)} cannot stand here"
    return Diagnostic("unexpected-word", reason, scene.span, help_)


# Branches


def bare_branches(fork: Sum | Join) -> Diagnostic:
    """`a -> b + c`."""
    sign = fork.sign if isinstance(fork, Join) else fork.signs[1]
    reading = " ".join(
        f"{f'{mark} ' if place else ''}({_short(item.span)})"
        if isinstance(item, Chain)
        else f"{f'{mark} ' if place else ''}{_short(item.span)}"
        for place, (mark, item) in enumerate(zip(_signs(fork), fork.items, strict=True))
    )
    return Diagnostic(
        "bare-branches",
        f"put the branches of {sign} in parentheses",
        fork.span,
        (f"-> binds tighter than {sign}: this reads as  {_cut(reading, 200)}",),
    )


def mixed_branches(outer: Sum | Join, inner: Sum | Join) -> Diagnostic:
    """`a | b + c`."""
    first, second = (one.sign if isinstance(one, Join) else one.signs[1] for one in (outer, inner))
    return Diagnostic(
        "mixed-branches",
        f"{first} and {second} are mixed without parentheses",
        inner.span,
        (f"say which comes first: ({_short(inner.span)})",),
    )


def _signs(fork: Sum | Join) -> Sequence[str]:
    return fork.signs if isinstance(fork, Sum) else (fork.sign,) * len(fork.items)


def _short(span: Span) -> str:
    return _cut(
        " ".join(span.source.text[span.start : min(span.end, span.start + 500)].split()), 80
    )


def _cut(words: str, most: int) -> str:
    visible = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in words)
    return visible if len(visible) <= most else f"{visible[: most - 3]}..."


# Statements


def second_network(span: Span, first: Span) -> Diagnostic:
    """Two bare expressions in one file."""
    return Diagnostic(
        "second-network",
        f"a text has one network, and line {first.line} holds one",
        span,
        (
            "to go on with the line before, indent this one or begin it with ->",
            "to keep both, give each a name: small = ...",
        ),
    )


def not_an_expression(span: Span) -> Diagnostic:
    """A definition where one expression is asked for."""
    return Diagnostic("not-an-expression", "one expression is expected, without definitions", span)


def unknown_version(word: str, version: int, span: Span) -> Diagnostic:
    """`striate 2`."""
    reason = f"this text is in version {word} of the notation; version {version} is known here"
    return Diagnostic("unknown-version", reason, span, ("a newer striate may read it",))


def nothing_to_use(span: Span) -> Diagnostic:
    """`use resnet.cnn`."""
    help_ = 'use "resnet.cnn" takes a file beside this one, use std.resnet the library'
    return Diagnostic("nothing-to-use", "a file name in quotes must follow use", span, (help_,))


def nothing_to_set(span: Span) -> Diagnostic:
    """`set conv`."""
    help_ = "write set conv(b=0), bn(eps=0.001)"
    return Diagnostic("nothing-to-set", "set needs a layer with its new defaults", span, (help_,))


def comparison_as_definition(comparison: Binary) -> Diagnostic:
    """`net == conv(16)`."""
    name = _short(comparison.left.span)
    return Diagnostic(
        "comparison-as-definition",
        "a definition is written with = or :=, not with ==",
        comparison.span,
        (f"{name} = ... (abbreviation) or {name} := ... (module)",),
    )


def bad_head(scene: Scene, span: Span) -> Diagnostic:
    """`conv(3) -> f(w) = ...`."""
    reason = f"only a name, or a name with its parameters, can stand before {scene.next.kind}"
    help_ = "write block(w, s=1) = ..., or == for a comparison"
    return Diagnostic("bad-definition-head", reason, span, (help_,))


def bad_parameter(span: Span) -> Diagnostic:
    """`f(3) = ...`."""
    reason = "a parameter is a name, or a name with its default: f(w, s=1)"
    return Diagnostic("bad-parameter", reason, span)


def bad_binding(scene: Scene) -> Diagnostic:
    """`where x`."""
    reason = "where gives names to values and to shared modules"
    help_ = "write where v = 2*w, or where m: (conv(8) -> relu)"
    return Diagnostic("bad-binding", reason, scene.span, (help_,))


def bad_shared_name(span: Span) -> Diagnostic:
    """`where m{i}: conv(8)`."""
    reason = (
        "the label of a shared module is the name it is mentioned by; nothing in it is computed"
    )
    return Diagnostic("bad-shared-name", reason, span)


def name_twice(name: str, what: str, span: Span) -> Diagnostic:
    """`f(w, w) = ...`."""
    return Diagnostic("name-given-twice", f"the {what} '{name}' is given twice", span)
