"""Trees as text: one form, no options.

ASCII, at most 100 columns where words allow it. A statement that does not fit on one line is broken
before `->`, a fork gets one branch a line with its sign first, a table one row a line. Comments
stand before their statement. Parsing the text gives the printed tree again: that of the file in
canonical words (`print_file`), or as it was (`print_tree`); so printing that prints the same text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from striate.notation import inline as words
from striate.notation.canonical import canonical
from striate.notation.inline import ANY, CHAIN, ITEM, POSTFIX, POWER, PRODUCT, inline
from striate.notation.parser import VERSION, Statement
from striate.notation.syntax import (
    As,
    Assert,
    Binary,
    Call,
    Chain,
    Choice,
    Comprehension,
    Definition,
    Entry,
    Expr,
    File,
    Fold,
    Group,
    If,
    Join,
    Label,
    List,
    LocalValue,
    Network,
    Set,
    Streams,
    Sum,
    Table,
    Use,
    Where,
)

COLUMNS: Final = 100
INDENT: Final = 2
_BRACKETED: Final = (Call, Choice, Comprehension, Fold, List, Streams, Table)


def print_file(file: File) -> str:
    """The canonical text of a whole file: words and layout; its last line is closed."""
    return print_tree(canonical(file))


def print_tree(file: File) -> str:
    """The text of a whole file in its own words, laid out canonically."""
    lines = [] if file.version == VERSION else [f"striate {file.version}"]
    for statement in file.statements:
        lines += map(_comment, statement.comments)
        lines.append(_statement(statement))
    lines += map(_comment, file.comments)
    return "".join(f"{line}\n" for line in lines)


def print_expression(expr: Expr) -> str:
    """The text of one expression in its own words; several lines where it is long.

    What its names and defaults are, only the file can say in which it will stand.
    """
    return _with_body("", expr, ())


def _comment(text: str) -> str:
    """With a space behind `#`, but for the lines of a card, `#: key: value`."""
    return f"# {text}" if text and text[0] != ":" else f"#{text}"


def _statement(statement: Statement) -> str:
    match statement:
        case Use(path=path, is_library=is_library):
            return f"use {path}" if is_library else f'use "{path}"'
        case Set(calls=calls):
            page = _Page()
            page.write("set ")
            page.fill(calls, INDENT, 0)
            return page.text
        case Network(body=body, where=where):
            return _with_body("", body, where)
        case Definition(body=body, where=where):
            return _with_body(_head(statement), body, where)


def _head(definition: Definition) -> str:
    sign = ":=" if definition.is_module else "="
    if definition.parameters is None:
        return f"{definition.name} {sign}"
    parameters = ", ".join(map(words.parameter, definition.parameters))
    return f"{definition.name}({parameters}) {sign}"


def _with_body(head: str, body: Expr, where: tuple[Where, ...]) -> str:
    line = " ".join(filter(None, [head, inline(body)]))
    if len(line) + len(_where(where)) <= COLUMNS:
        return line + _where(where)
    page = _Page()
    page.write(head)
    if head and len(line) > COLUMNS and not isinstance(body, Call | List | Table):
        page.line(INDENT)
        page.put(body, ANY, INDENT, 0)
    else:
        page.write(" " if head else "")
        # Only what closes with a bracket of its own may go on in column 0.
        base = 0 if isinstance(body, _BRACKETED) or words.is_fork(body) else INDENT
        page.put(body, ANY, base, 0)
    if where:
        page.line(INDENT)
        page.where(where)
    return page.text


def _where(where: tuple[Where, ...]) -> str:
    return f" where {', '.join(map(_binding, where))}" if where else ""


def _binding(one: Where) -> str:
    if isinstance(one, LocalValue):
        return f"{one.name} = {inline(one.value)}"
    return f"{words.key(one.name)}: {inline(one.body, ITEM)}"


class _Page:
    """Text in the making.

    Each method writes something that may take several lines. base: the column where what is being
    written began, which its further lines refer to. after: how many characters must still fit
    behind it on its last line.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._column = 0

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self._parts)

    def write(self, words: str) -> None:
        """Words on this line."""
        self._parts.append(words)
        self._column += len(words)

    def line(self, column: int) -> None:
        """Start a line."""
        self._parts.append("\n" + " " * column)
        self._column = column

    def fits(self, words: str, after: int) -> bool:
        """True if the words have room on this line."""
        return self._column + len(words) + after <= COLUMNS

    def put(self, expr: Expr, level: int, base: int, after: int) -> None:
        """An expression in its place, on this line if it has room there."""
        whole = inline(expr, level)
        if self.fits(whole, after):
            self.write(whole)
        elif words.level_of(expr) < level:
            self.enclosed(expr, base)
        else:
            self.broken(expr, base, after)

    def broken(self, expr: Expr, base: int, after: int) -> None:
        """An expression that is too long for this line, in several."""
        match expr:
            case Chain():
                self.chain(expr, base, after)
            case Join():
                self.fork(words.branches(expr), CHAIN, base)
            case Sum() if words.is_fork(expr):
                self.fork(words.branches(expr), CHAIN, base)
            case Streams(items=items):
                signs = ("", *("," for _ in items[1:]))
                self.fork(zip(signs, items, strict=True), ANY, base)
            case Fold():
                self.fold(expr, base, after)
            case Group(body=body):
                self.enclosed(body, base)
            case List() | Table() | Choice() | Comprehension():
                self.listed(expr, base, after)
            case _:
                self.wrapped(expr, base, after)

    def wrapped(self, expr: Expr, base: int, after: int) -> None:
        """Something around one or two long parts."""
        match expr:
            case Label(item=item):
                self.write(f"{words.label(expr)} ")
                self.put(item, words.level_under_label(item), base, after)
            case As(item=item, name=name):
                self.put(item, PRODUCT, base, len(name) + 4 + after)
                self.write(f" as {name}")
            case Assert(item=item, sizes=sizes):
                shape = f" :: {words.shape(sizes)}"
                level = ITEM if isinstance(item, As) else PRODUCT
                self.put(item, level, base, len(shape) + after)
                self.write(shape)
            case If():
                self.conditional(expr, base, after)
            case Call():
                self.call(expr, base, after)
            case Sum():
                self.sum(expr, base, after)
            case Binary(sign="*", left=left, right=right):
                self.put(left, PRODUCT, base, 0)
                self.write("*")
                self.put(right, POWER, base, after)
            case _:
                self.write(inline(expr))

    def chain(self, chain: Chain, base: int, after: int) -> None:
        """As many elements a line as have room, with the arrow first."""
        last = len(chain.items) - 1
        for place, item in enumerate(chain.items):
            room = after if place == last else 0
            if not place:
                self.put(item, ITEM, base, room)
            elif self.fits(f" -> {inline(item, ITEM)}", room):
                self.write(f" -> {inline(item, ITEM)}")
            else:
                self.line(base)
                self.write("-> ")
                self.put(item, ITEM, base + 3, room)

    def enclosed(self, expr: Expr, base: int) -> None:
        """An expression in parentheses of its own, which close on a line of theirs."""
        self.write("( ")
        if isinstance(expr, Chain):
            self.chain(expr, base + INDENT, 0)
        else:
            self.put(expr, ANY, base + INDENT, 0)
        self.line(base)
        self.write(")")

    def fork(self, branches: Iterable[tuple[str, Expr]], level: int, base: int) -> None:
        """One branch a line, with its sign first."""
        for sign, item in branches:
            if sign:
                self.line(base)
            self.write(f"{sign or '('} ")
            if isinstance(item, Chain):
                self.put(item, level, base + 2 * INDENT, 0)
            else:
                self.put(item, ITEM if level == CHAIN else level, base + INDENT, 0)
        self.line(base)
        self.write(")")

    def sum(self, sum_: Sum, base: int, after: int) -> None:
        """Numbers: as many a line as have room, with the sign first."""
        for sign, item in words.branches(sum_):
            whole = words.branch(item, sign)
            if sign and not self.fits(f" {whole}", after):
                self.line(base + INDENT)
            elif sign:
                self.write(" ")
            self.write(whole)

    def fold(self, fold: Fold, base: int, after: int) -> None:
        """The body, then `for` on a line of its own."""
        self.write(f"({fold.sign} ")
        self.put(fold.body, ANY, base + 2 * INDENT, 0)
        self.line(base + 1)
        self.write(f"{words.loop(fold)} ")
        self.put(fold.values, ANY, base + 1, after + 1)
        self.write(")")

    def listed(self, expr: List | Table | Choice | Comprehension, base: int, after: int) -> None:
        """A table with one row a line; other lists with as many items a line as have room."""
        opening, closing = "{}" if isinstance(expr, Choice) else "[]"
        self.write(opening)
        if isinstance(expr, Comprehension):
            self.write(words.body(expr.body))
            self.line(base + INDENT)
            self.write(f"{words.loop(expr)} ")
            self.put(expr.values, ANY, base + INDENT, after + 1)
        elif isinstance(expr, Choice) or (
            isinstance(expr, List) and not any(isinstance(one, List) for one in expr.items)
        ):
            self.fill(expr.items, base + INDENT, after + 1)
        else:
            self.rows(expr, base)
        self.write(closing)

    def rows(self, table: List | Table, base: int) -> None:
        """One row a line."""
        rows = table.items if isinstance(table, List) else table.entries
        for place, row in enumerate(rows):
            self.line(base + INDENT)
            after = 1 if place < len(rows) - 1 else 0
            if isinstance(row, Entry):
                self.write(f"{words.key(row.key)}: ")
                self.put(row.value, ANY, base + INDENT, after)
            else:
                self.item(row, base + INDENT, after)
            self.write("," * after)
        self.line(base)

    def fill(self, items: Iterable[Expr], base: int, after: int) -> None:
        """Items between commas, as many a line as have room."""
        for place, item in enumerate(items):
            if place:
                self.write(",")
            whole = words.body(item)
            if self.fits(f" {whole}", after + 1):
                self.write(f" {whole}" if place else whole)
            else:
                self.line(base)
                self.item(item, base, after + 1)

    def item(self, item: Expr, base: int, after: int) -> None:
        """An item of a list, in parentheses where it would look like an entry of a table."""
        if words.body(item) == inline(item):
            self.put(item, ANY, base, after)
        else:
            self.enclosed(item, base)

    def call(self, call: Call, base: int, after: int) -> None:
        """Arguments, as many a line as have room; a table goes on where it begins."""
        self.put(call.function, POSTFIX, base, 1)
        self.write("(")
        for place, one in enumerate(call.arguments):
            if place:
                self.write(",")
            whole = words.argument(one)
            is_open = isinstance(one.value, List | Table)
            if not self.fits(f" {whole}", after + 1) and not is_open:
                self.line(base + INDENT)
            elif place:
                self.write(" ")
            self.write(f"{one.name}=" if one.name else "")
            self.put(one.value, ANY, base + (0 if is_open else INDENT), after + 1)
        self.write(")")

    def conditional(self, expr: If, base: int, after: int) -> None:
        """`then` behind its condition, `else` on a line of its own where it has no room."""
        self.write(f"if {words.operand(expr.condition, ANY)} then ")
        whole = words.then_branch(expr.then)
        if self.fits(whole, after):
            self.write(whole)
        elif words.ends_in_if(expr.then):
            self.enclosed(expr.then, base)
        else:
            self.put(expr.then, ITEM, base, 0)
        if expr.otherwise is None:
            return
        whole = inline(expr.otherwise, ITEM)
        if self.fits(f" else {whole}", after):
            self.write(f" else {whole}")
        else:
            self.line(base)
            self.write("else ")
            self.put(expr.otherwise, ITEM, base, after)

    def where(self, where: tuple[Where, ...]) -> None:
        """Local values, on lines of their own where they have no room."""
        self.write("where ")
        for place, one in enumerate(where):
            if place:
                self.write(",")
                if self.fits(f" {_binding(one)}", 1):
                    self.write(" ")
                else:
                    self.line(2 * INDENT)
            if isinstance(one, LocalValue):
                self.write(f"{one.name} = ")
                self.put(one.value, ANY, 2 * INDENT, 1)
            else:
                self.write(f"{words.key(one.name)}: ")
                self.put(one.body, ITEM, 2 * INDENT, 1)
