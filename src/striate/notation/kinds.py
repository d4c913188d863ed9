"""Is an expression a network, or a number, list or word? Told from the text, before anything runs.

`+` and `*` mean arithmetic on numbers and combination on networks, so this is asked first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from striate.ir import op_named
from striate.notation import syntax
from striate.notation.arithmetic import FUNCTIONS
from striate.notation.values import (
    Applied,
    Bound,
    Closure,
    Datum,
    Defined,
    Env,
    Shared,
    Streams,
    Unchosen,
    Wire,
)

WIRES = {name: Wire(name) for name in ("id", "none", "take", "input")}
NETWORK_FORMS = (
    syntax.Chain,
    syntax.Join,
    syntax.Streams,
    syntax.Label,
    syntax.As,
    syntax.Assert,
    syntax.Fold,
    syntax.Projection,
    syntax.Optional,
    syntax.Reference,
)
SOME_NETWORK = Applied(WIRES["id"])
"""Stands for any argument that is a network."""
Given = list[tuple[str | None, bool | None]]
"""Key and kind of each argument."""
DEEPEST_LOOK = 1_000
"""Expressions looked through, one inside the other; what is deeper is taken for a number."""


def is_function(expr: syntax.Expr, env: Env) -> bool:
    """True for `max` and its like, unless the text gives the name another meaning."""
    if not isinstance(expr, syntax.Name) or expr.name not in FUNCTIONS:
        return False
    file = env.file
    return not any(expr.name in known for known in (env.variables, file.definitions, file.used))


class Kinds:
    """Tells networks from numbers; remembers what it found about definitions.

    std: the shipped library.
    """

    def __init__(self, std: Callable[[str], Defined | None]) -> None:
        self._std = std
        self._found: dict[tuple[int, tuple[str, ...]], bool | None] = {}
        self._depth = 0

    def is_network(self, expr: syntax.Expr, env: Env) -> bool:
        """True when an expression denotes a network rather than a number, list or word."""
        return bool(self._kind(expr, env))

    def call_is_network(self, applied: Applied) -> bool:
        """True when a definition with these arguments gives a network."""
        if not isinstance(applied.target, Defined):
            return True
        return bool(self._definition(applied.target, self._given(applied.arguments)))

    def _kind(self, expr: syntax.Expr, env: Env) -> bool | None:
        """None while it hangs on a definition that is being looked through."""
        self._depth += 1
        found = self._look(expr, env) if self._depth < DEEPEST_LOOK else None
        self._depth -= 1
        return found

    def _look(self, expr: syntax.Expr, env: Env) -> bool | None:
        match expr:
            case syntax.Name(name=name):
                return self._name(name, env)
            case syntax.Call():
                return self._call(expr, env)
            case syntax.Sum(items=items) | syntax.Choice(items=items) | syntax.List(items=items):
                return not isinstance(expr, syntax.List) and self._first(items, env)
            case syntax.Binary(sign="*", left=first) | syntax.Group(body=first):
                return self._kind(first, env)
            case syntax.If(then=then, otherwise=otherwise):
                return self._first((then, otherwise) if otherwise else (then,), env)
            case syntax.Index(value=syntax.List(items=items)):
                return self._first(items, env)
            case syntax.Index(value=syntax.Table(entries=entries)):
                return self._first([one.value for one in entries], env)
        return isinstance(expr, NETWORK_FORMS)

    def _first(self, exprs: Iterable[syntax.Expr], env: Env) -> bool | None:
        """The kind of the first whose kind is known; all should have the same."""
        for expr in exprs:
            kind = self._kind(expr, env)
            if kind is not None:
                return kind
        return None

    def _name(self, name: str, env: Env) -> bool | None:
        if name in env.variables:
            return _is_network_value(env.variables[name])
        if name in ("c", "size"):
            return False
        if defined := _defined(name, env):
            return self._definition(defined, [])
        return bool(op_named(name) or name.lower() in WIRES or self._std(name))

    def _call(self, expr: syntax.Call, env: Env) -> bool | None:
        function = expr.function
        if not isinstance(function, syntax.Name):
            return self._kind(function, env)
        if is_function(function, env):
            return False
        before: tuple[Bound, ...] = ()
        if function.name in env.variables:
            value = env.variables[function.name]
            if not isinstance(value, Applied) or not isinstance(value.target, Defined):
                return True
            defined: Defined | None = value.target
            before = value.arguments
        else:
            defined = _defined(function.name, env)
        if defined is None or defined.definition.is_module:
            return True
        given = self._given(before)
        given += [(one.name, self._kind(one.value, env)) for one in expr.arguments]
        return self._definition(defined, given)

    def _given(self, arguments: tuple[Bound, ...]) -> Given:
        return [(one.name, self._kind(one.value, one.env)) for one in arguments]

    def _definition(self, defined: Defined, given: Given) -> bool | None:
        """The kind of a definition's body, when these arguments are networks or are none."""
        definition = defined.definition
        if definition.is_module:
            return True
        parameters = definition.parameters or ()
        open_names = [one.name for one in parameters if one.name not in dict(given)]
        positional = [kind for name, kind in given if name is None]
        networks = {name for name, kind in given if name is not None and kind}
        networks |= {name for name, kind in zip(open_names, positional, strict=False) if kind}
        key = (id(definition), tuple(sorted(networks)))
        if key in self._found:
            return self._found[key]
        self._found[key] = None
        found = self._body(defined, networks, open_names[len(positional) :])
        self._found[key] = bool(found)
        return found

    def _body(self, defined: Defined, networks: set[str], left: list[str]) -> bool | None:
        definition = defined.definition
        variables: dict[str, Datum] = {}
        for one in definition.parameters or ():
            env = Env(defined.file, variables)
            network: bool | None = one.name in networks
            if one.name in left and one.default is not None:
                network = self._kind(one.default, env)
            variables = {**variables, one.name: SOME_NETWORK if network else None}
        for local in definition.where:
            network = True
            if isinstance(local, syntax.LocalValue):
                network = self._kind(local.value, Env(defined.file, variables))
            variables = {**variables, local.name: SOME_NETWORK if network else None}
        return self._kind(definition.body, Env(defined.file, variables))


def _defined(name: str, env: Env) -> Defined | None:
    definition = env.file.definitions.get(name)
    return Defined(definition, env.file) if definition else env.file.used.get(name)


def _is_network_value(value: Datum) -> bool:
    if isinstance(value, Unchosen):
        return any(_is_network_value(one) for one in value.options)
    return isinstance(value, Applied | Closure | Shared | Streams)
