"""Short ways to ask about the network of a text."""

from __future__ import annotations

import pytest

from striate.errors import Diagnostic, TextError
from striate.ir import Graph, TensorType
from striate.notation import program
from striate.source import Source


def build(text: str, *inputs: tuple[int | None, ...], name: str = "net.cnn") -> Graph:
    """The graph of a text, on inputs of these sizes where it states none."""
    return program(Source(name, text)).graph([TensorType.of(*sizes) for sizes in inputs])


def ops(graph: Graph) -> list[str]:
    """The layers in canonical spelling, inputs left out."""
    return [str(node.op) for node in graph.nodes if node.op.name != "input"]


def paths(graph: Graph) -> list[str]:
    """The module paths of the elements, in order of execution."""
    return [node.path for node in graph.nodes if node.op.is_element]


def keys(graph: Graph) -> list[str]:
    """The state_dict keys of the trained and counted numbers, each once."""
    found = [
        f"{node.path}.{weight.name}" if weight.name else node.path
        for node in graph.nodes
        for weight in node.weights
    ]
    return list(dict.fromkeys(found))


def output(graph: Graph) -> str:
    """The shapes of the outputs."""
    return ", ".join(map(str, graph.output_types))


def mistakes(text: str, *inputs: tuple[int | None, ...]) -> tuple[Diagnostic, ...]:
    """What is wrong with a text."""
    with pytest.raises(TextError) as caught:
        build(text, *inputs)
    return caught.value.diagnostics


def mistake(text: str, *inputs: tuple[int | None, ...]) -> Diagnostic:
    """The only thing that is wrong with a text."""
    (found,) = mistakes(text, *inputs)
    return found


def words(diagnostic: Diagnostic) -> str:
    """The words that the carets stand under."""
    assert diagnostic.span
    return diagnostic.span.text
