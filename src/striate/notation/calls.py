"""What happens when a layer, a wire, a definition or a shared module is used in a chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from striate.errors import TextError
from striate.ir import GraphBuilder, Node, TensorType, Value, op_named
from striate.ir.facts import DEFAULT_INITIALISATION
from striate.notation import joins, syntax
from striate.notation.arguments import missing_arguments, signature
from striate.notation.arithmetic import brief
from striate.notation.choices import Choices
from striate.notation.evaluate import Evaluator
from striate.notation.limits import (
    MOST_NODES,
    MOST_STREAMS,
    STEPS_OF_A_CALL,
    STEPS_OF_A_LAYER,
    LimitExceeded,
    too_many_nodes,
    too_many_streams,
)
from striate.notation.mistakes import Mistakes
from striate.notation.repeats import Repeats
from striate.notation.scopes import make_op
from striate.notation.values import (
    ABSENT,
    Applied,
    Bound,
    Datum,
    Defined,
    Env,
    Flow,
    Names,
    Place,
    Poisoned,
    Shared,
    Streams,
    Wire,
)
from striate.source import Span


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

Run = Callable[[syntax.Expr, Env, Place, Flow, Role], Flow]
"""Runs an expression on the streams that enter it."""


class Caller:
    """Adds layers to the graph and opens the scopes of definitions.

    run: for bodies; `item` too, but it writes mistakes down instead of passing them on.
    final: the last words of the network, where a bare FC has as many outputs as there are classes.
    init: of layers whose file says nothing of it: that of the network's own text.
    watch: told of each layer as it is made.
    """

    def __init__(
        self,
        builder: GraphBuilder,
        evaluator: Evaluator,
        choices: Choices,
        mistakes: Mistakes,
        *,
        run: Run,
        item: Run,
    ) -> None:
        self._builder = builder
        self._evaluator = evaluator
        self._choices = choices
        self._mistakes = mistakes
        self._run = run
        self._item = item
        self.final: Span | None = None
        self.init = DEFAULT_INITIALISATION
        self.watch: Callable[[int, Node], None] | None = None
        self._repeats = Repeats(builder, evaluator.budget)
        self._looks_around = 0
        self._pools: dict[int, int] = {}
        self.given: list[Value] = []
        self.stated: list[Value] = []

    def take_inputs(self, types: Sequence[TensorType]) -> Streams:
        """Inputs that the host gives; `input(...)` in the text then only checks them."""
        self.given.extend(self._input_node(one, None) for one in types)
        return Streams(tuple(self.given))

    @property
    def inputs(self) -> list[Value]:
        """The inputs of the network: those the text states, else those given."""
        return self.stated or self.given

    def guard(self, span: Span) -> None:
        """Stops where the network has grown past its limit.

        Raises:
            LimitExceeded: it has.
        """
        if len(self._builder.nodes) > MOST_NODES:
            raise too_many_nodes(len(self._builder.nodes), span)

    @contextmanager
    def scope(
        self, label: str | None, title: str, span: Span, place: Place
    ) -> Iterator[tuple[Place, list[Value]]]:
        inner = place.enter(place.name_element(label, span))
        inner.names.parent = place.names
        with self._builder.region(inner.path, title) as outputs:
            yield inner, outputs

    def wire(self, applied: Applied, span: Span, flow: Flow) -> Flow:
        assert isinstance(applied.target, Wire)
        name = applied.target.name
        for bound in applied.arguments:
            if bound.name is not None:
                raise TextError.of(
                    "unknown-argument",
                    f"{name} has no argument '{brief(bound.name)}'",
                    "take(i), input(3, 224, 224); id and none take no arguments",
                    span=bound.span,
                )
        if name == "input":
            return self._input(applied.arguments, span, flow)
        expected = 1 if name == "take" else 0
        if len(applied.arguments) != expected:
            takes = "one argument: take(i)" if expected else "no arguments"
            raise TextError.of("wire-arguments", f"{name} takes {takes}", span=span)
        if name == "take":
            bound = applied.arguments[0]
            index = self._evaluator.whole(bound.value, bound.env, flow, what="the index of take")
            return picked(index, flow, span)
        return flow if name == "id" else ABSENT

    def _input(self, arguments: tuple[Bound, ...], span: Span, flow: Flow) -> Flow:
        """Makes an input, or checks the one that the host gives or that arrives."""
        self._looks_around += 1
        sizes: list[int | None] = []
        for bound in arguments:
            value = self._evaluator.evaluate(bound.value, bound.env, flow)
            parts = value if isinstance(value, tuple) and bound.name is None else (value,)
            sizes.extend(None if part is None else joins.input_size(part, bound) for part in parts)
        if flow is None:
            return None
        if flow.values and flow.values != tuple(self.given):
            return joins.check_arriving(self._builder, flow, sizes, span)
        given = self.given[len(self.stated)] if len(self.stated) < len(self.given) else None
        if given is None:
            value = self._input_node(joins.input_type(sizes or [3, 32, 32], span), span)
        else:
            joins.check_input(self._builder.type_of(given), sizes, span)
            value = given
        self.stated.append(value)
        return Streams((value,))

    def _input_node(self, type_: TensorType, span: Span | None) -> Value:
        cls = op_named("input")
        assert cls is not None
        count = sum(node.op.name == "input" for node in self._builder.nodes)
        path = f"input{count or ''}"
        return self._builder.add(cls(type_.sizes), [], path=path, span=span)[0]

    def layer(self, applied: Applied, span: Span, place: Place, flow: Flow, role: Role) -> Flow:
        cls = applied.target
        assert isinstance(cls, type)
        self._evaluator.budget.spend(STEPS_OF_A_LAYER, span)
        op = make_op(self._evaluator, applied, flow, self._rule_width(applied, span, flow))
        self.guard(span)
        if cls.is_element:
            name = place.name_element(role.label, span)
        else:
            name = cls.name
        if flow is None:
            return None
        takes_none = cls.streams == (0, 1)
        if not flow.values and not takes_none:
            raise joins.no_input(op, span)
        values = self._builder.add(
            op,
            () if takes_none else flow.values,
            path=place.join(name),
            span=span,
            init=(applied.file.init if applied.file else None) or self.init,
        )
        if len(values) > MOST_STREAMS:
            raise too_many_streams(len(values), span)
        if self.watch:
            self.watch(values[0].node, self._builder.nodes[values[0].node])
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
        self._looks_around += 1
        rule = applied.file.pattern
        if applied.spelling == "FC":
            return rule["classes" if span == self.final else "hidden"]
        pools = self._pools_before(flow.values[0]) if flow and flow.values else 0
        return int(rule["width"] * 2 ** min(pools, 100))

    def _pools_before(self, value: Value) -> int:
        """Poolings on the way from the input; those of each value are remembered."""
        way: list[int] = []
        index: int | None = value.node
        while index is not None and index not in self._pools:
            way.append(index)
            inputs = self._builder.nodes[index].inputs
            index = inputs[0].node if inputs else None
        pools = 0 if index is None else self._pools[index]
        for index in reversed(way):
            pools += self._builder.nodes[index].op.glyph == "pool"
            self._pools[index] = pools
        return pools

    def call(self, applied: Applied, span: Span, place: Place, flow: Flow, role: Role) -> Flow:
        """Runs the body of a definition: in a scope of its own (`:=`) or in this one (`=`)."""
        defined = applied.target
        assert isinstance(defined, Defined)
        definition = defined.definition
        if missing := missing_arguments(applied):
            raise TextError.of(
                "missing-argument",
                f"{brief(definition.name)} needs its {brief(' and '.join(missing), 100)}",
                signature(definition),
                span=span,
            )
        entry = Env(defined.file, {}, flow, place.names)
        variables = self._evaluator.bind(applied, entry, flow)
        self._evaluator.budget.spend(STEPS_OF_A_CALL, span)
        self._mistakes.enter(definition.name, span, flow)
        try:
            if not definition.is_module:
                return self._body(definition, entry.bind(variables), place, flow, role)
            if role.is_root:
                return self._body(definition, entry.bind(variables), place, flow, PLAIN)
            name = place.name_element(role.label, span)
            result = self._module(defined, variables, place.enter(name), flow)
            place.names.flows[name] = result
            return result
        finally:
            self._mistakes.leave()

    def _module(
        self, defined: Defined, variables: dict[str, Datum], inner: Place, flow: Flow
    ) -> Flow:
        """Runs the body of a `:=` definition in its own scope, or copies what it gave before."""
        key = None if self.watch else self._repeats.key(defined, variables, flow)
        if key and flow and (copied := self._repeats.again(key, inner, flow)):
            return copied
        definition, builder, budget = defined.definition, self._builder, self._evaluator.budget
        start, steps, looks = len(builder.nodes), budget.steps, self._looks
        with builder.region(inner.path, definition.name) as outputs:
            env = Env(defined.file, variables, flow, inner.names)
            result = self._body(definition, env, inner, flow, PLAIN)
            outputs.extend(result.values if result and result is not ABSENT else ())
        if key and flow and outputs and result and self._looks == looks and not self._mistakes:
            self._repeats.keep(
                key,
                builder.latest(start, flow.values),
                result,
                inner.names,
                steps=budget.steps - steps,
                keeps=(defined, variables),
            )
        return result

    @property
    def _looks(self) -> int:
        """How often something was asked that lies outside of a call: a choice, what came before."""
        return self._looks_around + self._choices.asked

    def _body(
        self, definition: syntax.Definition, env: Env, place: Place, flow: Flow, role: Role
    ) -> Flow:
        env = self.where(definition.where, env, place, flow)
        return self._item(definition.body, env, place, flow, role)

    def where(self, bindings: tuple[syntax.Where, ...], env: Env, place: Place, flow: Flow) -> Env:
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
            self._mistakes.note(error, expr.span)
        except Poisoned:
            pass
        return None

    def shared(self, shared: Shared, flow: Flow) -> Flow:
        """One more use of a shared module: the same paths, and the same choices inside."""
        uses = Place(shared.place.path, Names())
        if not shared.is_named:
            shared.place.take(shared.name, shared.body.span)
            shared.is_named = True
        with self._choices.within(shared):
            return self._run(shared.body, shared.env, uses, flow, Role(shared.name))


def picked(index: int, flow: Flow, span: Span) -> Flow:
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
