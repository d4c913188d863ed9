"""Texts that leave choices open: how many networks they are, which, and each of them by number.

A member is named by its decision vector: the index taken at each choice site, in the order in which
elaboration meets the sites. What is chosen once: a parameter, per call; a `where` value; the notes'
free N, M, K. A repetition chooses anew in each round.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from math import log2, prod

from striate.errors import TextError
from striate.ir import Graph, Node, TensorType, Value
from striate.notation import syntax
from striate.notation.arguments import match_arguments
from striate.notation.choices import FREE_RANGES
from striate.notation.elaborate import Elaborator
from striate.notation.evaluate import Evaluator, NeedsChoice
from striate.notation.scopes import std_definition
from striate.notation.values import (
    Applied,
    Bound,
    Closure,
    Datum,
    Defined,
    Env,
    FileScope,
    Poisoned,
    Unchosen,
)

MOST_BITS = 100_000
TRIES = 1_000
DRAWS = 16


class _Tape:
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


class _Mismatch(Exception):
    """The network made so far is not the beginning of the one looked for."""


class Pattern:
    """The networks that a text with choices stands for."""

    def __init__(
        self, network: syntax.Network, scope: FileScope, *, inputs: Sequence[TensorType] = ()
    ) -> None:
        self._network = network
        self._scope = scope
        self._inputs = tuple(inputs)

    def count(self) -> int:
        """The number of decision vectors, by formula: chains multiply, choices add.

        Raises:
            TextError: no formula gives it: a choice hangs on shapes, or the number is too large.
        """
        return _Counter(self._scope).total(self._network)

    def member(self, vector: Sequence[int]) -> Graph:
        """The network of a decision vector.

        Raises:
            TextError: the member is no legal network, or the vector does not fit.
        """
        tape = _Tape(vector)
        graph = self._elaborate(tape)
        if len(vector) != len(tape.options):
            raise TextError.of(
                "decision-count",
                f"the vector has {len(vector)} decisions, this member has {len(tape.options)}",
            )
        return graph

    def vectors(self) -> Iterator[tuple[int, ...]]:
        """The decision vectors of all legal members, in order."""
        return (graph.decisions for graph in self.members())

    def members(self) -> Iterator[Graph]:
        """All legal members; those that are no legal networks are passed over."""
        prefix: list[int] | None = []
        while prefix is not None:
            tape = _Tape(prefix)
            try:
                yield self._elaborate(tape)
            except TextError as error:
                if not tape.options:
                    raise error
            prefix = tape.next()

    def sample(self, seed: int) -> Graph:
        """A legal member, each choice taken with equal chance; the same for the same seed.

        Raises:
            TextError: a thousand draws in a row were no legal networks; the last one's mistakes.
        """
        source = random.Random(seed)
        for _ in range(TRIES - 1):
            try:
                return self._elaborate(lambda expr, options: source.randrange(options))
            except TextError:
                continue
        return self._elaborate(lambda expr, options: source.randrange(options))

    def sites(self, *, seed: int = 0) -> list[tuple[str, int]]:
        """Words of each choice of the text with the number of its options, in order.

        Found by drawing members, since a choice may stand behind another one.
        """
        met: dict[tuple[int, int], tuple[str, int]] = {}
        source = random.Random(seed)

        def decide(expr: syntax.Expr, options: int) -> int:
            met[expr.span.start, expr.span.end] = " ".join(expr.span.text.split()), options
            return source.randrange(options)

        for _ in range(DRAWS):
            try:
                self._elaborate(decide)
            except TextError:
                continue  # no legal network, but its choices were met
        return [met[place] for place in sorted(met)]

    def find(self, graph: Graph) -> tuple[int, ...] | None:
        """The decision vector of a network, or None where it is no member.

        Layers, wiring and sizes are compared, names are not.
        """
        prefix: list[int] | None = []
        while prefix is not None:
            tape = _Tape(prefix)
            try:
                found = self._elaborate(tape, _follower(graph))
                if len(found.nodes) == len(graph.nodes) and found.outputs == graph.outputs:
                    return found.decisions
            except (TextError, _Mismatch):
                pass
            prefix = tape.next()
        return None

    def _elaborate(
        self,
        decide: Callable[[syntax.Expr, int], int],
        watch: Callable[[int, Node], None] | None = None,
    ) -> Graph:
        elaborator = Elaborator(inputs=self._inputs, decide=decide, watch=watch)
        return elaborator.graph(self._network, self._scope)


def _follower(target: Graph) -> Callable[[int, Node], None]:
    def watch(index: int, node: Node) -> None:
        if index >= len(target.nodes):
            raise _Mismatch
        wanted = target.nodes[index]
        if (node.op, node.inputs, node.outputs) != (wanted.op, wanted.inputs, wanted.outputs):
            raise _Mismatch

    return watch


class _Counter:
    """Counts decision vectors over the tree, without streams."""

    def __init__(self, scope: FileScope) -> None:
        self._scope = scope
        self._tape: _Tape | None = None
        self._free_seen: set[str] = set()
        self._free_fixed: dict[str, Datum] = {}
        self._depth = 0
        self._evaluator = Evaluator(
            type_of=_no_type, decide=self._decide, std=std_definition, free=self._free
        )

    def total(self, network: syntax.Network) -> int:
        """The count for a whole network, its free variables included."""
        self._free_seen.clear()
        try:
            env, ways = self._where(network.where, Env(self._scope))
            ways *= self._ways(network.body, env)
        except NeedsChoice as needed:
            return self._split_free(network, needed.unchosen)
        open_names = [name for name in self._free_seen if name not in self._free_fixed]
        return ways * prod(len(FREE_RANGES[name]) for name in open_names)

    def _split_free(self, network: syntax.Network, unchosen: Unchosen) -> int:
        total = 0
        for option in unchosen.options:
            self._free_fixed[unchosen.name] = option
            total += self.total(network)
        del self._free_fixed[unchosen.name]
        return total

    def _free(self, expr: syntax.Name) -> Datum:
        name = expr.name
        if name in self._free_fixed:
            return self._free_fixed[name]
        if name in FREE_RANGES:
            raise NeedsChoice(Unchosen(name, tuple(FREE_RANGES[name])))
        return None

    def _decide(self, expr: syntax.Expr, options: int) -> int:
        if self._tape is None:
            raise _uncountable(expr)
        return self._tape(expr, options)

    def _values(self, expr: syntax.Expr, env: Env) -> list[Datum]:
        """What an expression is worth under each of its choices."""
        found: list[Datum] = []
        prefix: list[int] | None = []
        while prefix is not None:
            self._tape = tape = _Tape(prefix)
            try:
                found.append(self._evaluator.evaluate(expr, env, None))
            except Poisoned:
                raise _uncountable(expr) from None
            finally:
                self._tape = None
            prefix = tape.next()
        return found

    def _ways(self, expr: syntax.Expr, env: Env) -> int:
        match expr:
            case syntax.Choice():
                return self._ways_of_choice(expr, env)
            case syntax.Optional(body=body):
                return 1 + self._ways(body, env)
            case syntax.Binary(sign="*", left=left, right=right):
                if self._evaluator.kinds.is_network(left, env):
                    return self._ways_of_repetition(left, right, env)
                return self._ways(left, env) * self._ways(right, env)
            case syntax.Fold(body=body, names=names, values=values):
                rows = self._evaluator.rows(names, values, env, None)
                return prod(self._ways(body, env.bind(row)) for row in rows)
            case syntax.If():
                return self._ways_of_if(expr, env)
            case syntax.Name():
                return self._ways_of_name(expr, env)
            case syntax.Call():
                return self._ways_of_call(expr, env)
            case syntax.Label(item=item) | syntax.As(item=item) | syntax.Assert(item=item):
                return self._ways(item, env)
        return prod(self._ways(one, env) for one in _children(expr))

    def _ways_of_choice(self, expr: syntax.Choice, env: Env) -> int:
        options = self._evaluator.options(expr, env, None)
        return sum(1 if isinstance(one, int) else self._ways(one, env) for one in options)

    def _ways_of_repetition(self, body: syntax.Expr, count: syntax.Expr, env: Env) -> int:
        total = 0
        ways = self._ways(body, env)
        for times in self._values(count, env):
            if not isinstance(times, int) or times < 0 or times * log2(max(ways, 1)) > MOST_BITS:
                raise _uncountable(count)
            total += ways**times
        return total

    def _ways_of_if(self, expr: syntax.If, env: Env) -> int:
        try:
            holds = self._evaluator.evaluate(expr.condition, env, None)
        except Poisoned:
            raise _uncountable(expr) from None
        branch = expr.then if holds else expr.otherwise
        return 1 if branch is None else self._ways(branch, env)

    def _ways_of_name(self, expr: syntax.Name, env: Env) -> int:
        value = env.variables.get(expr.name)
        if isinstance(value, Unchosen) and not _any_network(value):
            return 1
        if expr.name in FREE_RANGES and not self._is_known(expr.name, env):
            self._free_seen.add(expr.name)
            return 1
        if expr.name in ("c", "size") and value is None:
            return 1
        return self._ways_of_datum(self._evaluator.evaluate(expr, env, None))

    def _is_known(self, name: str, env: Env) -> bool:
        return name in env.variables or name in env.file.definitions or name in env.file.used

    def _ways_of_call(self, expr: syntax.Call, env: Env) -> int:
        if not self._evaluator.kinds.is_network(expr, env):
            return prod(self._ways(one.value, env) for one in expr.arguments)
        return self._ways_of_datum(self._evaluator.evaluate(expr, env, None))

    def _ways_of_datum(self, datum: Datum) -> int:
        match datum:
            case Closure(body=body, env=env):
                return self._ways(body, env)
            case Applied(target=Defined()):
                return self._ways_of_definition(datum)
            case Applied(arguments=arguments):
                return prod(self._ways(one.value, one.env) for one in arguments)
        return 1

    def _ways_of_definition(self, applied: Applied) -> int:
        assert isinstance(applied.target, Defined)
        self._depth += 1
        if self._depth > 200:
            raise _uncountable(applied.target.definition.body)
        try:
            variables = self._variables(applied)
            return self._ways_of_body(applied.target, variables)
        finally:
            self._depth -= 1

    def _variables(self, applied: Applied) -> dict[str, Datum]:
        assert isinstance(applied.target, Defined)
        given = match_arguments(applied)
        variables: dict[str, Datum] = {}
        for parameter in applied.target.definition.parameters or ():
            bound = given.get(parameter.name)
            if bound is None and parameter.default is not None:
                env = Env(applied.target.file, variables)
                bound = Bound(parameter.name, parameter.default, env, parameter.span)
            if bound is not None:
                variables[parameter.name] = self._options(parameter.name, bound)
        return variables

    def _options(self, name: str, bound: Bound) -> Datum:
        values = self._values(bound.value, bound.env)
        return values[0] if len(values) == 1 else Unchosen(name, tuple(values))

    def _ways_of_body(self, defined: Defined, variables: dict[str, Datum]) -> int:
        """Ways of a body, where needed as a sum over what an argument can be."""
        open_options = [one for one in variables.values() if isinstance(one, Unchosen)]
        try:
            env, ways = self._where(defined.definition.where, Env(defined.file, variables))
            ways *= self._ways(defined.definition.body, env)
        except NeedsChoice as needed:
            if needed.unchosen not in open_options:
                raise
            name = needed.unchosen.name
            return sum(
                self._ways_of_body(defined, {**variables, name: option})
                for option in needed.unchosen.options
            )
        return ways * prod(len(one.options) for one in open_options)

    def _where(self, bindings: tuple[syntax.Where, ...], env: Env) -> tuple[Env, int]:
        ways = 1
        for one in bindings:
            match one:
                case syntax.LocalValue(name=name, value=value):
                    bound = Bound(name, value, env, one.span)
                    found = self._options(name, bound)
                    env = env.bind({name: found})
                    ways *= len(found.options) if isinstance(found, Unchosen) else 1
                case syntax.SharedModule(name=name, body=body):
                    ways *= self._ways(body, env)
                    env = env.bind({name: True})
        return env, ways


def _no_type(value: Value) -> TensorType:
    raise AssertionError("nothing flows while members are counted")


def _any_network(unchosen: Unchosen) -> bool:
    return any(isinstance(one, Applied | Closure) for one in unchosen.options)


def _children(expr: syntax.Expr) -> Iterator[syntax.Expr]:
    for name in expr.fields:
        value = getattr(expr, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, syntax.Argument | syntax.Entry):
                yield one.value
            elif isinstance(one, syntax.Tree):
                yield one  # type: ignore[misc]  # every other tree inside an expression is one


def _uncountable(expr: syntax.Expr) -> TextError:
    return TextError.of(
        "uncountable",
        "no formula gives the number of networks: this depends on shapes, or is too large",
        "sample or enumerate the pattern instead",
        span=expr.span,
    )
