"""The tree that the parser makes and the printer prints: frozen records without meaning yet.

Spans and comments take no part in equality, so `parse(print(tree)) == tree` is a law.
Parentheses leave no trace, but for `Group`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import get_args

from striate.source import Source, Span


@dataclass(frozen=True, slots=True)
class Tree:
    """Anything that came from words of the text."""

    span: Span = field(compare=False, repr=False, kw_only=True)


# Expressions


@dataclass(frozen=True, slots=True)
class Number(Tree):
    """`3`, `0.25`, `1e-6`."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Text(Tree):
    """`"resnet.cnn"`."""

    value: str


@dataclass(frozen=True, slots=True)
class Dims(Tree):
    """`1x7`, `64x?x?`."""

    sizes: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Name(Tree):
    """`conv`, `w`."""

    name: str


@dataclass(frozen=True, slots=True)
class Hole(Tree):
    """`_`: the channels entering this very layer."""


@dataclass(frozen=True, slots=True)
class Reference(Tree):
    """`@body.layer2`, as ("body", "layer2")."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Projection(Tree):
    """`.0`."""

    index: int


@dataclass(frozen=True, slots=True)
class Group(Tree):
    """`(x)`, `(@x)`, `(@x -> b)`: kept, since in mid-chain the parentheses say it is on purpose.

    The body is a name, a reference, or a chain that begins with a reference.
    """

    body: Expr


@dataclass(frozen=True, slots=True)
class Chain(Tree):
    """`a -> b -> c`; at least two items, none of them a chain."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Sum(Tree):
    """`a + b - c` on numbers, lists or networks.

    `signs[i]` stands before `items[i]`; the first is `+`.
    """

    items: tuple[Expr, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Join(Tree):
    """`a | b | c` or `a & b & c`; at least two items."""

    sign: str
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Streams(Tree):
    """`(a, b)`: a tuple of streams."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Binary(Tree):
    """`a * n` and the arithmetic `* / // % ^`, comparisons, `and`, `or`."""

    sign: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Unary(Tree):
    """`-x`, `not x`."""

    sign: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Argument(Tree):
    """`3` or `s=3` in a call."""

    name: str | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Call(Tree):
    """`conv(16, s=2)`."""

    function: Expr
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Index(Tree):
    """`ws[i]`."""

    value: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Optional(Tree):
    """`maxpool?`."""

    body: Expr


@dataclass(frozen=True, slots=True)
class Choice(Tree):
    """`{16, 32, 1..4}`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Range(Tree):
    """`1..4`, both ends included."""

    low: Expr
    high: Expr


@dataclass(frozen=True, slots=True)
class List(Tree):
    """`[1, 2]`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Entry(Tree):
    """`18: [2, 2, 2, 2]` in a table; the key as written."""

    key: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Table(Tree):
    """`[18: a, r50: b]`."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Comprehension(Tree):
    """`[f(n) for n in ns]`."""

    body: Expr
    names: tuple[str, ...]
    values: Expr


@dataclass(frozen=True, slots=True)
class Fold(Tree):
    """`(-> block(w) for w in ws)`; sign is one of `->`, `+`, `|`, `&`, `,`."""

    sign: str
    body: Expr
    names: tuple[str, ...]
    values: Expr


@dataclass(frozen=True, slots=True)
class If(Tree):
    """`if cond then a else b`; `otherwise` is None where the text has no `else`."""

    condition: Expr
    then: Expr
    otherwise: Expr | None


@dataclass(frozen=True, slots=True)
class Label(Tree):
    """`layer{i+1}: item`; parts are the written pieces and the expressions between braces.

    is_quoted: it stood in quotes (`"block{i}-{j}":`); such a label may hold other characters.
    """

    parts: tuple[str | Expr, ...]
    item: Expr
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class As(Tree):
    """`conv(16) as x`."""

    item: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Assert(Tree):
    """`e :: 64x?x?`; sizes channels first."""

    item: Expr
    sizes: tuple[int | None, ...]


Expr = (
    Number
    | Text
    | Dims
    | Name
    | Hole
    | Reference
    | Projection
    | Group
    | Chain
    | Sum
    | Join
    | Streams
    | Binary
    | Unary
    | Call
    | Index
    | Optional
    | Choice
    | Range
    | List
    | Table
    | Comprehension
    | Fold
    | If
    | Label
    | As
    | Assert
)

# Statements


@dataclass(frozen=True, slots=True)
class LocalValue(Tree):
    """`where v = floor(w/64)`."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class SharedModule(Tree):
    """`where mlp: (conv(8, 1) -> relu)`: one module, however often it is mentioned."""

    name: str
    body: Expr


Where = LocalValue | SharedModule


@dataclass(frozen=True, slots=True)
class Statement(Tree):
    """One statement with the comments that stand before or inside it, without their `#`."""

    comments: tuple[str, ...] = field(default=(), compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Use(Statement):
    """`use "resnet.cnn"` (path) or `use std.resnet` (name)."""

    path: str
    is_library: bool


@dataclass(frozen=True, slots=True)
class Set(Statement):
    """`set conv(b=0), bn(eps=0.001)`."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Parameter(Tree):
    """`w` or `s=1` of a definition."""

    name: str
    default: Expr | None


@dataclass(frozen=True, slots=True)
class Definition(Statement):
    """`f(w, s=1) = body where ...` (abbreviation) or `:=` (module).

    parameters: None where the text has no parentheses.
    """

    name: str
    parameters: tuple[Parameter, ...] | None
    body: Expr
    is_module: bool
    where: tuple[Where, ...] = ()


@dataclass(frozen=True, slots=True)
class Network(Statement):
    """The bare expression of a file."""

    body: Expr
    where: tuple[Where, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A whole text; `comments` are those behind the last statement."""

    source: Source = field(compare=False, repr=False)
    statements: tuple[Use | Set | Definition | Network, ...]
    version: int = 1
    comments: tuple[str, ...] = field(default=(), compare=False)


# Walking

_LEAVES = ("str", "int", "int | float", "bool", "tuple[str, ...]", "tuple[int | None, ...]", "Span")


_BRANCHES = {
    kind: tuple(one.name for one in fields(kind) if one.type not in _LEAVES)
    for kind in (
        *get_args(Expr),
        *get_args(Where),
        *(Argument, Entry, Parameter, Use, Set, Definition, Network),
    )
}


def children(tree: Tree) -> Iterator[Tree]:
    """The trees directly inside a tree, in the order of the text."""
    for name in _BRANCHES[type(tree)]:
        value = getattr(tree, name)
        if isinstance(value, Tree):
            yield value
        elif value is not None:
            yield from (item for item in value if isinstance(item, Tree))
