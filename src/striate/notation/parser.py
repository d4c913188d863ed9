"""Text to tree: statements by recursive descent, one function per rule.

    file        [striate 1] statement*
    statement   use | set | definition | network
    definition  name = expression where?    name(p, q=1) := expression where?
    network     expression where?
    where       where name = expression, name: item

A mistake ends the statement it stands in; the others are read all the same, so that one run tells
all independent mistakes. See `expressions` for the rest.
"""

from __future__ import annotations

from typing import Final

from striate.errors import Diagnostic, TextError
from striate.notation import hints, slips, syntax
from striate.notation.expressions import UNREADABLE, ExpressionParser
from striate.notation.lexer import MOST_MISTAKES, lex
from striate.notation.syntax import Expr
from striate.source import Source, Span

VERSION: Final = 1
MOST_TREE_DEPTH: Final = 100
"""Nested nodes in a tree; all who walk trees may recurse this deep."""

Statement = syntax.Use | syntax.Set | syntax.Definition | syntax.Network


def parse(source: Source) -> syntax.File:
    """The tree of a whole text.

    Raises:
        TextError: the text is not in the notation; holds every independent mistake.
    """
    lexed = lex(source)
    mistakes = lexed.mistakes
    statements = list[Statement]()
    version, header_comments = VERSION, list[str]()
    for place, words in enumerate(lexed.statements):
        if words.is_broken or len(mistakes) >= MOST_MISTAKES:
            continue
        parser = StatementParser(source, words.tokens)
        try:
            if place == 0 and parser.is_header():
                version, header_comments = parser.header(), words.comments
            else:
                statements.append(parser.statement((*header_comments, *words.comments)))
                header_comments = []
        except TextError as error:
            mistakes += [*parser.mistakes, *error.diagnostics]
    mistakes += _several_networks(statements)
    if mistakes:
        mistakes.sort(key=lambda one: one.span.start if one.span else 0)
        raise TextError(*mistakes[:MOST_MISTAKES])
    return syntax.File(source, tuple(statements), version, (*header_comments, *lexed.comments))


def parse_expression(source: Source) -> Expr:
    """The tree of a text that is one expression.

    Raises:
        TextError: the text is anything else.
    """
    file = parse(source)
    match file.statements:
        case (syntax.Network(body=body, where=()),):
            return body
    span = file.statements[0].span if file.statements else Span(source, 0, 0)
    raise TextError(slips.not_an_expression(span))


def _several_networks(statements: list[Statement]) -> list[Diagnostic]:
    networks = [one for one in statements if isinstance(one, syntax.Network)]
    return [slips.second_network(one.span, networks[0].span) for one in networks[1:]]


class StatementParser(ExpressionParser):
    """Reads one statement."""

    def is_header(self) -> bool:
        """True before `striate 1`."""
        first, second = self.tokens[0], self.tokens[min(1, len(self.tokens) - 1)]
        return first.text == "striate" and second.kind == "int"

    def header(self) -> int:
        """The version in `striate 1`."""
        self.advance()
        token = self.advance()
        self.finish()
        if int(token.text) != VERSION:
            raise TextError(slips.unknown_version(token.text, VERSION, self.span_of(token)))
        return VERSION

    def statement(self, comments: tuple[str, ...]) -> Statement:
        """A whole statement.

        Raises:
            TextError: with every mistake found in it.
        """
        start = self.tokens[0].start
        match self.kind:
            case "use":
                found: Statement = self.use(comments)
            case "set":
                found = self.set(comments)
            case _:
                found = self.definition_or_network(comments, start)
        self.finish()
        _check_depth(found)
        return found

    def finish(self) -> None:
        """The statement must end here, and nothing in it be wrong."""
        if self.kind != "end":
            raise self.fail(slips.leftover(self.scene))
        if mistakes := self.closing_mistakes():
            self.mistakes = []
            raise TextError(*mistakes)

    def use(self, comments: tuple[str, ...]) -> syntax.Use:
        """`use "resnet.cnn"`, `use std.resnet`."""
        start = self.advance().start
        if self.kind == "text":
            path = self.advance().text[1:-1]
            return syntax.Use(path, False, span=self.span(start), comments=comments)
        if self.kind != "name":
            raise self.fail(slips.operand_missing(self.scene))
        first = self.tokens[self.at]
        path = self.advance().text
        while self.kind == "field":
            path += self.advance().text
        if first.text != "std":
            self.mistakes.append(slips.nothing_to_use(self.span(first.start)))
        return syntax.Use(path, True, span=self.span(start), comments=comments)

    def set(self, comments: tuple[str, ...]) -> syntax.Set:
        """`set conv(b=0), bn(eps=0.001)`."""
        start = self.advance().start
        calls: list[syntax.Call] = []
        while True:
            call = self.expression()
            if isinstance(call, syntax.Call) and isinstance(call.function, syntax.Name):
                calls.append(call)
            else:
                self.mistakes.append(slips.nothing_to_set(call.span))
            if self.kind != ",":
                return syntax.Set(tuple(calls), span=self.span(start), comments=comments)
            self.advance()

    def definition_or_network(self, comments: tuple[str, ...], start: int) -> Statement:
        """`name(p) = e`, `name(p) := e`, or a bare expression."""
        head = self.expression()
        if self.kind not in {"=", ":="}:
            if isinstance(head, syntax.Binary) and head.sign == "==":
                self.mistakes.append(slips.comparison_as_definition(head))
            where = self.where()
            return syntax.Network(head, where, span=self.span(start), comments=comments)
        name, parameters = self.head(head)
        is_module = self.advance().kind == ":="
        body = self.expression()
        where = self.where()
        return syntax.Definition(
            name, parameters, body, is_module, where, span=self.span(start), comments=comments
        )

    def head(self, head: Expr) -> tuple[str, tuple[syntax.Parameter, ...] | None]:
        """Name and parameters of a definition, read as an expression until its `=` came."""
        match head:
            case syntax.Name(name=name):
                return name, None
            case syntax.Call(function=syntax.Name(name=name), arguments=arguments):
                parameters = tuple(map(self.parameter, arguments))
                self.unlike([(one.name, one.span) for one in parameters], "parameter")
                return name, parameters
        self.mistakes.append(slips.bad_head(self.scene, head.span))
        return UNREADABLE, None

    def parameter(self, written: syntax.Argument) -> syntax.Parameter:
        """`w` or `s=1`."""
        if written.name is not None:
            return syntax.Parameter(written.name, written.value, span=written.span)
        if isinstance(written.value, syntax.Name):
            return syntax.Parameter(written.value.name, None, span=written.span)
        self.mistakes.append(slips.bad_parameter(written.span))
        return syntax.Parameter(UNREADABLE, None, span=written.span)

    def where(self) -> tuple[syntax.Where, ...]:
        """`where x = 1, m: (conv(8) -> relu)`."""
        if self.kind != "where":
            return ()
        found: list[syntax.Where] = []
        while not found or self.kind == ",":
            self.advance()
            found.append(self.binding())
        self.unlike([(one.name, one.span) for one in found], "local name")
        return tuple(found)

    def binding(self) -> syntax.Where:
        """`x = 1` or `m: item`."""
        start = self.tokens[self.at].start
        if self.kind == "label":
            token = self.tokens[self.at]
            name = self.plain_label()
            if name == UNREADABLE:
                self.mistakes.append(slips.bad_shared_name(self.span_of(token)))
            return syntax.SharedModule(name, self.item(), span=self.span(start))
        name = self.name("where")
        if self.kind != "=":
            raise self.fail(slips.bad_binding(self.scene))
        self.advance()
        return syntax.LocalValue(name, self.expression(), span=self.span(start))

    def unlike(self, names: list[tuple[str, Span]], what: str) -> None:
        """Notes names given twice."""
        seen = set[str]()
        for name, span in names:
            if name in seen and name != UNREADABLE:
                self.mistakes.append(slips.name_twice(name, what, span))
            seen.add(name)


def _check_depth(root: syntax.Tree) -> None:
    level: list[syntax.Tree] = [root]
    for _ in range(MOST_TREE_DEPTH):
        level = [child for tree in level for child in syntax.children(tree)]
        if not level:
            return
    raise TextError(hints.too_deep(level[0].span))
