"""Expressions by recursive descent, from the loosest binding to the tightest.

    range       a .. b
    infix       or < and < not < == != < > <= >= (one) < | < & < + - < ->
    item        label: item | product as name :: shape
    product     a * b   a / b   a // b   a % b
    power       -a   a ^ b
    postfix     f(x)   xs[i]   e?
    atom        a word, or something between brackets

The infix signs share one function (a precedence climber) so that a bracket costs few stack frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from striate.errors import Diagnostic, TextError
from striate.notation import hints, slips, syntax
from striate.notation.lexer import tokenize
from striate.notation.syntax import Expr
from striate.notation.tokens import COMPARISONS, KEYWORDS, MULTIPLICATIONS, STARTERS, Token
from striate.source import Source, Span

UNREADABLE: Final = "_"
"""Stands for a name that was told to be a mistake."""
MOST_DEPTH: Final = 64
"""Nested rules; keeps the stack below 600 frames."""

_LEVELS: Final = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(COMPARISONS, 4),
    "|": 5,
    "&": 6,
    "+": 7,
    "-": 7,
    "->": 8,
}
_NOT = 3
_FOLD_SIGNS: Final = frozenset("-> + | & ,".split())


class ExpressionParser:
    """Reads the tokens of one statement; `at` and `kind` are those of the next token.

    mistakes: those that leave the tree readable, so that reading goes on.
    """

    def __init__(self, source: Source, tokens: Sequence[Token], depth: int = 0) -> None:
        self.source = source
        self.tokens = tokens
        self.at = 0
        self.kind = tokens[0].kind
        self.depth = depth
        self.mistakes: list[Diagnostic] = []
        # Chains, sums and joins that no parentheses enclose yet, by identity.
        self._bare: dict[int, Expr] = {}
        # Sums and joins with a bare chain as branch: each must come to stand in parentheses.
        self._surprising: dict[int, syntax.Sum | syntax.Join] = {}

    # Steps

    def advance(self) -> Token:
        """The next token, which is now used up."""
        token = self.tokens[self.at]
        self.at += 1
        self.kind = self.tokens[self.at].kind
        return token

    def span(self, start: int) -> Span:
        """From a character to the end of the last token used."""
        return Span(self.source, start, self.tokens[self.at - 1].end)

    def span_of(self, token: Token) -> Span:
        """The place of one token."""
        return Span(self.source, token.start, token.end)

    def fail(self, mistake: Diagnostic) -> TextError:
        """An error that ends the reading of this statement."""
        return TextError(mistake)

    @property
    def scene(self) -> slips.Scene:
        """Where the parser stands, for a hint."""
        return slips.Scene(self.source, self.tokens, self.at)

    def expect(self, kind: str, usage: str) -> None:
        """Use up a word or sign that must stand here."""
        if self.kind != kind:
            raise self.fail(slips.word_missing(self.scene, kind, usage))
        self.advance()

    def name(self, before: str) -> str:
        """Use up a name, which must follow the word `before`."""
        if self.kind != "name":
            raise self.fail(slips.name_missing(self.scene, before))
        return self.advance().text

    def descend(self) -> None:
        """Enter a nested rule; `self.depth -= 1` leaves it."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise self.fail(hints.too_deep(self.span_of(self.tokens[self.at])))

    # Infix signs

    def expression(self) -> Expr:
        """An expression of any kind."""
        start = self.tokens[self.at].start
        low = self.infix(0)
        if self.kind != "..":
            return low
        self.advance()
        high = self.infix(0)
        return syntax.Range(low, high, span=self.span(start))

    def infix(self, level: int) -> Expr:
        """Operands joined by signs that bind at least as tightly as the level."""
        self.descend()
        token = self.tokens[self.at]
        if token.kind == "not" and level <= _NOT:
            self.advance()
            operand = self.infix(_NOT)
            left: Expr = syntax.Unary("not", operand, span=self.span(token.start))
        else:
            left = self.item()
        found = _LEVELS.get(self.kind, -1)
        while found >= level:
            left = _COLLECT[self.kind](self, left, token.start)
            found = _LEVELS.get(self.kind, -1)
        self.depth -= 1
        return left

    def logic(self, left: Expr, start: int) -> Expr:
        """`a or b`, `a and b`."""
        sign = self.advance().kind
        right = self.infix(_LEVELS[sign] + 1)
        return syntax.Binary(sign, left, right, span=self.span(start))

    def comparison(self, left: Expr, start: int) -> Expr:
        """`a == b`; comparisons do not chain."""
        sign = self.advance().kind
        right = self.infix(_LEVELS[sign] + 1)
        if self.kind in COMPARISONS:
            raise self.fail(slips.chained_comparison(self.scene))
        return syntax.Binary(sign, left, right, span=self.span(start))

    def join(self, left: Expr, start: int) -> Expr:
        """`a | b | c` or `a & b & c`."""
        sign = self.kind
        items = [left]
        while self.kind == sign:
            self.advance()
            items.append(self.infix(_LEVELS[sign] + 1))
        return self._fork(syntax.Join(sign, tuple(items), span=self.span(start)))

    def sum(self, left: Expr, start: int) -> Expr:
        """`a + b - c`."""
        items, signs = [left], ["+"]
        while self.kind in {"+", "-"}:
            signs.append(self.advance().kind)
            items.append(self.infix(_LEVELS["+"] + 1))
        return self._fork(syntax.Sum(tuple(items), tuple(signs), span=self.span(start)))

    def chain(self, left: Expr, start: int) -> Expr:
        """`a -> b -> c`, with the chains inside it laid open."""
        items: list[Expr] = [left]
        if isinstance(left, syntax.Chain):
            items = list(left.items)
        while self.kind == "->":
            self.advance()
            item = self.item()
            if isinstance(item, syntax.Chain):
                items += item.items
            else:
                items.append(item)
        chain = syntax.Chain(tuple(items), span=self.span(start))
        self._bare[id(chain)] = chain
        return chain

    def _fork(self, fork: syntax.Sum | syntax.Join) -> Expr:
        """Notes what must still come to stand in parentheses, and tells mixed signs."""
        for item in fork.items:
            bare = self._bare.get(id(item))
            if isinstance(bare, syntax.Chain):
                self._surprising[id(fork)] = fork
            elif isinstance(bare, syntax.Sum | syntax.Join):
                self._surprising.pop(id(bare), None)
                self.mistakes.append(slips.mixed_branches(fork, bare))
        self._bare[id(fork)] = fork
        return fork

    # Items

    def item(self) -> Expr:
        """One element: with its label before it, its name and shape behind it."""
        start = self.tokens[self.at].start
        if self.kind == "label":
            self.descend()
            parts, is_quoted = self.label()
            item = self.item()
            self.depth -= 1
            return syntax.Label(parts, item, is_quoted, span=self.span(start))
        left = self.product()
        if self.kind == "as":
            self.advance()
            left = syntax.As(left, self.name("as"), span=self.span(start))
        if self.kind == "::":
            self.advance()
            left = syntax.Assert(left, self.shape(), span=self.span(start))
        return left

    def label(self) -> tuple[tuple[str | Expr, ...], bool]:
        """The pieces of `layer{i+1}:`, and whether they stood in quotes."""
        token = self.advance()
        written = token.text[:-1].rstrip()
        is_quoted = written[0] == '"'
        if written in KEYWORDS:
            self.mistakes.append(slips.keyword_label(written, self.span_of(token)))
        if "{" not in written and "}" not in written and written != '""':
            return (written.strip('"'),), is_quoted
        parts: list[str | Expr] = []
        start = token.start + is_quoted
        stop = token.start + len(written) - is_quoted
        while start < stop:
            piece = slips.LABEL_PIECE.match(self.source.text, start, stop)
            if piece is None:
                self.mistakes.append(slips.bad_label(self.span_of(token)))
                break
            if piece.group(1) is None:
                parts.append(piece.group())
            else:
                parts.append(self._inside_braces(start + 1, piece.end() - 1))
            start = piece.end()
        if not parts:
            self.mistakes.append(slips.bad_label(self.span_of(token)))
        return tuple(parts), is_quoted

    def plain_label(self) -> str:
        """A label without computed pieces."""
        match self.label()[0]:
            case (str(word),):
                return word
        return UNREADABLE

    def _inside_braces(self, start: int, stop: int) -> Expr:
        wrong: list[Diagnostic] = []
        tokens = tokenize(self.source, start, stop, wrong)
        if wrong:
            raise TextError(*wrong)
        tokens.append(Token("end", "", stop, stop))
        inner = ExpressionParser(self.source, tokens, self.depth + 1)
        value = inner.expression()
        if inner.kind != "end":
            raise self.fail(slips.leftover(inner.scene))
        self.mistakes += inner.closing_mistakes()
        return value

    def shape(self) -> tuple[int | None, ...]:
        """The sizes after `::`."""
        if self.kind == "int":
            return (int(self.advance().text),)
        if self.kind == "dims":
            return sizes_of(self.advance().text)
        if self.kind != "[":
            raise self.fail(slips.shape_missing(self.scene))
        self.advance()
        sizes: list[int | None] = []
        while self.kind in {"int", "?"}:
            token = self.advance()
            sizes.append(None if token.kind == "?" else int(token.text))
            if self.kind != ",":
                break
            self.advance()
        if self.kind != "]" or not sizes:
            raise self.fail(slips.shape_missing(self.scene))
        self.advance()
        return tuple(sizes)

    def product(self) -> Expr:
        """`a * b`, `a / b`, `a // b`, `a % b`, from left to right."""
        start = self.tokens[self.at].start
        left = self.power()
        while self.kind in MULTIPLICATIONS:
            sign = self.advance().kind
            right = self.power()
            left = syntax.Binary(sign, left, right, span=self.span(start))
        return left

    def power(self) -> Expr:
        """`a ^ b`, from right to left; `-a ^ b` is `(-a) ^ b`."""
        start = self.tokens[self.at].start
        base = self.negation() if self.kind == "-" else self.postfix()
        if self.kind != "^":
            return base
        self.descend()
        self.advance()
        exponent = self.power()
        self.depth -= 1
        return syntax.Binary("^", base, exponent, span=self.span(start))

    def negation(self) -> Expr:
        """`-a`."""
        self.descend()
        start = self.advance().start
        operand = self.negation() if self.kind == "-" else self.postfix()
        self.depth -= 1
        return syntax.Unary("-", operand, span=self.span(start))

    def postfix(self) -> Expr:
        """A call, an index, an option."""
        start = self.tokens[self.at].start
        read = _ATOMS.get(self.kind)
        if read is None:
            raise self.fail(slips.operand_missing(self.scene))
        left = read(self)
        while True:
            if self.kind == "(":
                arguments = self.arguments()
                left = syntax.Call(left, arguments, span=self.span(start))
            elif self.kind == "[":
                self.advance()
                if self.kind == "label":
                    self.mistakes.append(slips.slice_with_colon(self.scene))
                index = self.expression()
                self._close("]")
                left = syntax.Index(left, index, span=self.span(start))
            elif self.kind == "?":
                self.advance()
                left = syntax.Optional(left, span=self.span(start))
            else:
                return left

    def arguments(self) -> tuple[syntax.Argument, ...]:
        """`(3, s=2)`."""
        self.advance()
        found: list[syntax.Argument] = []
        while self.kind != ")":
            start = self.tokens[self.at].start
            name = None
            if self.tokens[self.at + 1].kind == "=" and self.kind in {"name"} | KEYWORDS:
                name = self.name("(")
                self.advance()
            value = self.expression()
            found.append(syntax.Argument(name, value, span=self.span(start)))
            if self.kind != ",":
                break
            self.advance()
        self._close(")")
        return tuple(found)

    def _close(self, bracket: str) -> None:
        if self.kind != bracket:
            raise self.fail(slips.leftover(self.scene))
        self.advance()

    # Atoms

    def number(self) -> Expr:
        """`3`, `0.25`."""
        token = self.advance()
        value = int(token.text) if token.kind == "int" else float(token.text)
        return syntax.Number(value, span=self.span_of(token))

    def text(self) -> Expr:
        """`"words"`."""
        token = self.advance()
        return syntax.Text(token.text[1:-1], span=self.span_of(token))

    def dims(self) -> Expr:
        """`1x7`."""
        token = self.advance()
        return syntax.Dims(sizes_of(token.text), span=self.span_of(token))

    def word(self) -> Expr:
        """A name."""
        if self.tokens[self.at].text in slips.PYTHON_VALUES:
            raise self.fail(slips.python_value(self.scene))
        token = self.advance()
        return syntax.Name(token.text, span=self.span_of(token))

    def hole(self) -> Expr:
        """`_`."""
        return syntax.Hole(span=self.span_of(self.advance()))

    def reference(self) -> Expr:
        """`@name.part`."""
        token = self.advance()
        return syntax.Reference(tuple(token.text[1:].split(".")), span=self.span_of(token))

    def projection(self) -> Expr:
        """`.0`."""
        token = self.advance()
        return syntax.Projection(int(token.text[1:]), span=self.span_of(token))

    def paren(self) -> Expr:
        """`(a)`, `(a, b)`, `(-> a for x in xs)`."""
        start = self.advance().start
        if self.kind in _FOLD_SIGNS:
            return self.fold(start)
        first = self.expression()
        if self.kind == ",":
            return self.streams(start, first)
        self._close(")")
        self._bare.pop(id(first), None)
        self._surprising.pop(id(first), None)
        if _is_grouped(first):
            return syntax.Group(first, span=self.span(start))
        return first.changed(span=self.span(start))

    def streams(self, start: int, first: Expr) -> Expr:
        """The rest of `(a, b)`."""
        items = [first]
        while self.kind == ",":
            comma = self.advance()
            if self.kind == ")":
                if len(items) == 1:
                    raise self.fail(slips.lone_comma(self.span_of(comma)))
                break
            items.append(self.expression())
        self._close(")")
        return syntax.Streams(tuple(items), span=self.span(start))

    def fold(self, start: int) -> Expr:
        """The rest of `(-> body for names in values)`."""
        sign = self.advance()
        body = self.expression()
        if self.kind != "for":
            raise self.fail(slips.fold_without_for(self.scene, sign))
        names, values = self.loop()
        self._close(")")
        return syntax.Fold(sign.kind, body, names, values, span=self.span(start))

    def loop(self) -> tuple[tuple[str, ...], Expr]:
        """`for x, y in values`."""
        self.advance()
        names = [self.name("for")]
        while self.kind == ",":
            self.advance()
            names.append(self.name(","))
        self.expect("in", "for x in xs")
        return tuple(names), self.expression()

    def brackets(self) -> Expr:
        """`[1, 2]`, `[18: a, r50: b]`, `[f(n) for n in ns]`."""
        start = self.advance().start
        if self.kind == "label":
            return self.table(start)
        first = [] if self.kind == "]" else [self.expression()]
        if self.kind == "for" and first:
            names, values = self.loop()
            self._close("]")
            return syntax.Comprehension(first[0], names, values, span=self.span(start))
        return self.items(start, first)

    def items(self, start: int, items: list[Expr]) -> Expr:
        """The rest of `[1, 2]`, behind the items read so far."""
        is_mixed = False
        while self.kind != "]" and (self.kind == "," or not items):
            if items:
                self.advance()
                if self.kind == "]":
                    break
            if self.kind == "label" and not is_mixed:
                is_mixed = True
                self.mistakes.append(slips.mixed_table(self.scene))
            items.append(self.expression())
        self._close("]")
        return syntax.List(tuple(items), span=self.span(start))

    def table(self, start: int) -> Expr:
        """The rest of `[18: a, r50: b]`."""
        entries: list[syntax.Entry] = []
        while self.kind != "]":
            if self.kind != "label":
                self.mistakes.append(slips.mixed_table(self.scene))
                return self.items(start, [])
            token = self.tokens[self.at]
            key = self.plain_label()
            if key == UNREADABLE:
                self.mistakes.append(slips.bad_key(self.span_of(token)))
            value = self.expression()
            entries.append(syntax.Entry(key, value, span=self.span(token.start)))
            if self.kind != ",":
                break
            self.advance()
        if self.kind == "for" and len(entries) == 1:
            self.mistakes.append(slips.keyed_comprehension(self.scene))
            self.loop()
        self._close("]")
        return syntax.Table(tuple(entries), span=self.span(start))

    def choice(self) -> Expr:
        """`{16, 32}`."""
        start = self.advance().start
        items = [self.expression()]
        while self.kind == ",":
            self.advance()
            if self.kind == "}":
                break
            items.append(self.expression())
        self._close("}")
        return syntax.Choice(tuple(items), span=self.span(start))

    def conditional(self) -> Expr:
        """`if condition then a else b`."""
        self.descend()
        start = self.advance().start
        condition = self.expression()
        self.expect("then", "if condition then a else b")
        then = self.item()
        otherwise = None
        if self.kind == "else":
            self.advance()
            otherwise = self.item()
        self.depth -= 1
        return syntax.If(condition, then, otherwise, span=self.span(start))

    # The end of a statement

    def closing_mistakes(self) -> list[Diagnostic]:
        """All collected mistakes, with those of forks that never came to stand in parentheses."""
        surprises = [slips.bare_branches(fork) for fork in self._surprising.values()]
        return [*self.mistakes, *surprises]


def sizes_of(word: str) -> tuple[int | None, ...]:
    """`64x?x?` as (64, None, None)."""
    sizes = word.replace("×", "x").split("x")
    return tuple(None if one == "?" else int(one) for one in sizes)


def _is_grouped(inside: Expr) -> bool:
    """Parentheses that say something: `a -> (@x) -> b` drops what arrives on purpose."""
    if isinstance(inside, syntax.Chain):
        return isinstance(inside.items[0], syntax.Reference)
    return isinstance(inside, syntax.Name | syntax.Reference)


_COLLECT: Final[dict[str, Callable[[ExpressionParser, Expr, int], Expr]]] = {
    "or": ExpressionParser.logic,
    "and": ExpressionParser.logic,
    **dict.fromkeys(COMPARISONS, ExpressionParser.comparison),
    "|": ExpressionParser.join,
    "&": ExpressionParser.join,
    "+": ExpressionParser.sum,
    "-": ExpressionParser.sum,
    "->": ExpressionParser.chain,
}
_ATOMS: Final[dict[str, Callable[[ExpressionParser], Expr]]] = {
    "int": ExpressionParser.number,
    "float": ExpressionParser.number,
    "text": ExpressionParser.text,
    "dims": ExpressionParser.dims,
    "name": ExpressionParser.word,
    "_": ExpressionParser.hole,
    "ref": ExpressionParser.reference,
    "projection": ExpressionParser.projection,
    "(": ExpressionParser.paren,
    "[": ExpressionParser.brackets,
    "{": ExpressionParser.choice,
    "if": ExpressionParser.conditional,
}
assert set(_ATOMS) <= STARTERS
