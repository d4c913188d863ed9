"""Trees as text on one line: where parentheses are needed, and where spaces stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from striate.notation.lexer import LABEL
from striate.notation.syntax import (
    Argument,
    As,
    Assert,
    Binary,
    Call,
    Chain,
    Choice,
    Comprehension,
    Dims,
    Entry,
    Expr,
    Fold,
    Group,
    Hole,
    If,
    Index,
    Join,
    Label,
    List,
    Name,
    Number,
    Optional,
    Parameter,
    Projection,
    Range,
    Reference,
    Streams,
    Sum,
    Table,
    Text,
    Unary,
)
from striate.notation.tokens import COMPARISONS, KEYWORDS

# How tightly things bind; an operand looser than its place asks for stands in parentheses.
ANY, OR, AND, NOT, COMPARISON = 0, 1, 2, 3, 4
SUM, CHAIN, ITEM, PRODUCT, POWER, POSTFIX, ATOM = 7, 8, 9, 10, 11, 13, 14

_BINARY_LEVEL: Final = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(COMPARISONS, COMPARISON),
    "*": PRODUCT,
    "/": PRODUCT,
    "//": PRODUCT,
    "%": PRODUCT,
    "^": POWER,
}
_PLAIN_KEY: Final = re.compile(r"(?:[A-Za-z_]\w*|\d+)(?:\.\w+)*", re.ASCII)
_LABEL_IN_FRONT: Final = re.compile(rf"{LABEL}:(?![:=])", re.ASCII)


_STREAMS: Final = (
    *(As, Assert, Chain, Fold, Group, Join, Label, Optional, Projection, Reference, Streams),
)
# What may stand in sums of numbers; such sums need no spaces inside a product.
_NUMBERS: Final = (Number, Name, Hole, Index)


def level_of(expr: Expr) -> int:
    """How tightly the text of an expression binds without parentheses around it."""
    match expr:
        case Range():
            return ANY
        case Binary(sign=sign):
            return _BINARY_LEVEL[sign]
        case Unary(sign=sign):
            return NOT if sign == "not" else ITEM
        case Sum():
            return ATOM if is_fork(expr) else SUM
        case Chain():
            return CHAIN
        case Label() | As() | Assert() | If():
            return ITEM
        case Call() | Index() | Optional():
            return POSTFIX
        case _:
            return ATOM


def is_fork(expr: Expr) -> bool:
    """True for what is surely a fork of streams; it carries its own parentheses."""
    if isinstance(expr, Sum):
        return any(isinstance(item, _STREAMS) for item in expr.items)
    return isinstance(expr, Join)


def level_under_label(item: Expr) -> int:
    """`a: (b: x)` reads better than `a: b: x`."""
    return PRODUCT if isinstance(item, Label) else ITEM


def inline(expr: Expr, level: int = ANY, *, tight: bool = False) -> str:
    """An expression on one line, in parentheses where it binds more loosely than the level.

    tight: sums without spaces, as in `0..n-1`.
    """
    text = _WRITERS[type(expr)](expr, tight)
    return text if level_of(expr) >= level else f"({text})"


def operand(expr: Expr, level: int, *, tight: bool = False) -> str:
    """The same for operands of comparisons and arithmetic: `if` always stands in parentheses."""
    if isinstance(expr, If):
        return f"({inline(expr)})"
    return inline(expr, level, tight=tight)


def argument(one: Argument) -> str:
    """`3`, `s=2`."""
    return f"{one.name}={inline(one.value)}" if one.name else inline(one.value)


def parameter(one: Parameter) -> str:
    """`w`, `s=1`."""
    return one.name if one.default is None else f"{one.name}={inline(one.default)}"


def entry(one: Entry) -> str:
    """`18: [2, 2]`."""
    return f"{key(one.key)}: {inline(one.value)}"


def key(word: str) -> str:
    """The key of a table, in quotes where it needs them."""
    is_plain = _PLAIN_KEY.fullmatch(word) and word not in KEYWORDS
    return word if is_plain else f'"{word}"'


def label(one: Label) -> str:
    """`layer{i+1}:`."""
    pieces = [
        piece if isinstance(piece, str) else f"{{{inline(piece, tight=True)}}}"
        for piece in one.parts
    ]
    written = "".join(pieces)
    return f'"{written}":' if one.is_quoted else f"{written}:"


def shape(sizes: tuple[int | None, ...]) -> str:
    """`64x?x?`, `512`; `[?, 32]` where the first is unknown."""
    words = ["?" if size is None else str(size) for size in sizes]
    return f"[{', '.join(words)}]" if sizes[0] is None else "x".join(words)


def number(value: float) -> str:
    """`3`, `0.25`, `1e-6`."""
    if isinstance(value, int):
        return str(value)
    return re.sub(r"e\+?(-?)0*", r"e\1", repr(value))


def branch(item: Expr, sign: str, *, tight: bool = False) -> str:
    """One branch of a fork or sum, with its sign in front where it has one."""
    if not sign:
        return inline(item, CHAIN, tight=tight)
    text = f"({inline(item)})" if isinstance(item, Unary) else inline(item, CHAIN, tight=tight)
    return f"{sign}{text}" if tight else f"{sign} {text}"


def branches(fork: Sum | Join) -> list[tuple[str, Expr]]:
    """Signs and items; the first has no sign."""
    signs = fork.signs if isinstance(fork, Sum) else (fork.sign,) * len(fork.items)
    return list(zip(("", *signs[1:]), fork.items, strict=True))


def then_branch(expr: Expr) -> str:
    """What stands between `then` and `else`; an `if` in it must not catch the `else`."""
    text = inline(expr, ITEM)
    return f"({text})" if ends_in_if(expr) else text


def ends_in_if(expr: Expr) -> bool:
    """True if an `else` behind the text would belong to an `if` in it."""
    while isinstance(expr, Label):
        expr = expr.item
    return isinstance(expr, If)


def body(expr: Expr, *, tight: bool = False) -> str:
    """An item of a list, or an index; a label at its front would make it the key of a table."""
    text = inline(expr, tight=tight)
    return f"({text})" if _LABEL_IN_FRONT.match(text) else text


def _dims(expr: Dims, _: bool) -> str:
    return "x".join("?" if size is None else str(size) for size in expr.sizes)


def _sum(expr: Sum, tight: bool) -> str:
    if is_fork(expr):
        return _fork(expr, tight)
    words = [branch(item, sign, tight=tight) for sign, item in branches(expr)]
    return "".join(words) if tight else " ".join(words)


def _fork(expr: Sum | Join, _: bool) -> str:
    return f"({' '.join(branch(item, sign) for sign, item in branches(expr))})"


def _binary(expr: Binary, tight: bool) -> str:
    sign, level = expr.sign, _BINARY_LEVEL[expr.sign]
    if level < PRODUCT:
        least = level if level < COMPARISON else SUM
        left = operand(expr.left, least, tight=tight)
        right = operand(expr.right, max(least, level + 1), tight=tight)
        return f"{left} {sign} {right}"
    is_tight = tight or is_arithmetic(expr.left)
    left = operand(expr.left, POSTFIX if sign == "^" else PRODUCT, tight=is_tight)
    right = operand(expr.right, POWER, tight=True)
    return f"{left}{sign}{right}"


def is_arithmetic(expr: Expr) -> bool:
    """True if an expression is surely, or very likely, made of numbers."""
    match expr:
        case Sum(items=items):
            return all(map(is_arithmetic, items))
        case Binary(left=left, right=right):
            return is_arithmetic(left) and is_arithmetic(right)
        case Unary(operand=operand):
            return is_arithmetic(operand)
    return isinstance(expr, _NUMBERS)


def _unary(expr: Unary, tight: bool) -> str:
    if expr.sign == "not":
        return f"not {operand(expr.operand, NOT)}"
    return f"-{operand(expr.operand, POSTFIX, tight=tight)}"


def _range(expr: Range, _: bool) -> str:
    high = operand(expr.high, OR, tight=True)
    # `1...5` would read as one sign.
    return f"{operand(expr.low, OR, tight=True)}..{f'({high})' if high[0] == '.' else high}"


def _if(expr: If, _: bool) -> str:
    text = f"if {operand(expr.condition, ANY)} then {then_branch(expr.then)}"
    return text if expr.otherwise is None else f"{text} else {inline(expr.otherwise, ITEM)}"


def _as(expr: As, _: bool) -> str:
    return f"{operand(expr.item, PRODUCT)} as {expr.name}"


def _assert(expr: Assert, _: bool) -> str:
    item = inline(expr.item) if isinstance(expr.item, As) else operand(expr.item, PRODUCT)
    return f"{item} :: {shape(expr.sizes)}"


def loop(expr: Fold | Comprehension) -> str:
    """`for x, y in`."""
    return f"for {', '.join(expr.names)} in"


def _comprehension(expr: Comprehension, _: bool) -> str:
    return f"[{body(expr.body)} {loop(expr)} {inline(expr.values)}]"


def _fold(expr: Fold, _: bool) -> str:
    return f"({expr.sign} {inline(expr.body)} {loop(expr)} {inline(expr.values)})"


_WRITERS: Final[dict[type[Expr], Callable[[Any, bool], str]]] = {
    Number: lambda e, _: number(e.value),
    Text: lambda e, _: f'"{e.value}"',
    Dims: _dims,
    Name: lambda e, _: e.name,
    Hole: lambda e, _: "_",
    Reference: lambda e, _: "@" + ".".join(e.parts),
    Projection: lambda e, _: f".{e.index}",
    Group: lambda e, _: f"({inline(e.body)})",
    Chain: lambda e, _: " -> ".join(inline(item, ITEM) for item in e.items),
    Sum: _sum,
    Join: _fork,
    Streams: lambda e, _: f"({', '.join(map(inline, e.items))})",
    Binary: _binary,
    Unary: _unary,
    Call: lambda e, _: f"{inline(e.function, POSTFIX)}({', '.join(map(argument, e.arguments))})",
    Index: lambda e, _: f"{inline(e.value, POSTFIX)}[{body(e.index, tight=True)}]",
    Optional: lambda e, _: f"{inline(e.body, POSTFIX)}?",
    Choice: lambda e, _: f"{{{', '.join(map(inline, e.items))}}}",
    Range: _range,
    List: lambda e, _: f"[{', '.join(map(body, e.items))}]",
    Table: lambda e, _: f"[{', '.join(map(entry, e.entries))}]",
    Comprehension: _comprehension,
    Fold: _fold,
    If: _if,
    Label: lambda e, _: f"{label(e)} {inline(e.item, level_under_label(e.item))}",
    As: _as,
    Assert: _assert,
}
