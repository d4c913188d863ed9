"""Tree to graph: one walk from left to right that runs every expression on the streams that enter it.

A mistake is written down where it is found, and what depends on it stays silent (`Flow` None), so
that several independent mistakes are told at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import striate.ops  # noqa: F401  (the layers are words of the language)
from striate.errors import Diagnostic, GraphError, TextError
from striate.ir import Graph, GraphBuilder, Initialisation, Node, TensorType, Value, op_named
from striate.notation import joins, syntax
from striate.notation.arguments import missing_arguments, signature
from striate.notation.arithmetic import describe
from striate.notation.evaluate import Decide, Evaluator, LimitExceeded
from striate.notation.scopes import make_op, std_definition
from striate.notation.values import (
    Applied,
    Bound,
    Closure,
    Datum,
    Defined,
    Env,
    FileScope,
    Flow,
    Names,
    Place,
    Poisoned,
    Shared,
    Streams,
    Wire,
)
from striate.quantities import dimensions
from striate.source import Span

MOST_NODES = 20_000
MOST_MISTAKES = 20
DEEPEST = 200
DEEPEST_NESTING = 1_500
FREE_RANGES = {"N": range(1, 4), "M": range(1, 5), "K": range(0, 3)}
"""The notes' free variables: N usually up to 3, K under 3."""

ABSENT = Streams((Value(-1, -1),))
"""What an absent branch gives: `none`, or an `if` without `else` inside a join."""


@dataclass(frozen=True, slots=True)
class Role:
    """What the surroundings say about an expression.

    label: the name in front of it.
    is_root: it is the network itself, whose path is empty.
    is_branch: it stands alone as a branch of a join, where an absent `if` is no branch.
    """

    label: str | None = None
    is_root: bool = False
    is_branch: bool = False


PLAIN = Role()
BRANCH = Role(is_branch=True)
ROOT = Role(is_root=True)


def no_choices(expr: syntax.Expr, options: int) -> int:
    """For texts that must be networks: every choice is a mistake."""
    raise TextError.of(
        "open-choice",
        "this is a pattern, not a network: a choice is left open",
        "fix it with a value, or sample/enumerate the pattern",
        span=expr.span,
    )


class Elaborator:
    """Makes the graph of one network; used once."""

    def __init__(
        self,
        *,
        inputs: Sequence[TensorType] = (),
        decide: Decide = no_choices,
        watch: Callable[[int, Node], None] | None = None,
    ) -> None:
        self.builder = GraphBuilder()
        self._watch = watch
        self.decisions: list[int] = []
        self._choose = decide
        self._replay: list[int] = []
        self._evaluator = Evaluator(
            type_of=self.builder.type_of,
            decide=self._decide,
            std=std_definition,
            free=self._free,
        )
        self._chosen: dict[str, Datum] = {}
        self._mistakes: dict[tuple[str, Span | None], Diagnostic] = {}
        self._calls: list[tuple[str, Span, Flow]] = []
        self._nesting = 0
        self._final: Span | None = None
        self._given = [self._input_node(one, None) for one in inputs]
        self._inputs: list[Value] = []
        self._runners: Mapping[type, Callable[..., Flow]] = {
            syntax.Chain: self._chain,
            syntax.Sum: self._sum,
            syntax.Join: self._join,
            syntax.Streams: self._streams,
            syntax.Binary: self._repeat,
            syntax.Fold: self._fold,
            syntax.Label: self._label,
            syntax.As: self._as,
            syntax.Assert: self._assert,
            syntax.Group: lambda expr, env, place, flow, role: self._run(
                expr.body, env, place, flow, role
            ),
            syntax.If: self._if,
            syntax.Optional: self._optional,
            syntax.Projection: self._projection,
        }

    # Entry point

    def graph(self, network: syntax.Network, scope: FileScope, title: str = "") -> Graph:
        """The graph of a bare expression, in the scope of its file.

        Raises:
            TextError: all mistakes found, at most 20.
        """
        names = Names()
        env = Env(scope, {}, Streams(tuple(self._given)), names)
        place = Place("", names)
        self._final = _last_item(network.body)
        flow: Flow = None
        with _deep_recursion():
            try:
                env = self._where(network.where, env, place, env.entry)
                flow = self._item(network.body, env, place, env.entry, ROOT)
            except LimitExceeded as error:
                self._note(error, network.span)
        if flow is not None and (flow is ABSENT or not flow.values):
            self._note(
                TextError.of("no-output", "the network gives nothing", span=network.span), None
            )
        if self._mistakes:
            raise TextError(*sorted(self._mistakes.values(), key=_position))
        assert flow is not None
        return self.builder.finish(
            self._inputs or self._given,
            flow.values,
            names=dict(_flat_names(names)),
            title=title,
            decisions=tuple(self.decisions),
        )

    # Mistakes and limits

    def _item(
        self, expr: syntax.Expr, env: Env, place: Place, flow: Flow, role: Role = PLAIN
    ) -> Flow:
        """Runs an expression; a mistake in it is written down and poisons what follows."""
        try:
            return self._run(expr, env, place, flow, role)
        except LimitExceeded:
            raise
        except (TextError, GraphError) as error:
            self._note(error, expr.span)
        except Poisoned:
            pass
        return None

    def _note(self, error: TextError | GraphError, span: Span | None) -> None:
        for one in error.diagnostics:
            place = one.span or span
            noted = Diagnostic(one.code, one.reason, place, one.help, one.trail or self._trail())
            self._mistakes.setdefault((one.code, place), noted)
        if len(self._mistakes) >= MOST_MISTAKES and not isinstance(error, LimitExceeded):
            raise LimitExceeded(*list(self._mistakes.values())[-1:])

    def _trail(self) -> tuple[str, ...]:
        lines = []
        for name, span, flow in reversed(self._calls):
            types = ", ".join(str(self.builder.type_of(one)) for one in flow.values) if flow else ""
            lines.append(f"{name}, called at line {span.line}" + f" with input {types}" * bool(types))
        if len(lines) > 8:
            lines[4:-3] = [f"... {len(lines) - 7} more calls ..."]
        return tuple(lines)

    def _guard(self, span: Span) -> None:
        if len(self.builder.nodes) > MOST_NODES:
            self._too_many(len(self.builder.nodes), span)

    def _too_many(self, count: int, span: Span) -> None:
        raise LimitExceeded.of(
            "too-many-nodes",
            f"this makes the network larger than {MOST_NODES:,} layers (about {_rounded(count)})",
            "the largest published networks have a few thousand",
            span=span,
        )

    def _decide(self, expr: syntax.Expr, options: int) -> int:
        if self._replay:
            return self._replay.pop()
        chosen = self._choose(expr, options)
        self.decisions.append(chosen)
        return chosen

    def _free(self, expr: syntax.Name) -> Datum:
        name = expr.name
        if name not in self._chosen and name in FREE_RANGES:
            options = FREE_RANGES[name]
            self._chosen[name] = options[self._decide(expr, len(options))]
        return self._chosen.get(name)

    # Running

    def _run(self, expr: syntax.Expr, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        self._nesting += 1
        if self._nesting > DEEPEST_NESTING:
            raise LimitExceeded.of(
                "too-deep", "definitions and parentheses are nested too deeply here", span=expr.span
            )
        try:
            runner = self._runners.get(type(expr))
            if runner is not None:
                return runner(expr, env, place, flow, role)
            datum = self._evaluator.evaluate(expr, env, flow)
            return self._run_datum(datum, expr, place, flow, role)
        finally:
            self._nesting -= 1

    def _run_datum(
        self, datum: Datum, expr: syntax.Expr, place: Place, flow: Flow, role: Role
    ) -> Flow:
        match datum:
            case Applied(target=Wire()):
                return self._register(self._wire(datum, expr.span, flow), place, role)
            case Applied(target=Defined()):
                return self._call(datum, expr.span, place, flow, role)
            case Applied():
                return self._layer(datum, expr.span, place, flow, role)
            case Closure(body=body, env=env):
                return self._run(body, env, place, flow, role)
            case Shared():
                return self._register(self._shared(datum, flow), place, role)
            case Streams():
                return self._register(datum, place, role)
        raise TextError.of(
            "number-in-chain", f"a layer is expected here, not {describe(datum)}", span=expr.span
        )

    def _register(self, flow: Flow, place: Place, role: Role) -> Flow:
        if role.label is not None:
            place.names.flows[role.label] = flow
        return flow

    # Chains, repetitions, folds

    def _chain(self, expr: syntax.Chain, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        if role.label is not None:
            return self._labelled(expr, env, place, flow, role.label)
        inner = PLAIN
        if role.is_root and len(expr.items) == 2 and _is_input(expr.items[0]):
            inner = ROOT
        for index, item in enumerate(expr.items):
            if index and isinstance(item, syntax.Reference):
                self._note(_reference_in_mid_chain(item), item.span)
                flow = None
                continue
            flow = self._item(item, env, place, flow, inner if index else PLAIN)
            if flow is ABSENT:
                return ABSENT
        return flow

    def _labelled(
        self, expr: syntax.Expr, env: Env, place: Place, flow: Flow, label: str
    ) -> Flow:
        """Runs an expression in a scope of its own, named by the label."""
        with self._scope(label, label, expr.span, place) as (inner, outputs):
            inside = Env(env.file, env.variables, env.entry, inner.names)
            result = self._run(expr, inside, inner, flow, PLAIN)
            outputs.extend(result.values if result and result is not ABSENT else ())
        place.names.flows[label] = result
        return result

    @contextmanager
    def _scope(
        self, label: str | None, title: str, span: Span, place: Place
    ) -> Iterator[tuple[Place, list[Value]]]:
        name = place.name_element(label, span)
        inner = Place(place.join(name), Names(place.names))
        place.names.inner[name] = inner.names
        with self.builder.region(inner.path, title) as outputs:
            yield inner, outputs

    def _repeat(self, expr: syntax.Binary, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        if expr.sign != "*" or not self._evaluator.is_network(expr.left, env):
            datum = self._evaluator.evaluate(_swapped_count(expr, env, self._evaluator), env, flow)
            return self._run_datum(datum, expr, place, flow, role)
        if role.label is not None:
            return self._labelled(expr, env, place, flow, role.label)
        count = self._evaluator.whole(expr.right, env, flow, what="the count of a repetition")
        if count < 0:
            raise TextError.of(
                "negative-count",
                f"the count of a repetition is {count}",
                "it must be 0 or more",
                span=expr.right.span,
            )
        return self._rounds(
            count, expr.right.span, flow, lambda _, into: self._item(expr.left, env, place, into)
        )

    def _rounds(
        self, count: int, span: Span, flow: Flow, run: Callable[[int, Flow], Flow]
    ) -> Flow:
        """Runs a body `count` times; stops at once where that would grow past the limits."""
        for index in range(count):
            nodes, steps = len(self.builder.nodes), self._evaluator.steps
            flow = run(index, flow)
            if flow is None or flow is ABSENT:
                return flow
            rest = count - index - 1
            growth = len(self.builder.nodes) + rest * (len(self.builder.nodes) - nodes)
            if growth > MOST_NODES:
                self._too_many(growth, span)
            self._evaluator.expect(rest * (self._evaluator.steps - steps), span)
        return flow

    def _fold(self, expr: syntax.Fold, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        if role.label is not None:
            return self._labelled(expr, env, place, flow, role.label)
        rows = self._evaluator.rows(expr.names, expr.values, env, flow)
        if expr.sign == "->":
            return self._rounds(
                len(rows),
                expr.span,
                flow,
                lambda index, into: self._item(expr.body, env.bind(rows[index]), place, into),
            )
        branches = [(expr.body, env.bind(row)) for row in rows]
        return self._joined(expr.sign, branches, expr.span, place, flow)

    # Joins

    def _sum(self, expr: syntax.Sum, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        if role.label is not None:
            return self._labelled(expr, env, place, flow, role.label)
        if not self._evaluator.is_network(expr, env):
            datum = self._evaluator.evaluate(expr, env, flow)
            return self._run_datum(datum, expr, place, flow, role)
        branches = [(item, env) for item in expr.items]
        if "-" not in expr.signs:
            return self._joined("+", branches, expr.span, place, flow)
        return self._joined(expr.signs, branches, expr.span, place, flow)

    def _join(self, expr: syntax.Join, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        if role.label is not None:
            return self._labelled(expr, env, place, flow, role.label)
        return self._joined(expr.sign, [(item, env) for item in expr.items], expr.span, place, flow)

    def _streams(
        self, expr: syntax.Streams, env: Env, place: Place, flow: Flow, role: Role
    ) -> Flow:
        if role.label is not None:
            return self._labelled(expr, env, place, flow, role.label)
        return self._joined(",", [(item, env) for item in expr.items], expr.span, place, flow)

    def _joined(
        self,
        sign: str | tuple[str, ...],
        branches: list[tuple[syntax.Expr, Env]],
        span: Span,
        place: Place,
        flow: Flow,
    ) -> Flow:
        """Runs all branches on the same streams and joins what they give; absent ones drop out."""
        results: list[tuple[str, syntax.Expr, Flow]] = []
        for index, (expr, env) in enumerate(branches):
            result = self._item(expr, env, place, flow, BRANCH)
            self._guard(span)
            if result is not ABSENT:
                results.append((sign if isinstance(sign, str) else sign[index], expr, result))
        if any(result is None for _, _, result in results):
            return None
        found = [(how, expr, one.values) for how, expr, one in results if one is not None]
        if sign == ",":
            return Streams(tuple(value for _, _, values in found for value in values))
        if not found:
            return ABSENT
        return Streams((joins.join(self.builder, found, span, place.join),))

    # Labels, names, assertions

    def _label(self, expr: syntax.Label, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        if role.label is not None:
            return self._labelled(expr, env, place, flow, role.label)
        label = "".join(
            part if isinstance(part, str) else self._label_part(part, env, flow)
            for part in expr.parts
        )
        if not 0 < len(label) <= 100:
            raise TextError.of(
                "label-length", f"a label of {len(label)} characters; the most is 100",
                span=expr.span,
            )
        return self._run(expr.item, env, place, flow, Role(label, is_branch=role.is_branch))

    def _label_part(self, part: syntax.Expr, env: Env, flow: Flow) -> str:
        value = self._evaluator.evaluate(part, env, flow)
        if isinstance(value, str):
            return value
        return str(self._evaluator.whole(part, env, flow, what="the number in a label"))

    def _as(self, expr: syntax.As, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        result = self._item(expr.item, env, place, flow, role)
        for names in (place.names, env.names):
            outermost = names
            while outermost.parent:
                outermost = outermost.parent
            names.flows[expr.name] = outermost.flows[expr.name] = result
        return result

    def _assert(self, expr: syntax.Assert, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        result = self._item(expr.item, env, place, flow, role)
        if result is None or result is ABSENT:
            return result
        value = result.values[0]
        sizes = self.builder.type_of(value).sizes
        agree = len(sizes) == len(expr.sizes) and all(
            said is None or found is None or said == found
            for said, found in zip(expr.sizes, sizes, strict=True)
        )
        if agree and len(result.values) == 1:
            return result
        found = ", ".join(str(self.builder.type_of(one)) for one in result.values)
        formula = self.builder.nodes[value.node].formula
        raise TextError.of(
            "assertion-fails",
            f"this says {dimensions(expr.sizes)}, but the shape here is {found}",
            *([formula] if formula else []),
            span=joins.behind_double_colon(expr),
        )

    # Choices and conditions

    def _if(self, expr: syntax.If, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        if self._evaluator.evaluate(expr.condition, env, flow):
            return self._run(expr.then, env, place, flow, role)
        if expr.otherwise is not None:
            return self._run(expr.otherwise, env, place, flow, role)
        return ABSENT if role.is_branch else flow

    def _optional(
        self, expr: syntax.Optional, env: Env, place: Place, flow: Flow, role: Role
    ) -> Flow:
        if self._decide(expr, 2) == 0:
            return self._run(expr.body, env, place, flow, role)
        return flow

    def _projection(
        self, expr: syntax.Projection, env: Env, place: Place, flow: Flow, role: Role
    ) -> Flow:
        return self._register(_picked(expr.index, flow, expr.span), place, role)

    # Calls

    def _wire(self, applied: Applied, span: Span, flow: Flow) -> Flow:
        assert isinstance(applied.target, Wire)
        name = applied.target.name
        if name == "input":
            return self._input(applied.arguments, span, flow)
        expected = 1 if name == "take" else 0
        if len(applied.arguments) != expected:
            takes = "one argument: take(i)" if expected else "no arguments"
            raise TextError.of("wire-arguments", f"{name} takes {takes}", span=span)
        if name == "take":
            bound = applied.arguments[0]
            index = self._evaluator.whole(bound.value, bound.env, flow, what="the index of take")
            return _picked(index, flow, span)
        return flow if name == "id" else ABSENT

    def _input(self, arguments: tuple[Bound, ...], span: Span, flow: Flow) -> Flow:
        sizes: list[int | None] = []
        for bound in arguments:
            value = self._evaluator.evaluate(bound.value, bound.env, flow)
            parts = value if isinstance(value, tuple) else (value,)
            for part in parts:
                sizes.append(None if part is None else joins.input_size(part, bound))
        given = self._given[len(self._inputs)] if len(self._inputs) < len(self._given) else None
        if given is None:
            value = self._input_node(joins.input_type(sizes or [3, 32, 32], span), span)
        else:
            joins.check_input(self.builder.type_of(given), sizes, span)
            value = given
        self._inputs.append(value)
        return Streams((value,))

    def _input_node(self, type_: TensorType, span: Span | None) -> Value:
        cls = op_named("input")
        assert cls is not None
        count = sum(node.op.name == "input" for node in self.builder.nodes)
        path = f"input{count or ''}"
        return self.builder.add(cls(type_.sizes), [], path=path, span=span)[0]

    def _layer(self, applied: Applied, span: Span, place: Place, flow: Flow, role: Role) -> Flow:
        cls = applied.target
        assert isinstance(cls, type)
        op = make_op(self._evaluator, applied, flow, self._rule_width(applied, span, flow))
        self._guard(span)
        if cls.is_element:
            name = place.name_element(role.label, span)
        else:
            name = cls.name
        if flow is None:
            return None
        takes_none = cls.streams == (0, 1)
        if not flow.values and not takes_none:
            raise joins.no_input(op, span)
        values = self.builder.add(
            op,
            () if takes_none else flow.values,
            path=place.join(name),
            span=span,
            init=applied.file.init if applied.file else Initialisation(),
        )
        if self._watch:
            self._watch(values[0].node, self.builder.nodes[values[0].node])
        result = Streams(values)
        place.names.flows[name] = result
        return result

    def _rule_width(self, applied: Applied, span: Span, flow: Flow) -> int | None:
        """The width of a CONV or FC that leaves it open, by the rule of the notes' pattern.

        CONV starts at `width` and doubles behind each pooling; the last FC has as many outputs as
        there are classes, the others `hidden`.
        """
        if applied.spelling not in ("CONV", "FC") or applied.file is None:
            return None
        rule = applied.file.pattern
        if applied.spelling == "FC":
            return rule["classes" if span == self._final else "hidden"]
        pools, values = 0, list(flow.values[:1]) if flow else []
        while values:
            node = self.builder.nodes[values[0].node]
            pools += node.op.glyph == "pool"
            values = list(node.inputs[:1])
        return int(rule["width"] * 2**pools)

    def _call(self, applied: Applied, span: Span, place: Place, flow: Flow, role: Role) -> Flow:
        """Runs the body of a definition: in a scope of its own (`:=`) or in this one (`=`)."""
        defined = applied.target
        assert isinstance(defined, Defined)
        definition = defined.definition
        if len(self._calls) >= DEEPEST:
            raise LimitExceeded.of(
                "too-deep",
                f"'{definition.name}' calls itself more than {DEEPEST} times",
                "a recursion needs an end: if d > 0 then ...",
                span=span,
            )
        if missing := missing_arguments(applied):
            raise TextError.of(
                "missing-argument",
                f"{definition.name} needs its {' and '.join(missing)}",
                signature(definition),
                span=span,
            )
        entry = Env(defined.file, {}, flow, place.names)
        variables = self._evaluator.bind(applied, entry, flow)
        self._calls.append((definition.name, span, flow))
        try:
            if not definition.is_module:
                return self._body(definition, entry.bind(variables), place, flow, role)
            if role.is_root:
                return self._body(definition, entry.bind(variables), place, flow, PLAIN)
            with self._scope(role.label, definition.name, span, place) as (inner, outputs):
                inner.names.parent = None
                env = Env(defined.file, variables, flow, inner.names)
                result = self._body(definition, env, inner, flow, PLAIN)
                outputs.extend(result.values if result and result is not ABSENT else ())
            place.names.flows[inner.path.rpartition(".")[2]] = result
            return result
        finally:
            self._calls.pop()

    def _body(
        self, definition: syntax.Definition, env: Env, place: Place, flow: Flow, role: Role
    ) -> Flow:
        env = self._where(definition.where, env, place, flow)
        return self._item(definition.body, env, place, flow, role)

    def _where(
        self, bindings: tuple[syntax.Where, ...], env: Env, place: Place, flow: Flow
    ) -> Env:
        for one in bindings:
            match one:
                case syntax.LocalValue(name=name, value=value):
                    env = env.bind({name: self._local(value, env, flow)})
                case syntax.SharedModule(name=name, body=body):
                    env = env.bind({name: Shared(name, body, env, place)})
        return env

    def _local(self, expr: syntax.Expr, env: Env, flow: Flow) -> Datum:
        try:
            return self._evaluator.evaluate(expr, env, flow)
        except LimitExceeded:
            raise
        except TextError as error:
            self._note(error, expr.span)
        except Poisoned:
            pass
        return None

    def _shared(self, shared: Shared, flow: Flow) -> Flow:
        """One more use of a shared module: the same paths, and the same choices inside."""
        uses = Place(shared.place.path, Names())
        if shared.is_used:
            self._replay = list(reversed(shared.decisions))
        else:
            shared.place.taken.setdefault(shared.name, shared.body.span)
        before = len(self.decisions)
        result = self._run(shared.body, shared.env, uses, flow, Role(shared.name))
        if not shared.is_used:
            shared.decisions.extend(self.decisions[before:])
            shared.is_used = True
        return result


def _position(diagnostic: Diagnostic) -> tuple[str, int]:
    span = diagnostic.span
    return (span.source.name, span.start) if span else ("", 0)


def _rounded(count: int) -> str:
    return f"{count:,}" if count < 10**9 else f"10^{len(str(count)) - 1}"


def _is_input(expr: syntax.Expr) -> bool:
    while isinstance(expr, syntax.Call | syntax.Label | syntax.As | syntax.Assert):
        expr = expr.function if isinstance(expr, syntax.Call) else expr.item
    return isinstance(expr, syntax.Name) and expr.name.lower() == "input"


def _last_item(expr: syntax.Expr) -> Span:
    """The last words of a chain: a bare FC there has as many outputs as there are classes."""
    while isinstance(expr, syntax.Chain):
        expr = expr.items[-1]
    return expr.span


def _picked(index: int, flow: Flow, span: Span) -> Flow:
    if flow is None:
        return None
    if not 0 <= index < len(flow.values):
        count = len(flow.values)
        raise TextError.of(
            "no-such-stream",
            f"there is no stream .{index} here: {count} arrive{'s' if count == 1 else ''}",
            "streams are counted from 0",
            span=span,
        )
    return Streams((flow.values[index],))


def _reference_in_mid_chain(item: syntax.Reference) -> TextError:
    return TextError.of(
        "reference-in-mid-chain",
        "a reference in the middle of a chain throws away what arrives",
        "to join them write (id + @x) or (id | @x); to start afresh begin a branch with it",
        span=item.span,
    )


def _swapped_count(expr: syntax.Binary, env: Env, evaluator: Evaluator) -> syntax.Expr:
    """The expression, unless it is `3*(block)`.

    Raises:
        TextError: the count stands before the network.
    """
    if expr.sign == "*" and evaluator.is_network(expr.right, env):
        count, body = expr.left.span.text, expr.right.span.text
        raise TextError.of(
            "count-first",
            "the count of a repetition comes after it",
            f"({body})*{count}",
            span=expr.span,
        )
    return expr


def _flat_names(names: Names, prefix: str = "") -> Iterator[tuple[str, tuple[Value, ...]]]:
    for name, flow in names.flows.items():
        if flow is not None and flow is not ABSENT:
            yield prefix + name, flow.values
    for name, inner in names.inner.items():
        yield from _flat_names(inner, f"{prefix}{name}.")


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Room for the deepest text that the limits allow; Python calling Python needs no C stack."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20 * DEEPEST_NESTING))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
