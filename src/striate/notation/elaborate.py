"""Tree to graph: one walk from left to right that runs each expression on what enters it.

A mistake is written down where it is found, and what depends on it stays silent (`Flow` None), so
that several independent mistakes are told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import striate.ops  # noqa: F401  (the layers are words of the language)
from striate.errors import GraphError, TextError
from striate.ir import Graph, GraphBuilder, Node, TensorType, Value
from striate.notation import joins, syntax
from striate.notation.arithmetic import describe
from striate.notation.calls import BRANCH, PLAIN, ROOT, Caller, Role, picked
from striate.notation.choices import Choices, Decide, NoChoices
from striate.notation.evaluate import Evaluator
from striate.notation.limits import (
    DEEPEST_NESTING,
    MOST_NODES,
    MOST_STREAMS,
    LimitExceeded,
    deep_recursion,
    nested_too_deep,
    too_many_nodes,
    too_many_streams,
)
from striate.notation.mistakes import Mistakes
from striate.notation.scopes import std_definition
from striate.notation.values import (
    ABSENT,
    Applied,
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


class Elaborator:
    """Makes the graph of one network; used once."""

    def __init__(
        self,
        *,
        inputs: Sequence[TensorType] = (),
        decide: Decide | None = None,
        watch: Callable[[int, Node], None] | None = None,
    ) -> None:
        self.builder = GraphBuilder()
        self._choices = Choices(decide or NoChoices())
        self._mistakes = Mistakes(self.builder.type_of)
        self._evaluator = Evaluator(
            type_of=self.builder.type_of,
            decide=self._choices,
            std=std_definition,
            free=self._choices.free,
        )
        self._caller = Caller(
            self.builder,
            self._evaluator,
            self._choices,
            self._mistakes,
            run=self._run,
            item=self._item,
        )
        self._caller.watch = watch
        self._given = self._caller.take_inputs(inputs)
        self._budget = self._evaluator.budget
        self._kinds = self._evaluator.kinds
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

    @property
    def steps(self) -> int:
        """The work done so far."""
        return self._budget.steps

    # Entry point

    def graph(self, network: syntax.Network, scope: FileScope, title: str = "") -> Graph:
        """The graph of a bare expression, in the scope of its file.

        Raises:
            TextError: all mistakes found, at most 20.
        """
        names = Names()
        env = Env(scope, {}, self._given, names)
        place = Place("", names)
        self._caller.final = _last_item(network.body, scope.definitions)
        self._caller.init = scope.init or self._caller.init
        flow: Flow = None
        with deep_recursion():
            try:
                self._choose_free(network, scope)
                env = self._caller.where(network.where, env, place, env.entry)
                flow = self._item(network.body, env, place, env.entry, ROOT)
            except LimitExceeded as error:
                self._mistakes.note(error, network.span)
        if flow is not None and (flow is ABSENT or not flow.values):
            self._mistakes.note(
                TextError.of("no-output", "the network gives nothing", span=network.span), None
            )
        if self._mistakes:
            raise self._mistakes.error()
        assert flow is not None
        return self.builder.finish(
            self._caller.inputs,
            flow.values,
            names=_flat_names(names),
            title=title,
            decisions=tuple(self._choices.taken),
        )

    def _choose_free(self, network: syntax.Network, scope: FileScope) -> None:
        try:
            self._choices.choose_free(network, scope)
        except LimitExceeded:
            raise
        except TextError as error:
            self._mistakes.note(error, network.span)
        except Poisoned:
            pass

    # Running

    def _item(
        self, expr: syntax.Expr, env: Env, place: Place, flow: Flow, role: Role = PLAIN
    ) -> Flow:
        """Runs an expression; a mistake in it is written down and poisons what follows."""
        try:
            return self._run(expr, env, place, flow, role)
        except LimitExceeded:
            raise
        except (TextError, GraphError) as error:
            self._mistakes.note(error, expr.span)
        except Poisoned:
            pass
        return None

    def _run(self, expr: syntax.Expr, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        budget = self._budget
        if budget.depth > DEEPEST_NESTING:
            raise nested_too_deep(expr.span)
        budget.depth += 1
        try:
            runner = self._runners.get(type(expr))
            if runner is not None:
                budget.spend(1, expr.span)
                return runner(expr, env, place, flow, role)
            datum = self._evaluator.evaluate(expr, env, flow)
            return self._run_datum(datum, expr, place, flow, role)
        finally:
            budget.depth -= 1

    def _run_datum(
        self, datum: Datum, expr: syntax.Expr, place: Place, flow: Flow, role: Role
    ) -> Flow:
        match datum:
            case Applied(target=Wire()):
                return _registered(self._caller.wire(datum, expr.span, flow), place, role)
            case Applied(target=Defined()):
                return self._caller.call(datum, expr.span, place, flow, role)
            case Applied():
                return self._caller.layer(datum, expr.span, place, flow, role)
            case Closure(body=body, env=env):
                return self._run(body, env, place, flow, role)
            case Shared():
                return _registered(self._caller.shared(datum, flow), place, role)
            case Streams():
                return _registered(datum, place, role)
        raise TextError.of(
            "number-in-chain", f"a layer is expected here, not {describe(datum)}", span=expr.span
        )

    # Chains, repetitions, folds

    def _chain(self, expr: syntax.Chain, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        if role.label is not None:
            return self._labelled(expr, env, place, flow, role.label)
        inner = PLAIN
        if role.is_root and len(expr.items) == 2 and is_input(expr.items[0]):
            inner = ROOT
        for index, item in enumerate(expr.items):
            if index and isinstance(item, syntax.Reference):
                self._mistakes.note(_reference_in_mid_chain(item), item.span)
                flow = None
                continue
            flow = self._item(item, env, place, flow, inner if index else PLAIN)
            if flow is ABSENT:
                return ABSENT
            if role.is_root and not index and is_input(item):
                # What the text says enters it is its `c` and `@in`, as if given from outside.
                env = Env(env.file, env.variables, flow, env.names)
        return flow

    def _labelled(self, expr: syntax.Expr, env: Env, place: Place, flow: Flow, label: str) -> Flow:
        """Runs an expression in a scope of its own, named by the label."""
        with self._caller.scope(label, label, expr.span, place) as (inner, outputs):
            inside = Env(env.file, env.variables, env.entry, inner.names)
            result = self._run(expr, inside, inner, flow, PLAIN)
            outputs.extend(result.values if result and result is not ABSENT else ())
        place.names.flows[label] = result
        return result

    def _repeat(self, expr: syntax.Binary, env: Env, place: Place, flow: Flow, role: Role) -> Flow:
        if expr.sign != "*" or not self._kinds.is_network(expr.left, env):
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

    def _rounds(self, count: int, span: Span, flow: Flow, run: Callable[[int, Flow], Flow]) -> Flow:
        """Runs a body `count` times; stops at once where that would grow past the limits."""
        for index in range(count):
            nodes, steps = len(self.builder.nodes), self._budget.steps
            flow = run(index, flow)
            if flow is None or flow is ABSENT:
                return flow
            rest = count - index - 1
            growth = len(self.builder.nodes) + rest * (len(self.builder.nodes) - nodes)
            if growth > MOST_NODES:
                raise too_many_nodes(growth, span)
            self._budget.expect(rest * (self._budget.steps - steps), span)
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
        if not self._kinds.is_network(expr, env):
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
            self._caller.guard(span)
            if result is not ABSENT:
                results.append((sign if isinstance(sign, str) else sign[index], expr, result))
        if any(result is None for _, _, result in results):
            return None
        found = [(how, expr, one.values) for how, expr, one in results if one is not None]
        if sign == ",":
            streams = tuple([value for _, _, values in found for value in values])
            if len(streams) > MOST_STREAMS:
                raise too_many_streams(len(streams), span)
            return Streams(streams)
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
                "label-length",
                f"a label of {len(label)} characters; the most is 100",
                span=expr.span,
            )
        if "" in label.split("."):
            raise TextError.of(
                "label-dots",
                f"a part of the label '{label}' is empty",
                "dots stand between names: layer1.0.conv1",
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
        if self._evaluator.holds(expr.condition, env, flow):
            return self._run(expr.then, env, place, flow, role)
        if expr.otherwise is not None:
            return self._run(expr.otherwise, env, place, flow, role)
        return ABSENT if role.is_branch else flow

    def _optional(
        self, expr: syntax.Optional, env: Env, place: Place, flow: Flow, role: Role
    ) -> Flow:
        if self._choices(expr, 2) == 0:
            return self._run(expr.body, env, place, flow, role)
        return flow

    def _projection(
        self, expr: syntax.Projection, env: Env, place: Place, flow: Flow, role: Role
    ) -> Flow:
        return _registered(picked(expr.index, flow, expr.span), place, role)


def _registered(flow: Flow, place: Place, role: Role) -> Flow:
    if role.label is not None:
        place.names.flows[role.label] = flow
    return flow


def is_input(expr: syntax.Expr) -> bool:
    """True for `input(...)`, also labelled."""
    while isinstance(expr, syntax.Call | syntax.Label | syntax.As | syntax.Assert):
        expr = expr.function if isinstance(expr, syntax.Call) else expr.item
    return isinstance(expr, syntax.Name) and expr.name.lower() == "input"


def _last_item(expr: syntax.Expr, definitions: Mapping[str, syntax.Definition]) -> Span:
    """The last words of a network: a bare FC there has as many outputs as there are classes."""
    unseen = dict(definitions)
    while True:
        match expr:
            case syntax.Chain(items=(*_, last)) | syntax.Group(body=last):
                expr = last
            case syntax.Label(item=last) | syntax.As(item=last) | syntax.Assert(item=last):
                expr = last
            case syntax.Name(name=name) | syntax.Call(function=syntax.Name(name=name)):
                if name not in unseen:
                    return expr.span
                expr = unseen.pop(name).body
            case _:
                return expr.span


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
    if expr.sign == "*" and evaluator.kinds.is_network(expr.right, env):
        count, body = expr.left.span.text, expr.right.span.text
        raise TextError.of(
            "count-first",
            "the count of a repetition comes after it",
            f"{body}*{count}" if body.startswith("(") else f"({body})*{count}",
            span=expr.span,
        )
    return expr


def _flat_names(names: Names) -> dict[str, tuple[Value, ...]]:
    """All labelled values by their full path."""
    found: dict[str, tuple[Value, ...]] = {}
    todo = [("", names)]
    for prefix, scope in todo:
        for name, flow in scope.flows.items():
            if flow is not None and flow is not ABSENT:
                found[prefix + name] = flow.values
        todo.extend((f"{prefix}{name}.", inner) for name, inner in scope.inner.items())
    return found
