"""Graphs as notation: one node a line, with its full path, so that any graph becomes a text.

    input(3, 32, 32) as v0
      -> conv1: conv(16) as v1
      -> (@v0) -> downsample.0: conv(16, 1) as v2
      -> (@v1 + @v2) as v3

Graphs that never were text (traces of programs, results of a search) enter the language this way,
and those of texts that lean on other files become whole in themselves. Read again, the text gives
the same graph: layers, wiring, paths, shared modules, inputs, outputs, names and initialisation.
What it forgets is which nodes a definition held together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from striate.ir import DEFAULT_INITIALISATION, Graph, Initialisation, Node, Value
from striate.notation.inline import key, number

_SIGNS = ("+", "-", "|", "&")


def flat(graph: Graph) -> str:
    """The text of a graph; its last line is closed."""
    return _Writer(graph).text()


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._letter = _free_letter(graph)
        paths = Counter(node.path for node in graph.nodes if node.op.is_element)
        self._shared = {path for path, uses in paths.items() if uses > 1}
        self._arrives: tuple[Value, ...] = ()
        """What the line before hands on."""

    def text(self) -> str:
        lines = [*self._settings(), self._inputs()]
        inputs = {value.node for value in self._graph.inputs}
        for index, node in enumerate(self._graph.nodes):
            if index not in inputs:
                lines.append(f"  -> {self._source(node)}{self._node(node)} as {self._name(index)}")
                self._arrives = tuple(Value(index, port) for port in range(len(node.outputs)))
        lines += [
            f"  -> {key(name)}: ({self._begin(value)})" for name, value in self._other_names()
        ]
        if lines[-1].endswith(")") or self._arrives != self._graph.outputs:
            lines.append(f"  -> ({', '.join(map(self._begin, self._graph.outputs))})")
        lines += self._where()
        return "".join(f"{line}\n" for line in lines)

    def _settings(self) -> Iterator[str]:
        """How most layers start, where that is not the default; with a note on the others."""
        starts = Counter(node.init for node in self._graph.nodes if node.weights)
        if not starts:
            return
        (common, _), *others = starts.most_common()
        for one in others:
            yield f"# layers that started with {_initialisation(one[0])}: {one[1]}"
        if common != DEFAULT_INITIALISATION:
            yield f"set {_initialisation(common)}"

    def _inputs(self) -> str:
        words = [
            f"{self._graph.nodes[value.node].op} as {self._name(value.node)}"
            for value in self._graph.inputs
        ]
        self._arrives = self._graph.inputs
        return words[0] if len(words) == 1 else f"({', '.join(words)})"

    def _source(self, node: Node) -> str:
        """Where a layer takes its input from, if not from the line before."""
        if node.op.name in _SIGNS or not node.inputs or node.inputs == self._arrives:
            return ""
        return f"({', '.join(map(self._begin, node.inputs))}) -> "

    def _node(self, node: Node) -> str:
        if node.op.name in _SIGNS:
            return f"({f' {node.op.name} '.join(map(self._begin, node.inputs))})"
        if node.path in self._shared:
            return f'"{node.path}"'
        return f"{key(node.path)}: {node.op}"

    def _name(self, index: int) -> str:
        return f"{self._letter}{index}"

    def _begin(self, value: Value) -> str:
        """The beginning of a branch with a value."""
        reference = f"@{self._name(value.node)}"
        is_one = len(self._graph.nodes[value.node].outputs) == 1
        return reference if is_one else f"{reference} -> .{value.port}"

    def _other_names(self) -> Iterator[tuple[str, Value]]:
        """Names of single values that the label of their layer does not give them."""
        own = {node.path: index for index, node in enumerate(self._graph.nodes)}
        for name, values in self._graph.names.items():
            is_own = name in own and values[0].node == own[name]
            if len(values) == 1 and not is_own and not re.fullmatch(f"{self._letter}\\d+", name):
                yield name, values[0]

    def _where(self) -> Iterator[str]:
        first = {node.path: node.op for node in reversed(self._graph.nodes)}
        bindings = [f'"{path}": {first[path]}' for path in first if path in self._shared]
        if bindings:
            yield "  where " + ",\n    ".join(reversed(bindings))


def _initialisation(init: Initialisation) -> str:
    words = [init.scheme]
    if init.std != DEFAULT_INITIALISATION.std:
        words.append(f"std={number(init.std)}")
    if init.zero_gamma:
        words.append("zero_gamma=1")
    return f"init({', '.join(words)})"


def _free_letter(graph: Graph) -> str:
    """`v`, with underscores behind it where the graph has another meaning for `v12`."""
    letter = "v"
    while any(re.fullmatch(f"{letter}\\d+", name) for name in _other_meanings(graph, letter)):
        letter += "_"
    return letter


def _other_meanings(graph: Graph, letter: str) -> Iterator[str]:
    for node in graph.nodes:
        yield node.path.partition(".")[0]
    for name, values in graph.names.items():
        if name.removeprefix(letter) != str(values[0].node) or values[0].port:
            yield name.partition(".")[0]
