"""A text ready for questions: its tree, the names it may use, and the network it ends in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from striate.errors import TextError
from striate.ir import Graph, TensorType, op_named
from striate.notation import syntax
from striate.notation.arguments import match_arguments
from striate.notation.choices import NoChoices
from striate.notation.elaborate import Elaborator, is_input
from striate.notation.evaluate import Evaluator
from striate.notation.library import Beside, read_file
from striate.notation.parser import parse
from striate.notation.patterns import Pattern
from striate.notation.scopes import scope_of, std_definition
from striate.notation.values import Applied, Defined, Env, FileScope
from striate.source import Source, Span


@dataclass(frozen=True, slots=True)
class Program:
    """A parsed text in its scope.

    network: the bare expression of the text; None where it holds definitions alone.
    """

    file: syntax.File
    scope: FileScope
    network: syntax.Network | None

    def graph(self, inputs: Sequence[TensorType] = (), *, title: str = "") -> Graph:
        """The network as a typed graph.

        inputs: what enters, where the text itself says no `input(...)`; else checked against it.

        Raises:
            TextError: all mistakes found in the text; also a choice left open.
        """
        return Elaborator(inputs=inputs).graph(self._expression(), self.scope, title)

    def pattern(self, inputs: Sequence[TensorType] = ()) -> Pattern:
        """The text as a space of networks; one without choices has a single member."""
        return Pattern(self._expression(), self.scope, inputs=inputs)

    def offering(self, name: str, program: Program) -> None:
        """Lets the text use a definition of another program, as `use` would."""
        definition = program.scope.definitions[name]
        self.scope.used.setdefault(name, Defined(definition, program.scope))

    def calling(self, expression: syntax.Network) -> Program:
        """The same definitions with another network."""
        return replace(self, network=expression)

    def lone_call(self) -> str | None:
        """The name in a text of one call: `resnet18` in `resnet18(classes=10)`."""
        if len(self.file.statements) != 1 or self.network is None or self.network.where:
            return None
        _, call = _split_input(self.network.body)
        function = call.function if isinstance(call, syntax.Call) else call
        return function.name if isinstance(function, syntax.Name) else None

    @property
    def states_input(self) -> bool:
        """True for a text that begins with `input(...)`."""
        return self.network is not None and _split_input(self.network.body)[0] is not None

    def unknown_names(self) -> set[str]:
        """Names in the text that neither it nor the layers and library explain."""
        return {name for name in _names(self.file.statements) if not self._is_known(name)}

    def _is_known(self, name: str) -> bool:
        scope = self.scope
        return bool(
            name in scope.definitions
            or name in scope.used
            or op_named(name)
            or std_definition(name)
        )

    def giving(self, name: str, value: int) -> Program:
        """The same with one more argument for the definition that the network calls.

        Unchanged where that definition has no such parameter, or the text gives it already.
        """
        if self.network is None:
            return self
        before, call = _split_input(self.network.body)
        if not isinstance(call, syntax.Name | syntax.Call) or not self._takes(call, name):
            return self
        number = syntax.Number(value, span=call.span)
        argument = syntax.Argument(name, number, span=call.span)
        function = call.function if isinstance(call, syntax.Call) else call
        arguments = call.arguments if isinstance(call, syntax.Call) else ()
        body: syntax.Expr = syntax.Call(function, (*arguments, argument), span=call.span)
        if before is not None:
            body = syntax.Chain((before, body), span=self.network.body.span)
        return replace(self, network=self.network.changed(body=body))

    def self_contained(self, graph: Graph) -> str:
        """A text that gives this graph again on its own: definitions, input and network.

        Definitions of other files cannot travel with it, so a text that needs some is written flat.
        """
        # Printing is rarely asked for, and showing a network should not wait for it.
        from striate.notation.flat import flat
        from striate.notation.printer import print_file

        if self.scope.used or graph.decisions:
            return flat(graph)
        definitions = [one for one in self.file.statements if not isinstance(one, syntax.Network)]
        network = self._expression()
        if all(graph.nodes[value.node].span is None for value in graph.inputs):
            network = _with_input(network, graph.input_types)
        return print_file(replace(self.file, statements=(*definitions, network)))

    def _takes(self, call: syntax.Expr, name: str) -> bool:
        evaluator = Evaluator(
            type_of=_no_type, decide=NoChoices(), std=std_definition, free=lambda expr: None
        )
        try:
            applied = evaluator.evaluate(call, Env(self.scope), None)
            if not isinstance(applied, Applied) or not isinstance(applied.target, Defined):
                return False
            parameters = applied.target.definition.parameters or ()
            given = match_arguments(applied)
        except TextError:
            return False  # told in full when the network is made
        return name not in given and any(one.name == name for one in parameters)

    def _expression(self) -> syntax.Network:
        if self.network is None:
            names = ", ".join(list(self.scope.definitions)[-8:])
            start = Span(self.file.source, 0, 0)
            raise TextError.of(
                "no-network",
                "this text holds definitions but no network",
                f"end it with an expression, or name one of its definitions: {names}",
                span=start,
            )
        return self.network


def program(source: Source, *, beside: Beside = read_file) -> Program:
    """The program of a text.

    beside: reads the files that it uses.

    Raises:
        TextError: all mistakes that parsing and the `use` and `set` statements show.
    """
    file = parse(source)
    networks = [one for one in file.statements if isinstance(one, syntax.Network)]
    return Program(file, scope_of(file, beside), networks[-1] if networks else None)


def _with_input(network: syntax.Network, types: Sequence[TensorType]) -> syntax.Network:
    span = network.span

    def stated(type_: TensorType) -> syntax.Expr:
        sizes = syntax.Dims(type_.sizes, span=span) if None in type_.sizes else None
        numbers = [syntax.Number(one, span=span) for one in type_.sizes if one is not None]
        values = [sizes] if sizes else numbers
        arguments = tuple(syntax.Argument(None, one, span=span) for one in values)
        return syntax.Call(syntax.Name("input", span=span), arguments, span=span)

    first = stated(types[0])
    if len(types) > 1:
        first = syntax.Streams(tuple(map(stated, types)), span=span)
    body = network.body
    rest = body.items if isinstance(body, syntax.Chain) else (body,)
    return network.changed(body=syntax.Chain((first, *rest), span=span))


def _split_input(expr: syntax.Expr) -> tuple[syntax.Expr | None, syntax.Expr]:
    """`input(...) -> net` in its two parts; any other expression whole."""
    if isinstance(expr, syntax.Chain) and len(expr.items) == 2 and is_input(expr.items[0]):
        return expr.items[0], expr.items[1]
    return None, expr


def _names(tree: object) -> Iterator[str]:
    if isinstance(tree, syntax.Name):
        yield tree.name
    elif isinstance(tree, syntax.Tree):
        for name in tree.fields:
            yield from _names(getattr(tree, name))
    elif isinstance(tree, tuple):
        for item in tree:
            yield from _names(item)


def _no_type(value: object) -> TensorType:
    raise AssertionError("nothing flows before the network runs")
