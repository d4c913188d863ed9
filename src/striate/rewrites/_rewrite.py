"""What a rewrite is: a place it recognises, and what stands there instead."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from striate.ir import Graph, Node, Setting, Value
from striate.ir.recipe import Kept, Recipe, Scaled, Sum, Times


@dataclass(frozen=True, slots=True)
class Change:
    """What one match asks for.

    nodes: what stands at an index from now on.
    instead: the value that is read in place of another.
    weights: how the tensors of the changed nodes follow from the old ones, by key.
    lost: values that nothing computes any more, so that their names go.
    """

    nodes: Mapping[int, Node] = field(default_factory=dict)
    instead: Mapping[Value, Value] = field(default_factory=dict)
    weights: Mapping[str, Recipe] = field(default_factory=dict)
    lost: frozenset[Value] = frozenset()

    @property
    def touched(self) -> set[int]:
        """Nodes that no other change may speak of in the same round."""
        values = (*self.instead, *self.instead.values(), *self.lost)
        return {*self.nodes, *(value.node for value in values)}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A place that looks right and is not: where, and why it stays as it is."""

    path: str
    reason: str


class View:
    """A graph as rewrites see it, with the recipes of the weights changed so far."""

    def __init__(self, graph: Graph, weights: Mapping[str, Recipe]) -> None:
        self.graph = graph
        self.weights = weights

    @cached_property
    def uses(self) -> Counter[str]:
        """How often each module is called, by path."""
        return Counter(node.path for node in self.graph.nodes if node.op.is_element)

    @cached_property
    def readers(self) -> dict[Value, list[int]]:
        """The nodes that read a value, once for each reading; -1 for the graph's outputs."""
        found: dict[Value, list[int]] = {}
        for index, node in enumerate(self.graph.nodes):
            for value in node.inputs:
                found.setdefault(value, []).append(index)
        for value in self.graph.outputs:
            found.setdefault(value, []).append(-1)
        return found

    def tensor(self, node: Node, name: str) -> Recipe:
        """A tensor of a node, as it is by now."""
        key = f"{node.path}.{name}" if name else node.path
        return self.weights.get(key, Kept(key))

    def linear_before(self, index: int, value: Value) -> int | Refusal | None:
        """The node of a linear layer that is read here alone, and can therefore be changed."""
        node = self.graph.nodes[value.node]
        if value.port or node.linear is None:
            return None
        if self.uses[node.path] > 1:
            return Refusal(node.path, "its weights are shared with other calls")
        if self.readers[value] != [index]:
            return Refusal(node.path, "its output is read elsewhere as well")
        return value.node

    def scaled(self, index: int, factor: Recipe, shift: Recipe | None) -> Change:
        """A linear layer whose output has a factor and a shift for each channel."""
        node = self.graph.nodes[index]
        linear = node.linear
        assert linear is not None
        weight = Scaled(self.tensor(node, "weight"), factor, linear.out, linear.groups)
        terms = [] if shift is None else [shift]
        if has_bias(node):
            terms.insert(0, Times(self.tensor(node, "bias"), factor))
        return self.with_bias(index, weight, terms)

    def with_bias(self, index: int, weight: Recipe, terms: list[Recipe]) -> Change:
        """A linear layer with other weights and, where there are terms, their sum as its bias."""
        node = self.graph.nodes[index]
        weights = {f"{node.path}.weight": weight}
        if terms:
            node = with_settings(node, b=True)
            weights[f"{node.path}.bias"] = terms[0] if len(terms) == 1 else Sum(tuple(terms))
        return Change({index: node}, weights=weights)


class Rewrite(ABC):
    """Replaces what it recognises by something that gives the same outputs at test time."""

    @abstractmethod
    def change(self, view: View, index: int) -> Change | Refusal | None:
        """What to do at a node; None where this rewrite has nothing to say about it."""


def has_bias(node: Node) -> bool:
    """Whether a linear layer adds a bias."""
    return bool(node.op.settings["b"])


def with_settings(node: Node, **changed: Setting) -> Node:
    """The node with other arguments of its layer."""
    settings = {**node.op.settings, **changed}
    return replace(node, op=type(node.op)(**settings))
