"""Graph to graph with the same outputs at test time; the folder is the list of rewrites."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from striate.discovery import load_all
from striate.ir import Graph, verify
from striate.ir.edit import edited
from striate.ir.recipe import Recipe
from striate.rewrites._rewrite import Change, Refusal, Rewrite, View

__all__ = ["Change", "Refusal", "Rewrite", "Simplified", "View", "rewrites", "simplified"]


@dataclass(frozen=True)
class Simplified:
    """A graph for inference alone.

    weights: how its tensors follow from those of the graph before, by key; the others are the same.
    refused: places that a rewrite looked at and left, with its reason.
    """

    graph: Graph
    weights: Mapping[str, Recipe]
    refused: tuple[Refusal, ...]


def simplified(graph: Graph) -> Simplified:
    """The graph with all rewrites done, over and over until none finds anything more.

    >>> from striate.networks import network
    >>> net = network("input(3, 8, 8) -> conv(4, b=0) -> bn -> relu -> dropout -> fc(2)")
    >>> [str(node.op) for node in simplified(net.graph).graph.nodes]
    ['input(3, 8, 8)', 'conv(4)', 'relu', 'fc(2)']
    """
    weights: dict[str, Recipe] = {}
    while True:
        before, refused = graph, dict[Refusal, None]()
        for rewrite in rewrites():
            graph = _everywhere(rewrite, graph, weights, refused)
        if graph is before:
            return Simplified(graph, weights, tuple(refused))


@cache
def rewrites() -> tuple[Rewrite, ...]:
    """One of each, in order of their files."""
    found = [
        kind
        for module in load_all(sys.modules[__name__])
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Rewrite) and kind is not Rewrite
    ]
    return tuple(kind() for kind in found)


def _everywhere(
    rewrite: Rewrite, graph: Graph, weights: dict[str, Recipe], refused: dict[Refusal, None]
) -> Graph:
    """The graph after a rewrite was done wherever it applies, once for each node."""
    view = View(graph, weights)
    changes: list[Change] = []
    touched = set[int]()
    for index in range(len(graph.nodes)):
        match rewrite.change(view, index):
            case Change() as change if touched.isdisjoint(change.touched):
                changes.append(change)
                touched |= change.touched
            case Refusal() as refusal:
                refused[refusal] = None
    if not changes:
        return graph
    for change in changes:
        weights.update(change.weights)
    made = edited(
        graph,
        nodes={index: node for change in changes for index, node in change.nodes.items()},
        instead={old: new for change in changes for old, new in change.instead.items()},
        lost=frozenset(value for change in changes for value in change.lost),
    )
    if os.environ.get("STRIATE_CHECK"):
        try:
            verify(made)
        except AssertionError as error:
            raise AssertionError(f"{type(rewrite).__name__}: {error}") from error
    return made
