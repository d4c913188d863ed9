"""The typed graph: what a text denotes, and all that analyses and back-ends read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from striate.ir.facts import (
    DEFAULT_INITIALISATION,
    Cost,
    Initialisation,
    Linear,
    TorchFunction,
    TorchLayer,
    Weight,
    Window,
)
from striate.ir.op import Op
from striate.ir.tensor_type import TensorType
from striate.source import Span


class Value(NamedTuple):
    """An edge: output `port` of the node at index `node`."""

    node: int
    port: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """One use of a layer.

    path: where its module lives (`layer1.0.conv1`); for wires and joins, which own no module, the
        path of their scope and their sign (`layer1.0.+`).
    shared: the module at `path` belongs to an earlier node; weights count once.
    span: the words of the text that made it; takes no part in equality.
    """

    op: Op
    inputs: tuple[Value, ...]
    input_types: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    path: str
    shared: bool = False
    init: Initialisation = DEFAULT_INITIALISATION
    span: Span | None = field(default=None, compare=False)

    @property
    def weights(self) -> tuple[Weight, ...]:
        """The tensors of its layer, also where it shares them."""
        return self.op.weights(self.input_types)

    @property
    def params(self) -> int:
        """Trained numbers it adds to the network; none where shared."""
        return 0 if self.shared else sum(one.count for one in self.weights if one.trained)

    @property
    def linear(self) -> Linear | None:
        """How its layer is linear; None where it is not, or not as a product with a weight."""
        return self.op.linear(self.input_types)

    @property
    def cost(self) -> Cost:
        """Work for one image."""
        return self.op.cost(self.input_types, self.outputs)

    @property
    def windows(self) -> tuple[Window, ...]:
        """For each input: the part that one output position depends on."""
        return self.op.windows(self.input_types, self.outputs)

    @property
    def torch(self) -> TorchLayer | TorchFunction:
        """How torch spells it here."""
        return self.op.torch(self.input_types, self.outputs)

    @property
    def formula(self) -> str:
        """The size of its output, worked out."""
        return self.op.explain(self.input_types)


@dataclass(frozen=True, slots=True)
class Region:
    """One call of a container module: a stretch of consecutive nodes and inner regions.

    path: of the container; empty for the network itself. Two regions of one path are two calls of
        one shared container.
    title: the definition or label it comes from, for tables and pictures.
    items: indices of nodes, and inner regions, in order of execution.
    outputs: the values it hands on.
    """

    path: str
    title: str
    items: tuple[int | Region, ...]
    outputs: tuple[Value, ...]

    def nodes(self) -> Iterator[int]:
        """Indices of all nodes inside, inner regions included, in order."""
        for item in self.items:
            if isinstance(item, Region):
                yield from item.nodes()
            else:
                yield item

    def walk(self) -> Iterator[Region]:
        """This region and all inside it, outermost first."""
        yield self
        for item in self.items:
            if isinstance(item, Region):
                yield from item.walk()


@dataclass(frozen=True)
class Graph:
    """A verified network: frozen, typed, in order of execution.

    inputs: values of the `input` nodes, in order of the call.
    outputs: what the network gives, one value or several.
    names: values by label and by `as` name, dotted paths included; for taps and messages.
    root: the tree of containers.
    pruned: paths of elements of the text that reach no output and were left out.
    decisions: the choice taken at each choice site, for members of a pattern.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    root: Region
    names: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    pruned: tuple[str, ...] = ()
    decisions: tuple[int, ...] = ()

    def type_of(self, value: Value) -> TensorType:
        """Sizes of a value."""
        return self.nodes[value.node].outputs[value.port]

    @cached_property
    def users(self) -> tuple[tuple[int, ...], ...]:
        """For each node, the indices of the nodes that read it, in order, without doubles."""
        found: list[dict[int, None]] = [{} for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            for value in node.inputs:
                found[value.node][index] = None
        return tuple(tuple(readers) for readers in found)

    def ancestors(self, indices: Iterable[int]) -> set[int]:
        """These nodes and all that they depend on."""
        found, todo = set[int](), list(indices)
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo.extend(value.node for value in self.nodes[one].inputs)
        return found

    @cached_property
    def named_values(self) -> dict[str, tuple[Value, ...]]:
        """What can be asked for by name: containers, labels and `as` names, layers by their path.

        What is called several times has its last value; a container may have several. Containers
        come first, so that a message lists what people mean before single layers.
        """
        found: dict[str, tuple[Value, ...]] = {}
        for region in self.root.walk():
            if region.path and region.outputs:
                found[region.path] = region.outputs
        found |= self.names
        nodes = {
            node.path: tuple(Value(index, port) for port in range(len(node.outputs)))
            for index, node in enumerate(self.nodes)
            if node.op.is_element
        }
        return found | {path: values for path, values in nodes.items() if path not in found}

    @property
    def input_types(self) -> tuple[TensorType, ...]:
        """Sizes of the inputs."""
        return tuple(map(self.type_of, self.inputs))

    @property
    def output_types(self) -> tuple[TensorType, ...]:
        """Sizes of the outputs."""
        return tuple(map(self.type_of, self.outputs))

    @cached_property
    def params(self) -> int:
        """Trained numbers, those of shared modules once."""
        return sum(node.params for node in self.nodes)

    @cached_property
    def cost(self) -> Cost:
        """Work for one image."""
        costs = [node.cost for node in self.nodes]
        return Cost(
            sum(one.macs for one in costs),
            sum(one.other for one in costs),
            all(one.known for one in costs),
        )
