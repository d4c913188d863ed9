"""The number of classes as an argument of the network."""

from __future__ import annotations

from dataclasses import replace

from striate.backends.torch_source._containers import Containers
from striate.backends.torch_source._terms import Atom, Body, Entry, Group, Make, Term, Word, single

_WIDTHS = ("out_features", "out_channels")


def with_class_count(read: Containers, body: Body) -> tuple[Body, int | None]:
    """The network with its last layer as wide as asked; None where no such layer ends it."""
    place = _last_layer(read)
    if place is None:
        return body, None
    path, count = place
    entries = _renamed(body.entries, path.split("."))
    return (body, None) if entries is None else (replace(body, entries=entries), count)


def _last_layer(read: Containers) -> tuple[str, int] | None:
    """Path and width of the layer that gives the classes."""
    graph = read.graph
    if len(graph.outputs) != 1 or graph.output_types[0].plane:
        return None
    index = graph.outputs[0].node
    count = graph.output_types[0].channels
    while index not in {value.node for value in graph.inputs}:
        node = graph.nodes[index]
        if read.weights[index]:
            is_alone = sum(other.path == node.path for other in graph.nodes) == 1
            return (node.path, count) if is_alone else None
        if len(node.inputs) != 1 or node.outputs[0].channels != count:
            return None
        index = node.inputs[0].node
    return None


def _renamed(entries: tuple[Entry, ...], names: list[str]) -> tuple[Entry, ...] | None:
    """Parts in which the layer of that path takes the argument; None where it is in a class."""
    found = []
    is_done = False
    for entry in entries:
        term: Term | None = entry.term
        if entry.name == names[0] and entry.pattern is None:
            term = _in_term(entry.term, names[1:])
            if term is None:
                return None
            is_done = True
            entry = replace(entry, term=term)
        found.append(entry)
    return tuple(found) if is_done else None


def _in_term(term: Term, names: list[str]) -> Term | None:
    match term:
        case Group():
            inner = _renamed(term.entries, names) if names else None
            return None if inner is None else Group(term.kind, inner)
        case Make() if not names and any(name in _WIDTHS for name, _ in term.arguments):
            changed = tuple(
                (name, _argument() if name in _WIDTHS else atom) for name, atom in term.arguments
            )
            return replace(term, arguments=changed)
        case _:
            return None


def _argument() -> Atom:
    return single(Word("num_classes"), "out_features")
