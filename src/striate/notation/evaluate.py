"""Numbers and names: what an expression is worth at the point where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from striate.errors import TextError, did_you_mean
from striate.ir import TensorType, Value, op_named, op_names
from striate.notation import syntax
from striate.notation.arguments import match_arguments, missing_arguments
from striate.notation.arithmetic import (
    FUNCTIONS,
    apply_function,
    brief,
    combine,
    describe,
    show,
)
from striate.notation.choices import Decide
from striate.notation.kinds import WIRES, Kinds, is_function
from striate.notation.library import std_names
from striate.notation.limits import (
    DEEPEST_NESTING,
    MOST_CALLS,
    MOST_STEPS,
    STEPS_OF_A_CALL,
    Budget,
    calls_itself,
    nested_too_deep,
)
from striate.notation.lists import indexed, items_in, numbers, table, unpacked
from striate.notation.mistakes import called, located
from striate.notation.points import channels, plane, referred
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
    Unchosen,
)
from striate.source import Span


class NeedsChoice(Exception):
    """While members of a pattern are counted: the structure depends on what this name is."""

    def __init__(self, unchosen: Unchosen) -> None:
        super().__init__(unchosen.name)
        self.unchosen = unchosen


class Evaluator:
    """Evaluates expressions; `here` is always what flows into the point where they stand.

    decide: takes the choices; std: the shipped library; free: values of the notes' N, M, K.
    """

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
        self.budget = Budget()
        self.kinds = Kinds(std)
        self._constants: set[int] = set()
        self._calls = 0
        self._evaluators: Mapping[type, Callable[..., Datum]] = {
            syntax.Dims: lambda expr, env, here: expr.sizes,
            syntax.Name: self._name,
            syntax.Hole: lambda expr, env, here: channels(here, "_", self._type_of),
            syntax.Reference: lambda expr, env, here: referred(expr, env),
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
        if isinstance(expr, syntax.Number):
            return expr.value
        evaluator = self._evaluators.get(type(expr))
        if evaluator is None:
            return Closure(expr, env)
        budget = self.budget
        budget.steps += 1  # as `spend` does, which costs too much here
        if budget.steps > MOST_STEPS:
            budget.expect(0, expr.span)
        if budget.depth > DEEPEST_NESTING:
            raise nested_too_deep(expr.span)
        budget.depth += 1
        try:
            return evaluator(expr, env, here)
        except TextError as error:
            raise located(error, expr.span) from None
        finally:
            budget.depth -= 1

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
        if value != value // 1:
            raise TextError.of(
                "whole-number-expected",
                f"{what} must be a whole number, not {show(value)}",
                "use floor(...), ceil(...), round(...) or div8(...)",
                span=expr.span,
            )
        return int(value)

    def holds(self, condition: syntax.Expr, env: Env, here: Flow) -> bool:
        """Whether a condition is true; of numbers, all but 0 are."""
        return bool(self.number(condition, env, here, what="a condition"))

    def rows(
        self, names: tuple[str, ...], values: syntax.Expr, env: Env, here: Flow
    ) -> list[dict[str, Datum]]:
        """The variables of each round of `for a, b in values`."""
        return unpacked(names, self.evaluate(values, env, here), values.span)

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
            return channels(env.entry, "c", self._type_of)
        if name == "size":
            return plane(here, self._type_of)
        return self._global(expr, env.file, here)

    def _global(self, expr: syntax.Name, file: FileScope, here: Flow) -> Datum:
        name = expr.name
        if definition := file.definitions.get(name):
            return self._definition(Defined(definition, file), expr.span, here)
        if used := file.used.get(name):
            return self._definition(used, expr.span, here)
        if target := WIRES.get(name.lower()) or op_named(name):
            return Applied(target, spelling=name, file=file)
        if shipped := self._std(name):
            return Applied(shipped)
        if name in file.words():
            return name
        free = self._free(expr)
        if free is not None:
            return free
        raise _unknown_name(name, file)

    def _definition(self, defined: Defined, span: Span, here: Flow) -> Datum:
        definition = defined.definition
        if definition.parameters is not None or definition.is_module or definition.where:
            return Applied(defined)
        is_preset = isinstance(definition.body, syntax.Name | syntax.Call)
        if not is_preset and self.kinds.is_network(definition.body, Env(defined.file)):
            return Applied(defined)
        return self._constant(defined, span, here)

    def _constant(self, defined: Defined, span: Span, here: Flow) -> Datum:
        """What a definition without parameters is worth where it is mentioned."""
        definition = defined.definition
        if id(definition) in self._constants:
            raise TextError.of(
                "defined-by-itself",
                f"'{brief(definition.name)}' is defined by itself",
                "only definitions with parameters may call themselves, and they need an end",
                span=span,
            )
        self.budget.spend(STEPS_OF_A_CALL, span)
        self._constants.add(id(definition))
        try:
            return self.evaluate(definition.body, Env(defined.file, entry=here), here)
        finally:
            self._constants.remove(id(definition))

    # Arithmetic

    def _sum(self, expr: syntax.Sum, env: Env, here: Flow) -> Datum:
        if self.kinds.is_network(expr, env):
            return Closure(expr, env)
        total = self.evaluate(expr.items[0], env, here)
        for sign, item in zip(expr.signs[1:], expr.items[1:], strict=True):
            total = self._made(combine(sign, total, self.evaluate(item, env, here)), expr)
        return total

    def _binary(self, expr: syntax.Binary, env: Env, here: Flow) -> Datum:
        if expr.sign == "*" and self.kinds.is_network(expr.left, env):
            return Closure(expr, env)
        if expr.sign in ("and", "or"):
            left = self.holds(expr.left, env, here)
            return left if left == (expr.sign == "or") else self.holds(expr.right, env, here)
        left_value = self.evaluate(expr.left, env, here)
        return combine(expr.sign, left_value, self.evaluate(expr.right, env, here))

    def _unary(self, expr: syntax.Unary, env: Env, here: Flow) -> Datum:
        if expr.sign == "not":
            return not self.holds(expr.operand, env, here)
        return -self.number(expr.operand, env, here, what="what stands behind -")

    def _if(self, expr: syntax.If, env: Env, here: Flow) -> Datum:
        if self.kinds.is_network(expr, env):
            return Closure(expr, env)
        branch = expr.then if self.holds(expr.condition, env, here) else expr.otherwise
        if branch is None:
            raise TextError.of(
                "else-missing",
                "an if between numbers needs its else",
                "if s == 1 then w else 2*w",
            )
        return self.evaluate(branch, env, here)

    def _text(self, expr: syntax.Text, env: Env, here: Flow) -> Datum:
        """A shared module whose label is no name, as the flat form mentions it."""
        found = env.variables.get(expr.value)
        if isinstance(found, Shared):
            return found
        raise TextError.of("text-out-of-place", "quoted text stands only after use and as a label")

    # Lists and choices

    def _made(self, value: Datum, expr: syntax.Expr) -> Datum:
        """A new value; lists count as work, so that no text can build large ones for long."""
        if isinstance(value, tuple):
            self.budget.spend(items_in(value), expr.span)
        return value

    def _list(self, expr: syntax.List, env: Env, here: Flow) -> Datum:
        return self._made(tuple([self.evaluate(item, env, here) for item in expr.items]), expr)

    def _comprehension(self, expr: syntax.Comprehension, env: Env, here: Flow) -> Datum:
        rows = self.rows(expr.names, expr.values, env, here)
        values = [self.evaluate(expr.body, env.bind(row), here) for row in rows]
        return self._made(tuple(values), expr)

    def _table(self, expr: syntax.Table, env: Env, here: Flow) -> Datum:
        return table(expr, [self.evaluate(one.value, env, here) for one in expr.entries])

    def _index(self, expr: syntax.Index, env: Env, here: Flow) -> Datum:
        value = self.evaluate(expr.value, env, here)
        found = indexed(value, self.evaluate(expr.index, env, here), expr)
        return self._made(found, expr) if isinstance(expr.index, syntax.Range) else found

    def _range(self, expr: syntax.Range, env: Env, here: Flow) -> Datum:
        return self._made(tuple(self._numbers(expr, env, here)), expr)

    def _numbers(self, expr: syntax.Range, env: Env, here: Flow) -> range:
        low = self.whole(expr.low, env, here, what="the start of a range")
        high = self.whole(expr.high, env, here, what="the end of a range")
        return numbers(low, high, expr.span)

    def options(self, expr: syntax.Choice, env: Env, here: Flow) -> list[syntax.Expr | int]:
        """The things a choice lets one choose, ranges spread out.

        Raises:
            TextError: there are none.
        """
        found: list[syntax.Expr | int] = []
        for item in expr.items:
            if isinstance(item, syntax.Range):
                found.extend(self._numbers(item, env, here))
            else:
                found.append(item)
        if not found:
            raise TextError.of(
                "empty-choice",
                "this choice has no options",
                "a range runs upwards: {1..4}",
                span=expr.span,
            )
        self.budget.spend(len(found), expr.span)
        return found

    def _choice(self, expr: syntax.Choice, env: Env, here: Flow) -> Datum:
        options = self.options(expr, env, here)
        chosen = options[self._decide(expr, len(options))]
        return chosen if isinstance(chosen, int) else self.evaluate(chosen, env, here)

    # Calls

    def _call(self, expr: syntax.Call, env: Env, here: Flow) -> Datum:
        function = expr.function
        if isinstance(function, syntax.Name) and is_function(function, env):
            _refuse_keys(function.name, expr.arguments)
            arguments = [self.evaluate(one.value, env, here) for one in expr.arguments]
            return self._made(apply_function(function.name, arguments), expr)
        target = self.evaluate(function, env, here)
        if not isinstance(target, Applied):
            raise TextError.of(
                "not-callable", f"{describe(target)} cannot be called", span=function.span
            )
        more = tuple([Bound(one.name, one.value, env, one.span) for one in expr.arguments])
        given = target.arguments + more
        applied = Applied(target.target, given, target.spelling, target.file)
        return self._value_of(applied, expr.span, here)

    def _value_of(self, applied: Applied, span: Span, here: Flow) -> Datum:
        """The number a call of `f(x) = 2*x` is worth; any other call stays as it is."""
        target = applied.target
        if not isinstance(target, Defined) or self.kinds.call_is_network(applied):
            return applied
        if missing_arguments(applied):
            return applied
        definition = target.definition
        if self._calls >= MOST_CALLS:
            raise calls_itself(definition.name, span)
        self._calls += 1
        try:
            self.budget.spend(STEPS_OF_A_CALL, span)
            env = Env(target.file, self.bind(applied, Env(target.file, entry=here), here), here)
            for one in definition.where:
                assert isinstance(one, syntax.LocalValue), "shared modules make it a network"
                env = env.bind({one.name: self.evaluate(one.value, env, here)})
            return self.evaluate(definition.body, env, here)
        except TextError as error:
            raise called(error, definition.name, span) from None
        finally:
            self._calls -= 1

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


def _refuse_keys(name: str, arguments: tuple[syntax.Argument, ...]) -> None:
    for one in arguments:
        if one.name is not None:
            raise TextError.of(
                "unknown-argument",
                f"{name} has no argument '{brief(one.name)}'",
                f"it is written {FUNCTIONS[name][2]}",
                span=one.span,
            )


def _other_names() -> list[str]:
    """The other common names of layers, which are legal too."""
    return [name for one in op_names() if (cls := op_named(one)) for name in cls.also]


def known_names() -> list[str]:
    """Names that every text may use for networks: layers, wires, blocks of the library."""
    return [*op_names(), *_other_names(), *WIRES, *std_names()]


def _unknown_name(name: str, file: FileScope) -> TextError:
    if name in FUNCTIONS:
        return TextError.of(
            "function-without-call", f"'{name}' is a function: {FUNCTIONS[name][2]}"
        )
    known = [*file.definitions, *file.used, *known_names(), *FUNCTIONS, *file.elsewhere]
    advice = did_you_mean(name, known)
    return TextError.of("unknown-name", f"nothing is called '{brief(name)}'{advice}")
