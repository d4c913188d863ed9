"""How many networks a pattern stands for, by formula: chains multiply, choices add.

What is counted are decision vectors: the sequences of choices that elaboration would ask for. A
tree is *evaluated* to what it stands for, and networks are then *run*; each may ask for choices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import log2

from striate.errors import TextError
from striate.ir import TensorType, Value
from striate.notation import syntax
from striate.notation.arguments import match_arguments
from striate.notation.choices import FREE_RANGES, free_names
from striate.notation.evaluate import Evaluator, NeedsChoice
from striate.notation.kinds import is_function
from striate.notation.limits import (
    DEEPEST_NESTING,
    STEPS_OF_A_CALL,
    LimitExceeded,
    deep_recursion,
)
from striate.notation.scopes import std_definition
from striate.notation.values import (
    Applied,
    Bound,
    Closure,
    Datum,
    Defined,
    Env,
    FileScope,
    Names,
    Place,
    Poisoned,
    Shared,
    Unchosen,
)

MOST_BITS = 10_000
"""Of a count; it has some three thousand digits then."""
MOST_VALUES = 10_000
"""Values that one argument is looked at with."""


class Tape:
    """Decides by a given prefix, then always the first option; writes down what it was asked."""

    def __init__(self, prefix: Sequence[int]) -> None:
        self.prefix = prefix
        self.options: list[int] = []

    def __call__(self, expr: syntax.Expr, options: int) -> int:
        index = len(self.options)
        self.options.append(options)
        chosen = self.prefix[index] if index < len(self.prefix) else 0
        if not 0 <= chosen < options:
            raise TextError.of(
                "no-such-decision",
                f"decision {index} is {chosen}, but there are {options} options here",
                span=expr.span,
            )
        return chosen

    def next(self) -> list[int] | None:
        """The following vector in order, or None behind the last."""
        taken = [*self.prefix, *[0] * len(self.options)][: len(self.options)]
        for index in reversed(range(len(taken))):
            if taken[index] + 1 < self.options[index]:
                return [*taken[:index], taken[index] + 1]
        return None


def count(network: syntax.Network, scope: FileScope) -> int:
    """The number of decision vectors of a network.

    Raises:
        TextError: no formula gives it: a choice hangs on shapes, or the number is too large.
    """
    with deep_recursion():
        try:
            return _Counter(scope, network).total()
        except (LimitExceeded, Poisoned):
            raise uncountable(network.body) from None


def uncountable(expr: syntax.Expr) -> TextError:
    """A text whose members no formula counts."""
    return TextError.of(
        "uncountable",
        "no formula gives the number of networks: this depends on shapes, or is too large",
        "sample or enumerate the pattern instead",
        span=expr.span,
    )


class _Counter:
    def __init__(self, scope: FileScope, network: syntax.Network) -> None:
        self._scope = scope
        self._network = network
        self._tape: Tape | None = None
        self._free: dict[str, Datum] = {}
        self._evaluator = Evaluator(
            type_of=_no_type, decide=self._decide, std=std_definition, free=self._value_of_free
        )
        self._of_networks: dict[type, Callable[..., int]] = {
            syntax.Choice: lambda expr, env: self._choice(expr, env, self._run),
            syntax.Optional: lambda expr, env: 1 + self._run(expr.body, env),
            syntax.Binary: self._repetition,
            syntax.Fold: self._fold,
            syntax.If: lambda expr, env: self._if(expr, env, self._run),
            syntax.Label: self._label,
        }
        self._of_values: dict[type, Callable[..., int]] = {
            syntax.Choice: lambda expr, env: self._choice(expr, env, self._evaluate),
            syntax.Name: self._name,
            syntax.Call: self._call,
            syntax.If: lambda expr, env: self._if(expr, env, self._evaluate),
            syntax.Binary: self._binary,
            syntax.Comprehension: self._comprehension,
        }

    def total(self) -> int:
        """The count for the whole network; its free N, M, K are chosen before all else."""
        names = free_names(self._network, self._scope)
        self._free = {name: Unchosen(name, tuple(FREE_RANGES[name])) for name in names}
        return self._total()

    def _total(self) -> int:
        open_names = [one for one in self._free.values() if isinstance(one, Unchosen)]
        try:
            env, ways = self._where(self._network.where, self._network.body, Env(self._scope))
            ways = self._times(ways, self._run(self._network.body, env), self._network.body)
        except NeedsChoice as needed:
            return self._summed_over(needed.unchosen)
        for one in open_names:
            ways = self._times(ways, len(one.options), self._network.body)
        return ways

    def _summed_over(self, unchosen: Unchosen) -> int:
        total = 0
        for option in unchosen.options:
            self._free[unchosen.name] = option
            total += self._total()
        self._free[unchosen.name] = unchosen
        return total

    def _value_of_free(self, expr: syntax.Name) -> Datum:
        found = self._free.get(expr.name)
        if isinstance(found, Unchosen):
            raise NeedsChoice(found)
        return found

    def _decide(self, expr: syntax.Expr, options: int) -> int:
        if self._tape is None:
            raise uncountable(expr)
        return self._tape(expr, options)

    def _times(self, one: int, other: int, expr: syntax.Expr) -> int:
        if one.bit_length() + other.bit_length() > MOST_BITS:
            raise uncountable(expr)
        return one * other

    def _product(
        self, ways: Callable[[syntax.Expr, Env], int], exprs: Iterable[syntax.Expr], env: Env
    ) -> int:
        total = 1
        for expr in exprs:
            total = self._times(total, ways(expr, env), expr)
        return total

    # Running

    def _run(self, expr: syntax.Expr, env: Env) -> int:
        """Ways to run an expression as a network."""
        budget = self._evaluator.budget
        budget.spend(1, expr.span)
        if budget.depth > DEEPEST_NESTING // 2:
            raise uncountable(expr)
        budget.depth += 1
        try:
            form = self._of_networks.get(type(expr))
            if form is not None:
                return form(expr, env)
            if isinstance(expr, syntax.Chain | syntax.Join | syntax.Streams | syntax.Sum):
                return self._product(self._run, expr.items, env)
            if isinstance(expr, syntax.As | syntax.Assert):
                return self._run(expr.item, env)
            if isinstance(expr, syntax.Group):
                return self._run(expr.body, env)
            return self._evaluated(expr, env)
        finally:
            budget.depth -= 1

    def _evaluated(self, expr: syntax.Expr, env: Env) -> int:
        """Ways of all that an expression can stand for."""
        if isinstance(expr, syntax.Projection | syntax.Reference):
            return 1
        total = 0
        for datum in self._values(expr, env):
            total += self._datum(datum, expr)
        return total

    def _datum(self, datum: Datum, expr: syntax.Expr) -> int:
        match datum:
            case Closure(body=body, env=env):
                return self._run(body, env)
            case Applied(target=Defined()):
                return self._definition(datum, expr, self._run)
            case Applied(arguments=arguments):
                total = 1
                for one in arguments:
                    total = self._times(total, self._evaluate(one.value, one.env), one.value)
                return total
        return 1

    def _choice(
        self, expr: syntax.Choice, env: Env, ways: Callable[[syntax.Expr, Env], int]
    ) -> int:
        options = self._evaluator.options(expr, env, None)
        return sum([1 if isinstance(one, int) else ways(one, env) for one in options])

    def _repetition(self, expr: syntax.Binary, env: Env) -> int:
        if expr.sign != "*" or not self._evaluator.kinds.is_network(expr.left, env):
            return self._evaluate(expr, env)
        total = 0
        ways = self._run(expr.left, env)
        for times in self._values(expr.right, env):
            whole = isinstance(times, int) and times >= 0
            if not whole or times * log2(max(ways, 1)) > MOST_BITS:  # type: ignore[operator]
                raise uncountable(expr.right)
            total += ways**times  # type: ignore[operator]
        return total

    def _fold(self, expr: syntax.Fold, env: Env) -> int:
        if self._evaluate(expr.values, env) != 1:
            raise uncountable(expr.values)
        try:
            rows = self._evaluator.rows(expr.names, expr.values, env, None)
        except Poisoned:
            raise uncountable(expr.values) from None
        total = 1
        for row in rows:
            total = self._times(total, self._run(expr.body, env.bind(row)), expr.body)
        return total

    def _label(self, expr: syntax.Label, env: Env) -> int:
        parts = [one for one in expr.parts if not isinstance(one, str)]
        ways = self._product(self._evaluate, parts, env)
        return self._times(ways, self._run(expr.item, env), expr)

    def _if(self, expr: syntax.If, env: Env, ways: Callable[[syntax.Expr, Env], int]) -> int:
        if self._evaluate(expr.condition, env) != 1:
            raise uncountable(expr.condition)
        try:
            holds = self._evaluator.holds(expr.condition, env, None)
        except Poisoned:
            found = {1 if one is None else ways(one, env) for one in (expr.then, expr.otherwise)}
            if len(found) > 1:
                raise uncountable(expr) from None
            return found.pop()
        branch = expr.then if holds else expr.otherwise
        return 1 if branch is None else ways(branch, env)

    # Evaluating

    def _evaluate(self, expr: syntax.Expr, env: Env) -> int:
        """Ways to evaluate an expression; networks in it are not run."""
        self._evaluator.budget.spend(1, expr.span)
        is_fork = isinstance(expr, syntax.Sum | syntax.If | syntax.Binary)
        if is_fork and self._evaluator.kinds.is_network(expr, env):
            return 1
        value = self._of_values.get(type(expr))
        if value is not None:
            return value(expr, env)
        match expr:
            case syntax.Sum(items=items) | syntax.List(items=items):
                return self._product(self._evaluate, items, env)
            case syntax.Index(value=one, index=other) | syntax.Range(low=one, high=other):
                return self._product(self._evaluate, (one, other), env)
            case syntax.Table(entries=entries):
                return self._product(self._evaluate, [one.value for one in entries], env)
            case syntax.Unary(operand=inner) | syntax.Group(body=inner):
                return self._evaluate(inner, env)
        return 1

    def _binary(self, expr: syntax.Binary, env: Env) -> int:
        if expr.sign in ("and", "or") and self._evaluate(expr.right, env) != 1:
            raise uncountable(expr.right)
        return self._product(self._evaluate, (expr.left, expr.right), env)

    def _comprehension(self, expr: syntax.Comprehension, env: Env) -> int:
        if self._evaluate(expr.values, env) != 1:
            raise uncountable(expr.values)
        try:
            rows = self._evaluator.rows(expr.names, expr.values, env, None)
        except Poisoned:
            if self._evaluate(expr.body, env.bind(dict.fromkeys(expr.names))) != 1:
                raise uncountable(expr) from None
            return 1
        total = 1
        for row in rows:
            total = self._times(total, self._evaluate(expr.body, env.bind(row)), expr)
        return total

    def _name(self, expr: syntax.Name, env: Env) -> int:
        file = env.file
        if expr.name in env.variables or expr.name in ("c", "size"):
            return 1
        definition = file.definitions.get(expr.name)
        defined = Defined(definition, file) if definition else file.used.get(expr.name)
        if defined is None:
            return 1
        definition = defined.definition
        if definition.parameters is not None or definition.is_module or definition.where:
            return 1
        inner = Env(defined.file)
        is_preset = isinstance(definition.body, syntax.Name | syntax.Call)
        if not is_preset and self._evaluator.kinds.is_network(definition.body, inner):
            return 1
        return self._deeper(definition.body, inner)

    def _deeper(self, expr: syntax.Expr, env: Env) -> int:
        budget = self._evaluator.budget
        if budget.depth > DEEPEST_NESTING // 2:
            raise uncountable(expr)
        budget.spend(STEPS_OF_A_CALL, expr.span)
        budget.depth += 1
        try:
            return self._evaluate(expr, env)
        finally:
            budget.depth -= 1

    def _call(self, expr: syntax.Call, env: Env) -> int:
        values = [one.value for one in expr.arguments]
        if is_function(expr.function, env):
            return self._product(self._evaluate, values, env)
        if self._evaluate(expr.function, env) != 1:
            return self._evaluate(expr.function, env)
        if self._evaluator.kinds.is_network(expr, env):
            return 1
        target = self._evaluator.evaluate(expr.function, env, None)
        if not isinstance(target, Applied) or not isinstance(target.target, Defined):
            return 1
        more = tuple([Bound(one.name, one.value, env, one.span) for one in expr.arguments])
        return self._definition(Applied(target.target, target.arguments + more), expr, self._deeper)

    def _values(self, expr: syntax.Expr, env: Env) -> list[Datum]:
        """What an expression is worth under each of its choices."""
        ways = self._evaluate(expr, env)
        if ways > MOST_VALUES:
            raise uncountable(expr)
        found: list[Datum] = []
        prefix: list[int] | None = []
        outer = self._tape
        while prefix is not None:
            self._tape = tape = Tape(prefix)
            try:
                found.append(self._evaluator.evaluate(expr, env, None))
            except Poisoned:
                raise uncountable(expr) from None
            finally:
                self._tape = outer
            prefix = tape.next()
        return found

    # Definitions

    def _definition(
        self, applied: Applied, expr: syntax.Expr, ways: Callable[[syntax.Expr, Env], int]
    ) -> int:
        assert isinstance(applied.target, Defined)
        self._evaluator.budget.spend(STEPS_OF_A_CALL, expr.span)
        defined = applied.target
        given = match_arguments(applied)
        variables: dict[str, Datum] = {}
        total = 1
        for parameter in defined.definition.parameters or ():
            bound = given.get(parameter.name)
            if bound is None and parameter.default is not None:
                env = Env(defined.file, variables)
                bound = Bound(parameter.name, parameter.default, env, parameter.span)
            if bound is not None:
                variables = {**variables, parameter.name: self._argument(parameter.name, bound)}
        own = [one for one in variables.values() if isinstance(one, Unchosen)]
        passed = [
            bound.env.variables.get(bound.value.name)
            for bound in given.values()
            if isinstance(bound.value, syntax.Name)
        ]
        own = [one for one in own if not any(one is other for other in passed)]
        total = self._body(defined, variables, own, ways)
        return self._times(total, 1, expr)

    def _argument(self, name: str, bound: Bound) -> Datum:
        """An argument's value, all its possible ones, or None where it hangs on shapes."""
        if isinstance(bound.value, syntax.Name):
            value = bound.env.variables.get(bound.value.name)
            if isinstance(value, Unchosen):
                return value
        if self._evaluate(bound.value, bound.env) == 1:
            try:
                return self._evaluator.evaluate(bound.value, bound.env, None)
            except Poisoned:
                return None
        return Unchosen(name, tuple(self._values(bound.value, bound.env)))

    def _body(
        self,
        defined: Defined,
        variables: dict[str, Datum],
        own: list[Unchosen],
        ways: Callable[[syntax.Expr, Env], int],
    ) -> int:
        """Ways of a body; where it needs to know an argument, the sum over what that can be."""
        definition = defined.definition
        try:
            env, total = self._where(
                definition.where, definition.body, Env(defined.file, variables)
            )
            total = self._times(total, ways(definition.body, env), definition.body)
        except NeedsChoice as needed:
            if not any(one is needed.unchosen for one in own):
                raise
            left = [one for one in own if one is not needed.unchosen]
            total = 0
            for option in needed.unchosen.options:
                fixed = {
                    name: option if value is needed.unchosen else value
                    for name, value in variables.items()
                }
                total += self._body(defined, fixed, left, ways)
            return total
        for one in own:
            total = self._times(total, len(one.options), definition.body)
        return total

    def _where(
        self, bindings: tuple[syntax.Where, ...], body: syntax.Expr, env: Env
    ) -> tuple[Env, int]:
        total = 1
        for one in bindings:
            match one:
                case syntax.LocalValue(name=name, value=value):
                    total = self._times(total, self._evaluate(value, env), value)
                    found = self._argument(name, Bound(name, value, env, one.span))
                    env = env.bind({name: found})
                case syntax.SharedModule(name=name, body=inner):
                    if any(_mentions(user, name) for user in (body, *bindings)):
                        total = self._times(total, self._shared(name, inner, body, env), inner)
                    place = Place("", Names())
                    env = env.bind({name: Shared(name, inner, env, place)})
        return env, total

    def _shared(self, name: str, inner: syntax.Expr, body: syntax.Expr, env: Env) -> int:
        """Ways of a shared module, whose choices are taken where it is first mentioned."""
        ways = self._run(inner, env)
        if ways == 1 or _surely_mentions(body, name):
            return ways
        raise uncountable(inner)


def _mentions(tree: syntax.Tree, name: str) -> bool:
    if isinstance(tree, syntax.Name):
        return tree.name == name
    return any(_mentions(child, name) for child in syntax.children(tree))


def _surely_mentions(expr: syntax.Tree, name: str) -> bool:
    """True when every member runs the name; false where that takes a closer look."""
    match expr:
        case syntax.Name():
            return expr.name == name
        case syntax.Chain(items=items) | syntax.Join(items=items) | syntax.Streams(items=items):
            return any(_surely_mentions(one, name) for one in items)
        case syntax.Sum(items=items):
            return any(_surely_mentions(one, name) for one in items)
        case syntax.Label(item=inner) | syntax.As(item=inner) | syntax.Assert(item=inner):
            return _surely_mentions(inner, name)
        case syntax.Group(body=inner):
            return _surely_mentions(inner, name)
        case syntax.Binary(sign="*", left=left, right=syntax.Number(value=times)):
            return times > 0 and _surely_mentions(left, name)
    return False


def _no_type(value: Value) -> TensorType:
    raise AssertionError("nothing flows while members are counted")
