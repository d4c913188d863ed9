"""Trees in canonical words: one way to write each call, whatever its author preferred.

Names of layers and shipped blocks are the short ones, keys too; arguments stand in the order of the
signature, by position up to the first gap and by key behind it; what is a default anyway is left
out. The network stays the same, so nothing is touched that could mean something else: names that a
text defines itself, arguments of what may be called again with more of them, defaults that `set`
changes, and the order in which choices are asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, TypeVar, get_args

from striate.ir import Op
from striate.notation import syntax
from striate.notation.meanings import Meanings, Names, names_of
from striate.notation.parser import Statement
from striate.notation.tokens import COMPARISONS
from striate.notation.written import (
    Arguments,
    Given,
    by_position,
    called,
    filled,
    in_order,
    in_turn,
    is_same,
    set_arguments,
    short,
    sorted_by_key,
    spread,
)

_Tree = TypeVar("_Tree", bound=syntax.Tree)

_EXPRESSIONS: Final = get_args(syntax.Expr)
_GROWING: Final[Mapping[type, tuple[str, ...]]] = {
    syntax.List: ("items",),
    syntax.Entry: ("value",),
    syntax.LocalValue: ("value",),
    syntax.Parameter: ("default",),
}
"""Where values stand that may be called later, and get further arguments then."""
_TRANSPARENT: Final[Mapping[type, tuple[str, ...]]] = {
    syntax.Group: ("body",),
    syntax.If: ("then", "otherwise"),
    syntax.Choice: ("items",),
}
"""What stands for one of its parts, which may be called where the whole may."""


def canonical(file: syntax.File) -> syntax.File:
    """The file in canonical words; of a canonical file, the same.

    Names from files that it uses cannot be seen from here: beside `use "..."` only the words that
    the file itself explains are changed.
    """
    meanings = Meanings(file)
    statements = tuple([_statement(one, meanings) for one in file.statements])
    return syntax.File(file.source, statements, file.version, file.comments)


def _statement(statement: Statement, file: Meanings) -> Statement:
    match statement:
        case syntax.Set(calls=calls):
            return statement.changed(calls=tuple([_setting(one, file) for one in calls]))
        case syntax.Network(where=where):
            return _Walk(file, names_of(where)).rebuilt(statement)
        case syntax.Definition(parameters=parameters, where=where):
            walk = _Walk(file, names_of((*(parameters or ()), *where)))
            growing = ("body",) if _stands_for_body(statement, file, walk.bound) else ()
            return walk.rebuilt(statement, growing)
    return statement


def _stands_for_body(definition: syntax.Definition, file: Meanings, bound: Names) -> bool:
    """True if a mention may be worth what the body is, and be called with more arguments."""
    if definition.is_module:
        return False
    name = called(definition.body)
    if (definition.parameters is None and not definition.where) or name is None:
        return True
    return not file.is_network(file.known(name, bound))


def _setting(call: syntax.Call, file: Meanings) -> syntax.Call:
    """All by key: `set` says which defaults it changes."""
    kind, given = set_arguments(call)
    if kind is None:
        return call
    walk = _Walk(file, frozenset())
    arguments = [
        walk.rebuilt(one.changed(name=key)) for key, one in in_order(kind.parameters, given)
    ]
    function = call.function.changed(name=kind.name)
    return call.changed(function=function, arguments=tuple(arguments))


class _Walk:
    """Expressions of one statement in canonical words.

    bound: names that are variables here.
    """

    def __init__(self, file: Meanings, bound: Names) -> None:
        self._file = file
        self.bound = bound

    def expr(self, tree: syntax.Expr, *, may_grow: bool = False) -> syntax.Expr:
        """An expression; may_grow: a later call may give it further arguments."""
        match tree:
            case syntax.Name(name=name):
                return tree.changed(name=self._file.spelled(name, self.bound))
            case syntax.Call():
                return self._call(tree, may_grow)
            case syntax.Binary(sign=sign) if sign in COMPARISONS:
                return self.rebuilt(tree, ("left", "right"))
            case syntax.Fold(names=names) | syntax.Comprehension(names=names):
                inner = _Walk(self._file, self.bound.union(names))
                body = inner.expr(tree.body, may_grow=isinstance(tree, syntax.Comprehension))
                return tree.changed(body=body, values=self.expr(tree.values))
        return self.rebuilt(tree, _TRANSPARENT.get(type(tree), ()) if may_grow else ())

    def rebuilt(self, tree: _Tree, growing: tuple[str, ...] = ()) -> _Tree:
        """The same kind of tree with canonical parts; growing: fields that may be called later."""
        growing += _GROWING.get(type(tree), ())
        changes: dict[str, object] = {}
        for name in tree.fields:
            before = getattr(tree, name)
            if isinstance(before, syntax.Tree):
                changes[name] = self._part(before, name in growing)
            elif isinstance(before, tuple):
                changes[name] = tuple([self._part(one, name in growing) for one in before])
        return tree.changed(**changes)

    def _part(self, part: object, may_grow: bool) -> object:
        if isinstance(part, _EXPRESSIONS):
            return self.expr(part, may_grow=may_grow)
        return self.rebuilt(part) if isinstance(part, syntax.Tree) else part

    # Calls

    def _call(self, call: syntax.Call, may_grow: bool) -> syntax.Expr:
        name = called(call)
        if name is None:
            function = self.expr(call.function, may_grow=True)
            return call.changed(function=function, arguments=self._values(call.arguments, True))
        if self._file.is_function(name, self.bound):
            return call.changed(arguments=self._values(call.arguments, False))
        known = self._file.known(name, self.bound)
        if isinstance(known, type):
            arguments = self._layer(known, call.arguments, may_grow)
        elif isinstance(known, syntax.Definition):
            arguments = self._defined(known, call.arguments, may_grow)
        else:
            arguments = self._values(call.arguments, known is None)
        function = self.expr(call.function)
        # `f()` of numbers is a number, and `f` is not.
        is_same_without = self._file.is_network(known)
        if not arguments and is_same_without:
            return function
        return call.changed(function=function, arguments=arguments)

    def _values(self, arguments: Arguments, may_grow: bool) -> Arguments:
        """Arguments where they stand, in canonical words."""
        return tuple(
            [one.changed(value=self.expr(one.value, may_grow=may_grow)) for one in arguments]
        )

    def _defined(
        self, definition: syntax.Definition, arguments: Arguments, may_grow: bool
    ) -> Arguments:
        arguments = self._values(arguments, True)
        defaults = {one.name: one.default for one in definition.parameters or ()}
        given = filled(defaults, arguments)
        if given is None or len(defaults) < len(definition.parameters or ()):
            return arguments
        if may_grow:
            return sorted_by_key(defaults, given)
        return by_position(
            defaults, {key: one for key, one in given.items() if not is_same(one, defaults[key])}
        )

    def _layer(self, kind: type[Op], arguments: Arguments, may_grow: bool) -> Arguments:
        keyed = short(kind, arguments)
        if keyed is None:
            return self._values(arguments, False)
        words = {word for one in kind.parameters.values() for word in one.words}
        before = tuple([one.changed(value=self._argument(one.value, words)) for one in keyed])
        given = filled(kind.parameters, before)
        if kind.gathers:
            made = self._gathered(kind, before, may_grow)
        elif given is None:
            return before
        elif may_grow:
            made = sorted_by_key(kind.parameters, given)
        else:
            made = by_position(kind.parameters, self._needed(kind, given))
        sites = [
            [site for one in in_turn(kind, each) for site in self._sites(one)]
            for each in (before, made)
        ]
        return made if sites[0] == sites[1] else before

    def _argument(self, value: syntax.Expr, words: Collection[str]) -> syntax.Expr:
        """An argument of a layer, where its words win over names."""
        is_word = isinstance(value, syntax.Name) and value.name in words
        return value if is_word else self.expr(value)

    def _needed(self, kind: type[Op], given: Given) -> dict[str, syntax.Argument]:
        """The arguments that are not as they would be anyway."""
        return {
            key: one
            for key, one in given.items()
            if not self._file.is_default(kind, key, one.value)
        }

    def _gathered(self, kind: type[Op], arguments: Arguments, may_grow: bool) -> Arguments:
        """Of a layer that takes what has no key as one list."""
        listed = [one for one in arguments if one.name is None]
        keyed = {one.name: one for one in arguments if one.name is not None}
        first = next(iter(kind.parameters))
        if len(listed) + len(keyed) < len(arguments) or (listed and first in keyed):
            return arguments
        if not may_grow:
            keyed = self._needed(kind, keyed)
            listed = spread(listed or [one for key, one in keyed.items() if key == first])
            keyed.pop(first, None)
        return (*listed, *[one for _, one in in_order(kind.parameters, keyed)])

    def _sites(self, tree: syntax.Tree) -> Iterator[int]:
        """The parts that may ask for a choice, in order."""
        if self._file.may_choose(tree, self.bound):
            yield id(tree)
        else:
            for child in syntax.children(tree):
                yield from self._sites(child)
