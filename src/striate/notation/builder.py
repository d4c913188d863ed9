"""The notation from Python: the same tree, made with operators instead of words.

    from striate import layers as L

    block = L.conv(16) >> L.bn >> L.relu
    net = striate.network(L.input(3, 32, 32) >> block * 2 >> (block + L.id) >> L.gap >> L.fc(10))

`>>` is `->`; `+ - | &` join branches, `*` repeats; `str()` gives the text, in the words used here.
Python binds `+`, `-` and `*` tighter than `>>`, and `|` and `&` looser, which is not the notation's
order, so branches that are chains need their own parentheses: `(L.conv(8) >> L.bn) + L.id`.
"""

from __future__ import annotations

from typing import Union

from striate.errors import UsageError
from striate.notation import syntax
from striate.notation.parser import parse_expression
from striate.notation.printer import print_expression
from striate.source import Source, Span

_PYTHON = Source("<python>", "")
_HERE = Span(_PYTHON, 0, 0)

Item = Union["Piece", int, float, str, "tuple[Item, ...]", "list[Item]"]
"""What can stand as an argument: a piece, a number, a text of the notation, sizes, or a list."""


class Piece:
    """A piece of network; frozen, and equal to another of the same text."""

    def __init__(self, tree: syntax.Expr) -> None:
        self.tree = tree

    def __call__(self, *arguments: Item, **named: Item) -> Piece:
        """The layer or definition with arguments: `conv(16, s=2)`."""
        given = [syntax.Argument(None, _tree(one), span=_HERE) for one in arguments]
        given += [syntax.Argument(name, _tree(one), span=_HERE) for name, one in named.items()]
        return Piece(syntax.Call(_enclosed(self.tree), tuple(given), span=_HERE))

    def __rshift__(self, other: Item) -> Piece:
        """`self -> other`; a chain that begins with a reference keeps its parentheses."""
        items = (*_items(self.tree), *_items(_enclosed(_tree(other))))
        return Piece(syntax.Chain(items, span=_HERE))

    def __add__(self, other: Item) -> Piece:
        """The sum of two branches."""
        return self._summed("+", other)

    def __sub__(self, other: Item) -> Piece:
        """The difference of two branches."""
        return self._summed("-", other)

    def _summed(self, sign: str, other: Item) -> Piece:
        known = self.tree
        if not isinstance(known, syntax.Sum):
            known = syntax.Sum((known,), ("+",), span=_HERE)
        items, signs = (*known.items, _tree(other)), (*known.signs, sign)
        return Piece(syntax.Sum(items, signs, span=_HERE))

    def __or__(self, other: Item) -> Piece:
        """The concatenation of two branches."""
        return self._joined("|", other)

    def __and__(self, other: Item) -> Piece:
        """The product of two branches."""
        return self._joined("&", other)

    def _joined(self, sign: str, other: Item) -> Piece:
        is_same = isinstance(self.tree, syntax.Join) and self.tree.sign == sign
        items = self.tree.items if isinstance(self.tree, syntax.Join) and is_same else (self.tree,)
        return Piece(syntax.Join(sign, (*items, _tree(other)), span=_HERE))

    def __mul__(self, count: Item) -> Piece:
        """`count` times, each with weights of its own."""
        return Piece(syntax.Binary("*", _enclosed(self.tree), _tree(count), span=_HERE))

    def optional(self) -> Piece:
        """A choice: this, or nothing."""
        return Piece(syntax.Optional(_enclosed(self.tree), span=_HERE))

    def named(self, label: str) -> Piece:
        """With a label, which is its part of the module path."""
        return Piece(
            syntax.Label((label,), _enclosed(self.tree), not label.isidentifier(), span=_HERE)
        )

    def as_(self, name: str) -> Piece:
        """With a name for its output, for `ref(name)`."""
        return Piece(syntax.As(_enclosed(self.tree), name, span=_HERE))

    def stated(self, *sizes: int | None) -> Piece:
        """With its output's sizes asserted, channels first."""
        return Piece(syntax.Assert(_enclosed(self.tree), sizes, span=_HERE))

    def __str__(self) -> str:
        return print_expression(self.tree)

    def __repr__(self) -> str:
        return f"<piece {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Piece) and self.tree == other.tree

    def __hash__(self) -> int:
        return hash(self.tree)


def name(word: str) -> Piece:
    """A layer, block or definition by its name."""
    return Piece(syntax.Name(word, span=_HERE))


def text(words: str) -> Piece:
    """A piece written in the notation.

    Raises:
        TextError: it cannot be read.
    """
    return Piece(parse_expression(Source("<text>", words)))


def ref(path: str) -> Piece:
    """The value of a label or `as` name: `@path`."""
    return Piece(syntax.Reference(tuple(path.split(".")), span=_HERE))


def streams(*items: Item) -> Piece:
    """`(a, b)`: several streams at once."""
    if len(items) < 2:
        raise UsageError.of("one-stream", "a tuple of streams needs two or more", "streams(a, b)")
    return Piece(syntax.Streams(tuple(map(_tree, items)), span=_HERE))


def pick(index: int) -> Piece:
    """`.index`: one of several streams."""
    return Piece(syntax.Projection(index, span=_HERE))


def choice(*options: Item) -> Piece:
    """A choice between numbers or pieces."""
    return Piece(syntax.Choice(tuple(map(_tree, options)), span=_HERE))


def _items(tree: syntax.Expr) -> tuple[syntax.Expr, ...]:
    return tree.items if isinstance(tree, syntax.Chain) else (tree,)


def _enclosed(tree: syntax.Expr) -> syntax.Expr:
    """The tree as it comes back from text, where something binds tighter than `->` around it."""
    if isinstance(tree, syntax.Chain) and isinstance(tree.items[0], syntax.Reference):
        return syntax.Group(tree, span=_HERE)
    return tree


def _tree(item: Item) -> syntax.Expr:
    match item:
        case Piece():
            return item.tree
        case bool():
            return syntax.Number(int(item), span=_HERE)
        case int() | float() if item < 0:
            return syntax.Unary("-", syntax.Number(-item, span=_HERE), span=_HERE)
        case int() | float():
            return syntax.Number(item, span=_HERE)
        case str():
            return parse_expression(Source("<text>", item))
        case tuple() if len(item) in (2, 3) and all(isinstance(one, int) for one in item):
            sizes = tuple(one for one in item if isinstance(one, int))
            return syntax.Dims(sizes, span=_HERE)
        case tuple() | list():
            return syntax.List(tuple(map(_tree, item)), span=_HERE)
    raise UsageError.of(
        "not-a-piece",
        f"a network is made of pieces, numbers, texts and lists, not {type(item).__name__}",
        "from striate import layers as L; L.conv(16) >> L.relu",
    )
