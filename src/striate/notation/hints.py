"""Typical mistakes of spelling and what to say about each: the wrong signs beside their advice."""

from __future__ import annotations

from typing import Final

from striate.errors import Diagnostic
from striate.source import Span

# Signs of other languages. Each is told as a whole, before the notation's own signs are looked for.
_WRONG_SIGNS: Final = {
    "=>": "layers are joined by ->; not less than is >=",
    "-->": "layers are joined by ->",
    ">>": "layers are joined by ->  (>> is for the Python builder)",
    "&&": "conditions are joined by `and`; & multiplies branches",
    "||": "conditions are joined by `or`; | concatenates branches",
    "**": "a power is written ^: 2^i",
    "...": "a range is written 1..4, both ends included",
    "=<": "not greater than is written <=",
    "<>": "not equal is written !=",
    "!": "write `not`, or != for not equal",
    "'": 'strings and odd labels stand in straight double quotes: "block1-0"',
    "$": "a value of the text is called by its name alone",
    "\\": "a line goes on when the next one is indented or starts with ->",
    "~": "write `not` before a condition, - before a number",
    "`": "names need no quotes",
}
_WRONG_CHARACTERS: Final = {
    "⇒➔➜➝➞➡⟹⇨↦": "->",
    "≤⩽": "<=",
    "≥⩾": ">=",
    "≠": "!=",
    "−–—": "-",
    "·∙⋅∗✕✖": "*",
    "…": "..",
    "“”„‟«»″": '"',
    "‘’": '"',
    "÷": "/",
    "∣│¦": "|",
    "（": "(",
    "）": ")",
    "，": ",",
    "：": ":",
}
WRONG_SIGN: Final = (
    r"={1,3}> | -{2,3}> | >{2,} | &{2,} | \|{2,} | \*{2,} | \.{3,} | =< | <> | !(?!=)"
    r" | '[^'\r\n]*+'?+ | [$\\~`]"
)


def wrong_sign(word: str, span: Span) -> Diagnostic:
    """`=>`, `>>`, `...`: a sign of another language."""
    key = word
    if key not in _WRONG_SIGNS:
        alike = {"=": "=>", "-": "-->", ".": "...", "'": "'"}
        key = alike.get(word[0], word[:2])
    reason = f"{shown(word)} is no sign of the notation"
    return Diagnostic("wrong-sign", reason, span, (_WRONG_SIGNS[key],))


def unknown_word(word: str, span: Span) -> Diagnostic:
    """Characters that can begin no word."""
    first = word[0]
    if first == '"':
        return Diagnostic(
            "unclosed-quote",
            'this " is not closed on its line',
            span,
            ('a string ends on the line it starts on: use "resnet.cnn"',),
        )
    if first.isdigit() or (first == "." and word[1:2].isdigit()):
        return Diagnostic(
            "number-and-letters",
            f"{shown(word)} is neither a number nor a name",
            span,
            ("a name begins with a letter; a product needs its sign, 2*w; sizes are 3x3",),
        )
    one = Span(span.source, span.start, span.start + 1)
    return Diagnostic("unknown-character", f"{shown(first)} is not used here", one, _instead(first))


def _instead(character: str) -> tuple[str, ...]:
    for characters, ascii_sign in _WRONG_CHARACTERS.items():
        if character in characters:
            return (f"write {ascii_sign}",)
    if character.isalpha():
        return ("names are made of ASCII letters, digits and _",)
    help_ = {
        "@": "a reference is @ and the name of a label: @x",
        ".": "a number has digits on both sides of its point: 0.5; a range is written 1..4",
    }
    return (help_[character],) if character in help_ else ()


def shown(word: str) -> str:
    """A word of the text for a message: in quotes, shortened, visible."""
    if not word[0].isprintable():
        return f"the character U+{ord(word[0]):04X}"
    visible = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in word)
    return f"'{visible}'" if len(visible) <= 40 else f"'{visible[:37]}...'"


# Brackets


def too_deep(span: Span) -> Diagnostic:
    """`((((...`: deeper than any reader or any stack can follow."""
    advice = "give the inner parts names: part = (...)"
    return Diagnostic("nested-too-deep", "this is nested too deep", span, (advice,))


def stray_bracket(bracket: str, span: Span) -> Diagnostic:
    """`conv(16))`."""
    return Diagnostic("stray-bracket", f"this {bracket} closes nothing", span)


def unclosed_bracket(span: Span) -> Diagnostic:
    """`(conv(16) -> relu`."""
    return Diagnostic("unclosed-bracket", f"this {span.text} is never closed", span)


def unlike_brackets(opening: Span, closing: Span) -> Diagnostic:
    """`(conv(16]`."""
    reason = f"this {closing.text} cannot close the {opening.text} of line {opening.line}"
    column = opening.source.place(opening.start)[1]
    advice = f"the {opening.text} stands in column {column} of line {opening.line}"
    return Diagnostic("unlike-brackets", reason, closing, (advice,))
