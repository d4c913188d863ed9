"""Numbers and names: what an expression is worth at the point where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeGuard

from striate.errors import Diagnostic, TextError, did_you_mean
from striate.ir import TensorType, Value, op_named, op_names
from striate.notation import syntax
from striate.notation.arguments import match_arguments, missing_arguments
from striate.notation.arithmetic import (
    FUNCTIONS,
    apply_function,
    checked,
    combine,
    describe,
    show,
)
from striate.notation.choices import Decide
from striate.notation.library import std_names
from striate.notation.values import (
    Applied,
    Bound,
    Closure,
    Datum,
    Defined,
    Env,
    FileScope,
    Flow,
    Poisoned,
    Shared,
    Streams,
    Table,
    Unchosen,
    Wire,
)
from striate.source import Span

WIRES = {name: Wire(name) for name in ("id", "none", "take", "input")}
MOST_STEPS = 400_000
"""Evaluations in one elaboration; HRNet-W48 needs about 20,000."""

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
)


class NeedsChoice(Exception):
    """While members of a pattern are counted: the structure depends on what this name is."""

    def __init__(self, unchosen: Unchosen) -> None:
        super().__init__(unchosen.name)
        self.unchosen = unchosen


class LimitExceeded(TextError):
    """The text asks for more work than any real network; nothing more of it is read."""


class Evaluator:
    """Evaluates expressions; `here` is always what flows into the point where they stand."""

    def __init__(
        self,
        *,
        type_of: Callable[[Value], TensorType],
        decide: Decide,
        std: Callable[[str], Defined | None],
        free: Callable[[syntax.Name], Datum],
    ) -> None:
        self._type_of = type_of
        self._decide = decide
        self._std = std
        self._free = free
        self.steps = 0
        self._evaluators: Mapping[type, Callable[..., Datum]] = {
            syntax.Number: lambda expr, env, here: expr.value,
            syntax.Dims: lambda expr, env, here: expr.sizes,
            syntax.Name: self._name,
            syntax.Hole: self._hole,
            syntax.Reference: self._reference,
            syntax.Group: lambda expr, env, here: self.evaluate(expr.body, env, here),
            syntax.Sum: self._sum,
            syntax.Binary: self._binary,
            syntax.Unary: self._unary,
            syntax.Call: self._call,
            syntax.Index: self._index,
            syntax.Choice: self._choice,
            syntax.Range: self._range,
            syntax.List: self._list,
            syntax.Table: self._table,
            syntax.Comprehension: self._comprehension,
            syntax.If: self._if,
            syntax.Text: self._text,
        }

    # Entry points

    def evaluate(self, expr: syntax.Expr, env: Env, here: Flow) -> Datum:
        """The value of an expression; a network is given as something that can be run.

        Raises:
            TextError: it has no value; the span is that of the innermost guilty words.
            Poisoned: it depends on a mistake already told.
        """
        self.steps += 1
        if self.steps > MOST_STEPS:
            self.expect(0, expr.span)
        evaluator = self._evaluators.get(type(expr))
        if evaluator is None:
            return Closure(expr, env)
        try:
            return evaluator(expr, env, here)
        except TextError as error:
            raise located(error, expr.span) from None

    def expect(self, more: int, span: Span) -> None:
        """Stops at once where `more` evaluations would go past the limit.

        Raises:
            LimitExceeded: they would.
        """
        if self.steps + more > MOST_STEPS:
            raise LimitExceeded.of(
                "too-much-work",
                "this text asks for more work than any network needs",
                "a repetition, list or recursion in it is too large",
                span=span,
            )

    def number(self, expr: syntax.Expr, env: Env, here: Flow, *, what: str) -> float:
        """The value of an expression that must be a number; `what` names it in the message."""
        value = self.evaluate(expr, env, here)
        if isinstance(value, int | float):
            return value
        raise TextError.of(
            "number-expected", f"{what} must be a number, not {describe(value)}", span=expr.span
        )

    def whole(self, expr: syntax.Expr, env: Env, here: Flow, *, what: str) -> int:
        """The value of an expression that must be a whole number."""
        value = self.number(expr, env, here, what=what)
        if not float(value).is_integer():
            raise TextError.of(
                "whole-number-expected",
                f"{what} must be a whole number, not {show(value)}",
                "use floor(...), ceil(...), round(...) or div8(...)",
                span=expr.span,
            )
        return int(value)

    def rows(
        self, names: tuple[str, ...], values: syntax.Expr, env: Env, here: Flow
    ) -> list[dict[str, Datum]]:
        """The variables of each round of `for a, b in values`."""
        found = self.evaluate(values, env, here)
        if not isinstance(found, tuple):
            raise TextError.of(
                "list-expected", f"for needs a list, not {describe(found)}", span=values.span
            )
        if len(names) == 1:
            return [{names[0]: item} for item in found]
        return [self._unpacked(names, item, values) for item in found]

    def _unpacked(
        self, names: tuple[str, ...], item: Datum, values: syntax.Expr
    ) -> dict[str, Datum]:
        if not isinstance(item, tuple) or len(item) != len(names):
            count = f"{len(item)} values" if isinstance(item, tuple) else describe(item)
            raise TextError.of(
                "row-length",
                f"for {', '.join(names)} needs rows of {len(names)} values, got {count}: "
                f"{show(item)[:60]}",
                span=values.span,
            )
        return dict(zip(names, item, strict=True))

    # Names

    def _name(self, expr: syntax.Name, env: Env, here: Flow) -> Datum:
        """What a name stands for: variable, definition, layer, library block, word; in order."""
        name = expr.name
        if name in env.variables:
            found = env.variables[name]
            if found is None:
                raise Poisoned
            if isinstance(found, Unchosen):
                raise NeedsChoice(found)
            return found
        if name == "c":
            return self._entry_channels(env)
        if name == "size":
            return self._plane(here)
        return self._global(expr, env.file, here)

    def _global(self, expr: syntax.Name, file: FileScope, here: Flow) -> Datum:
        name = expr.name
        if definition := file.definitions.get(name):
            return self._definition(Defined(definition, file), here)
        if used := file.used.get(name):
            return self._definition(used, here)
        if target := WIRES.get(name.lower()) or op_named(name):
            return Applied(target, spelling=name, file=file)
        if shipped := self._std(name):
            return Applied(shipped)
        if name in file.words():
            return name
        free = self._free(expr)
        if free is not None:
            return free
        known = [*file.definitions, *file.used, *op_names(), *WIRES, *std_names(), *FUNCTIONS]
        known.extend(file.elsewhere)
        raise TextError.of("unknown-name", f"nothing is called '{name}'{did_you_mean(name, known)}")

    def _definition(self, defined: Defined, here: Flow) -> Datum:
        definition, file = defined.definition, defined.file
        if definition.parameters is not None or definition.is_module or definition.where:
            return Applied(defined)
        env = Env(file)
        is_preset = isinstance(definition.body, syntax.Name | syntax.Call)
        if self.is_network(definition.body, env) and not is_preset:
            return Applied(defined)
        return self.evaluate(definition.body, env, here)

    def is_network(self, expr: syntax.Expr, env: Env) -> bool:
        """True when an expression denotes a network rather than a number, list or word."""
        match expr:
            case syntax.Sum(items=(first, *_)) | syntax.Choice(items=(first, *_)):
                return self.is_network(first, env)
            case syntax.Binary(sign="*", left=first) | syntax.If(then=first):
                return self.is_network(first, env)
            case syntax.Group(body=first):
                return self.is_network(first, env)
            case syntax.Reference():
                return True
            case syntax.Call(function=syntax.Name(name=name)) if name in FUNCTIONS:
                return name in env.variables
            case syntax.Call(function=function):
                return self._is_network_callee(function, env)
            case syntax.Name(name=name):
                return self._is_network_name(name, env)
        return isinstance(expr, NETWORK_FORMS)

    def _is_network_callee(self, function: syntax.Expr, env: Env) -> bool:
        if not isinstance(function, syntax.Name):
            return True
        defined = env.file.definitions.get(function.name)
        if function.name in env.variables or defined is None or defined.is_module:
            return True
        names = {one.name: None for one in defined.parameters or ()}
        return self.is_network(defined.body, Env(env.file, names))

    def _is_network_name(self, name: str, env: Env) -> bool:
        if name in env.variables:
            return isinstance(env.variables[name], Applied | Closure | Shared | Streams)
        if name in ("c", "size"):
            return False
        defined = env.file.definitions.get(name)
        if defined is not None:
            body_env = Env(env.file, {name: None})
            return defined.is_module or self.is_network(defined.body, body_env)
        found = name in env.file.used or op_named(name) or name.lower() in WIRES
        return bool(found or self._std(name))

    def _hole(self, expr: syntax.Hole, env: Env, here: Flow) -> Datum:
        return self._channels(here, "_")

    def _entry_channels(self, env: Env) -> Datum:
        return self._channels(env.entry, "c")

    def _channels(self, flow: Flow, name: str) -> Datum:
        if flow is None:
            raise Poisoned
        if not flow.values:
            raise TextError.of(
                "no-stream-here",
                f"{name} is the number of channels that enter, and nothing enters here",
            )
        channels = tuple(self._type_of(value).channels for value in flow.values)
        return channels[0] if len(channels) == 1 else channels

    def _plane(self, here: Flow) -> Datum:
        if here is None:
            raise Poisoned
        plane = self._type_of(here.values[0]).plane if here.values else ()
        if None in plane:
            raise TextError.of(
                "size-unknown", "size is not known here, since the input leaves it open"
            )
        return tuple(size for size in plane if size is not None)

    def _reference(self, expr: syntax.Reference, env: Env, here: Flow) -> Datum:
        if expr.parts == ("in",):
            if env.entry is None:
                raise Poisoned
            return env.entry
        scope = env.names.find(expr.parts)
        flow: Flow | bool = False
        for part in expr.parts[:-1]:
            scope = scope.inner.get(part) if scope else None
        if scope:
            flow = scope.flows.get(expr.parts[-1], False)
        if flow is None:
            raise Poisoned
        if isinstance(flow, bool):
            raise self._unknown_reference(expr, env)
        return flow

    def _unknown_reference(self, expr: syntax.Reference, env: Env) -> TextError:
        name = ".".join(expr.parts)
        scope = env.names.find(expr.parts)
        for part in expr.parts[:-1]:
            scope = scope.inner.get(part) if scope else None
        known = scope.known() if scope else env.names.known()
        listed = [one for one in dict.fromkeys(known) if not one.isdigit()]
        return TextError.of(
            "unknown-reference",
            f"no earlier value of this definition is called '{name}'"
            f"{did_you_mean(expr.parts[-1], listed)}",
            "name a value before it is used: (a: conv(16)) or conv(16) as a",
            span=expr.span,
        )

    # Arithmetic

    def _sum(self, expr: syntax.Sum, env: Env, here: Flow) -> Datum:
        if self.is_network(expr, env):
            return Closure(expr, env)
        total = self.evaluate(expr.items[0], env, here)
        for sign, item in zip(expr.signs[1:], expr.items[1:], strict=True):
            total = combine(sign, total, self.evaluate(item, env, here))
        return total

    def _binary(self, expr: syntax.Binary, env: Env, here: Flow) -> Datum:
        if expr.sign == "*" and self.is_network(expr.left, env):
            return Closure(expr, env)
        left = self.evaluate(expr.left, env, here)
        if expr.sign in ("and", "or"):
            if bool(left) == (expr.sign == "or"):
                return bool(left)
            return bool(self.evaluate(expr.right, env, here))
        return combine(expr.sign, left, self.evaluate(expr.right, env, here))

    def _unary(self, expr: syntax.Unary, env: Env, here: Flow) -> Datum:
        if expr.sign == "not":
            return not self.evaluate(expr.operand, env, here)
        return -self.number(expr.operand, env, here, what="what - turns around")

    def _index(self, expr: syntax.Index, env: Env, here: Flow) -> Datum:
        value = self.evaluate(expr.value, env, here)
        index = self.evaluate(expr.index, env, here)
        if isinstance(value, Table):
            key = show(index)
            if key not in value.entries:
                raise TextError.of(
                    "no-such-entry",
                    f"the table has no entry '{key}'{did_you_mean(key, value.entries)}",
                    f"it has {', '.join(value.entries)}",
                    span=expr.index.span,
                )
            return value.entries[key]
        if not isinstance(value, tuple):
            raise TextError.of(
                "list-expected",
                f"only lists and tables have parts in [], not {describe(value)}",
                span=expr.value.span,
            )
        if isinstance(index, tuple):
            return tuple(self._item(value, one, expr) for one in index)
        return self._item(value, index, expr)

    def _item(self, values: tuple[Datum, ...], index: Datum, expr: syntax.Index) -> Datum:
        if not isinstance(index, int) or not -len(values) <= index < len(values):
            raise TextError.of(
                "index-out-of-range",
                f"there is no item [{show(index)}] in a list of {len(values)}",
                "items are counted from 0; -1 is the last",
                span=expr.index.span,
            )
        return values[index]

    # Lists and choices

    def options(self, expr: syntax.Choice, env: Env, here: Flow) -> list[syntax.Expr | int]:
        """The things a choice lets one choose, ranges spread out."""
        found: list[syntax.Expr | int] = []
        for item in expr.items:
            if isinstance(item, syntax.Range):
                found.extend(self._span_of_numbers(item, env, here))
            else:
                found.append(item)
        return found

    def _choice(self, expr: syntax.Choice, env: Env, here: Flow) -> Datum:
        options = self.options(expr, env, here)
        chosen = options[self._decide(expr, len(options))]
        return chosen if isinstance(chosen, int) else self.evaluate(chosen, env, here)

    def _range(self, expr: syntax.Range, env: Env, here: Flow) -> Datum:
        return tuple(self._span_of_numbers(expr, env, here))

    def _span_of_numbers(self, expr: syntax.Range, env: Env, here: Flow) -> range:
        low = self.whole(expr.low, env, here, what="the start of a range")
        high = self.whole(expr.high, env, here, what="the end of a range")
        if high - low >= 10_000:
            raise TextError.of(
                "list-too-long",
                f"a range of {high - low + 1:,} numbers; the most is 10,000",
                span=expr.span,
            )
        return range(low, high + 1)

    def _list(self, expr: syntax.List, env: Env, here: Flow) -> Datum:
        return tuple([self.evaluate(item, env, here) for item in expr.items])

    def _table(self, expr: syntax.Table, env: Env, here: Flow) -> Datum:
        return Table({one.key: self.evaluate(one.value, env, here) for one in expr.entries})

    def _comprehension(self, expr: syntax.Comprehension, env: Env, here: Flow) -> Datum:
        rows = self.rows(expr.names, expr.values, env, here)
        return checked(tuple([self.evaluate(expr.body, env.bind(row), here) for row in rows]))

    def _if(self, expr: syntax.If, env: Env, here: Flow) -> Datum:
        if self.is_network(expr.then, env):
            return Closure(expr, env)
        branch = expr.then if self.evaluate(expr.condition, env, here) else expr.otherwise
        if branch is None:
            raise TextError.of("else-missing", "an if between numbers needs its else")
        return self.evaluate(branch, env, here)

    def _text(self, expr: syntax.Text, env: Env, here: Flow) -> Datum:
        raise TextError.of("text-out-of-place", "quoted text stands only after use and as a label")

    # Calls

    def _call(self, expr: syntax.Call, env: Env, here: Flow) -> Datum:
        function = expr.function
        if _is_function(function, env):
            arguments = [self.evaluate(one.value, env, here) for one in expr.arguments]
            return apply_function(function.name, arguments)
        target = self.evaluate(function, env, here)
        if isinstance(target, Closure):
            target = self._opened(target, here)
        if not isinstance(target, Applied):
            raise TextError.of(
                "not-callable", f"{describe(target)} cannot be called", span=function.span
            )
        more = tuple([Bound(one.name, one.value, env, one.span) for one in expr.arguments])
        applied = replace(target, arguments=target.arguments + more)
        return self._value_of(applied, here)

    def _opened(self, closure: Closure, here: Flow) -> Datum:
        """The layer or definition that a network argument stands for, if it is a lone one."""
        if isinstance(closure.body, syntax.If | syntax.Choice):
            return closure
        return self.evaluate(closure.body, closure.env, here)

    def _value_of(self, applied: Applied, here: Flow) -> Datum:
        """The number a call of `f(x) = 2*x` is worth; any other call stays as it is."""
        target = applied.target
        if not isinstance(target, Defined) or target.definition.is_module:
            return applied
        definition = target.definition
        names: dict[str, Datum] = {one.name: None for one in definition.parameters or ()}
        env = Env(target.file, names)
        if self.is_network(definition.body, env) or missing_arguments(applied):
            return applied
        variables = self.bind(applied, Env(target.file), here)
        return self.evaluate(definition.body, Env(target.file, variables), here)

    def bind(self, applied: Applied, env: Env, here: Flow) -> dict[str, Datum]:
        """The variables of a definition's body: arguments as they are worth here, and defaults.

        env: that of the body, for the defaults, which may use `c` and earlier parameters.
        """
        assert isinstance(applied.target, Defined)
        given = match_arguments(applied)
        variables: dict[str, Datum] = {}
        for parameter in applied.target.definition.parameters or ():
            if bound := given.get(parameter.name):
                value = self._argument(bound, here)
            else:
                assert parameter.default is not None, "the caller asks for missing arguments first"
                value = self.evaluate(parameter.default, env.bind(variables), env.entry)
            variables[parameter.name] = value
        return variables

    def _argument(self, bound: Bound, here: Flow) -> Datum:
        try:
            return self.evaluate(bound.value, bound.env, here)
        except Poisoned:
            return None


def _is_function(expr: syntax.Expr, env: Env) -> TypeGuard[syntax.Name]:
    if not isinstance(expr, syntax.Name):
        return False
    return expr.name in FUNCTIONS and expr.name not in env.variables


def located(error: TextError, span: Span) -> TextError:
    """The error with a place, unless it already has one."""
    first, *rest = error.diagnostics
    if first.span is not None:
        return error
    return type(error)(Diagnostic(first.code, first.reason, span, first.help, first.trail), *rest)
