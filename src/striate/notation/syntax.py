"""The tree that the parser makes and the printer prints: frozen records without meaning yet.

Spans and comments take no part in equality, so `parse(print(tree)) == tree` is a law.
Parentheses leave no trace, but for `Group`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, dataclass_transform, get_args

from striate.source import Source, Span


def _keyword(*, default: Any = None, kw_only: bool) -> Any:
    """A field given by name only, which equality passes over."""
    return default


@dataclass_transform(frozen_default=True, field_specifiers=(_keyword,))
class _Record:
    """A frozen record whose fields are the annotations of its class.

    Not a dataclass, because making one costs a millisecond, and every start of the command line
    would pay for forty.
    """

    span: Span
    fields: ClassVar[tuple[str, ...]] = ()
    """What it is called with, in order; equality and matching look at these."""

    def __init_subclass__(cls) -> None:
        own = tuple(name for name in cls.__annotations__ if name not in ("span", "comments"))
        cls.fields = cls.fields + own
        setattr(cls, "__match_args__", cls.fields)  # noqa: B010  (types it better than `=`)

    def __init__(self, *values: object, span: Span, **named: object) -> None:
        known = self.__dict__
        known.update(zip(self.fields, values, strict=False))
        known.update(named)
        known["span"] = span
        missing = [name for name in self.fields if not hasattr(self, name)]
        if missing or len(values) > len(self.fields):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self.fields)}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def changed(self, **changes: object) -> Self:
        """The same with other values for some fields."""
        return type(self)(**{**self.__dict__, **changes})

    def _key(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in self.fields])

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self), self._key()))

    def __repr__(self) -> str:
        words = [f"{name}={getattr(self, name)!r}" for name in self.fields]
        return f"{type(self).__name__}({', '.join(words)})"


class Tree(_Record):
    """Anything that came from words of the text."""

    span: Span = _keyword(kw_only=True)


# Expressions


class Number(Tree):
    """`3`, `0.25`, `1e-6`."""

    value: int | float


class Text(Tree):
    """`"resnet.cnn"`."""

    value: str


class Dims(Tree):
    """`1x7`, `64x?x?`."""

    sizes: tuple[int | None, ...]


class Name(Tree):
    """`conv`, `w`."""

    name: str


class Hole(Tree):
    """`_`: the channels entering this very layer."""


class Reference(Tree):
    """`@body.layer2`, as ("body", "layer2")."""

    parts: tuple[str, ...]


class Projection(Tree):
    """`.0`."""

    index: int


class Group(Tree):
    """`(x)`, `(@x)`, `(@x -> b)`: kept, since in mid-chain the parentheses say it is on purpose.

    The body is a name, a reference, or a chain that begins with a reference.
    """

    body: Expr


class Chain(Tree):
    """`a -> b -> c`; at least two items, none of them a chain."""

    items: tuple[Expr, ...]


class Sum(Tree):
    """`a + b - c` on numbers, lists or networks.

    `signs[i]` stands before `items[i]`; the first is `+`.
    """

    items: tuple[Expr, ...]
    signs: tuple[str, ...]


class Join(Tree):
    """`a | b | c` or `a & b & c`; at least two items."""

    sign: str
    items: tuple[Expr, ...]


class Streams(Tree):
    """`(a, b)`: a tuple of streams."""

    items: tuple[Expr, ...]


class Binary(Tree):
    """`a * n` and the arithmetic `* / // % ^`, comparisons, `and`, `or`."""

    sign: str
    left: Expr
    right: Expr


class Unary(Tree):
    """`-x`, `not x`."""

    sign: str
    operand: Expr


class Argument(Tree):
    """`3` or `s=3` in a call."""

    name: str | None
    value: Expr


class Call(Tree):
    """`conv(16, s=2)`."""

    function: Expr
    arguments: tuple[Argument, ...]


class Index(Tree):
    """`ws[i]`."""

    value: Expr
    index: Expr


class Optional(Tree):
    """`maxpool?`."""

    body: Expr


class Choice(Tree):
    """`{16, 32, 1..4}`."""

    items: tuple[Expr, ...]


class Range(Tree):
    """`1..4`, both ends included."""

    low: Expr
    high: Expr


class List(Tree):
    """`[1, 2]`."""

    items: tuple[Expr, ...]


class Entry(Tree):
    """`18: [2, 2, 2, 2]` in a table; the key as written."""

    key: str
    value: Expr


class Table(Tree):
    """`[18: a, r50: b]`."""

    entries: tuple[Entry, ...]


class Comprehension(Tree):
    """`[f(n) for n in ns]`."""

    body: Expr
    names: tuple[str, ...]
    values: Expr


class Fold(Tree):
    """`(-> block(w) for w in ws)`; sign is one of `->`, `+`, `|`, `&`, `,`."""

    sign: str
    body: Expr
    names: tuple[str, ...]
    values: Expr


class If(Tree):
    """`if cond then a else b`; `otherwise` is None where the text has no `else`."""

    condition: Expr
    then: Expr
    otherwise: Expr | None


class Label(Tree):
    """`layer{i+1}: item`; parts are the written pieces and the expressions between braces.

    is_quoted: it stood in quotes (`"block{i}-{j}":`); such a label may hold other characters.
    """

    parts: tuple[str | Expr, ...]
    item: Expr
    is_quoted: bool = False


class As(Tree):
    """`conv(16) as x`."""

    item: Expr
    name: str


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


class LocalValue(Tree):
    """`where v = floor(w/64)`."""

    name: str
    value: Expr


class SharedModule(Tree):
    """`where mlp: (conv(8, 1) -> relu)`: one module, however often it is mentioned.

    A name that is none, such as `"ca.mlp.0"`, is mentioned in quotes.
    """

    name: str
    body: Expr


Where = LocalValue | SharedModule


class Statement(Tree):
    """One statement with the comments that stand before or inside it, without their `#`."""

    comments: tuple[str, ...] = _keyword(default=(), kw_only=True)


class Use(Statement):
    """`use "resnet.cnn"` (path) or `use std.resnet` (name)."""

    path: str
    is_library: bool


class Set(Statement):
    """`set conv(b=0), bn(eps=0.001)`."""

    calls: tuple[Call, ...]


class Parameter(Tree):
    """`w` or `s=1` of a definition."""

    name: str
    default: Expr | None


class Definition(Statement):
    """`f(w, s=1) = body where ...` (abbreviation) or `:=` (module).

    parameters: None where the text has no parentheses.
    """

    name: str
    parameters: tuple[Parameter, ...] | None
    body: Expr
    is_module: bool
    where: tuple[Where, ...] = ()


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
    kind: tuple(name for name in kind.fields if kind.__annotations__[name] not in _LEAVES)
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
