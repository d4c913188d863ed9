"""Makes graphs: the one mutable object of the package; every value is typed as it is added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from striate.errors import GraphError
from striate.ir.batch import with_batch
from striate.ir.edit import without_unneeded
from striate.ir.facts import DEFAULT_INITIALISATION, Initialisation
from striate.ir.graph import Graph, Node, Region, Value
from striate.ir.op import Op, Types
from striate.ir.tensor_type import TensorType
from striate.source import Span

MOST_NODES = 200_000
LONGEST_AXIS = 2**31 - 1
"""What torch's kernels count to; it also keeps hostile texts from growing numbers without end."""


@dataclass(slots=True)
class _OpenRegion:
    path: str
    title: str
    items: list[int | Region] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The nodes of one finished call of a container, as they stand in a builder.

    inputs: the values from outside that they may read.
    """

    region: Region
    nodes: range
    inputs: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """Where the values of a stretch are found in a copy of it.

    inputs: the values that take the place of those the stretch reads from outside.
    """

    nodes: range
    shift: int
    inputs: Mapping[Value, Value]

    def __call__(self, value: Value) -> Value:
        if value.node in self.nodes:
            return Value(value.node + self.shift, value.port)
        return self.inputs[value]


class GraphBuilder:
    """Adds nodes one after another; `finish` gives the frozen graph.

    >>> from striate.ops import Convolution, Input
    >>> builder = GraphBuilder()
    >>> image = builder.add(Input((3, 32, 32)), [], path="input")
    >>> features = builder.add(Convolution(16), image, path="0")
    >>> str(builder.finish(image, features).output_types[0])
    '16x32x32'
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._owner: dict[str, int] = {}
        # Blocks repeat, so the same layer meets the same types. The layer is kept beside its
        # outputs, so that its id stays its own.
        self._inferred: dict[tuple[int, Types], tuple[Op, Types]] = {}
        self._open = [_OpenRegion("", "")]

    def type_of(self, value: Value) -> TensorType:
        """Sizes of a value added before."""
        return self.nodes[value.node].outputs[value.port]

    def add(
        self,
        op: Op,
        inputs: Sequence[Value],
        *,
        path: str,
        span: Span | None = None,
        init: Initialisation = DEFAULT_INITIALISATION,
    ) -> tuple[Value, ...]:
        """The outputs of one more node.

        A path used before means the same module again: its weights must have the same shapes.

        Raises:
            GraphError: the op does not fit its inputs, or the graph grows past its limit.
        """
        if len(self.nodes) >= MOST_NODES:
            raise GraphError.of(
                "too-many-nodes",
                f"the network has more than {MOST_NODES:,} nodes",
                "a repetition or recursion in the text is larger than any machine can run",
            )
        types = tuple(map(self.type_of, inputs))
        _, outputs = self._inferred.get((id(op), types), (op, None))
        if outputs is None:
            _check_fit(op, types)
            outputs = op.infer(types)
            _check_size(op, outputs)
            self._inferred[id(op), types] = op, outputs
        node = Node(op, tuple(inputs), types, outputs, path, False, init, span)
        if op.is_element:
            node = self._own(node)
        self._open[-1].items.append(len(self.nodes))
        self.nodes.append(node)
        return tuple(Value(len(self.nodes) - 1, port) for port in range(len(node.outputs)))

    def _own(self, node: Node) -> Node:
        owner = self._owner.setdefault(node.path, len(self.nodes))
        if owner == len(self.nodes):
            return node
        first = self.nodes[owner]
        if first.op != node.op or first.weights != node.weights:
            raise GraphError.of(
                "shared-weights-differ",
                f"'{node.path}' is one shared module, but its uses need different weights",
                f"first use: {first.op} on {first.input_types[0]}",
                f"this use: {node.op} on {node.input_types[0]}",
            )
        return replace(node, shared=True)

    def again(self, stretch: Stretch, inputs: Sequence[Value], path: str) -> Copy | None:
        """Adds the nodes of a stretch once more, as a call of another container.

        inputs: values of the same types as those the stretch read, in its order.

        None, and nothing is added, where a module of the new call exists already: whether it can
        be shared has to be seen layer by layer.
        """
        cut = len(stretch.region.path)
        old = self.nodes[stretch.nodes.start : stretch.nodes.stop]
        paths = [path + node.path[cut:] for node in old]
        if not self._owner.keys().isdisjoint(paths):
            return None
        shift = len(self.nodes) - stretch.nodes.start
        moved = Copy(stretch.nodes, shift, dict(zip(stretch.inputs, inputs, strict=True)))
        for node, place in zip(old, paths, strict=True):
            shared = node.op.is_element and place in self._owner
            if node.op.is_element:
                self._owner.setdefault(place, len(self.nodes))
            read = tuple([moved(value) for value in node.inputs])
            made = Node(
                op=node.op,
                inputs=read,
                input_types=node.input_types,
                outputs=node.outputs,
                path=place,
                shared=shared,
                init=node.init,
                span=node.span,
            )
            self.nodes.append(made)
        self._open[-1].items.append(_moved(stretch.region, moved, path, cut))
        return moved

    @contextmanager
    def region(self, path: str, title: str) -> Iterator[list[Value]]:
        """Nodes added inside belong to one call of a container; fill the list with its outputs."""
        self._open.append(_OpenRegion(path, title))
        outputs: list[Value] = []
        yield outputs
        done = self._open.pop()
        region = Region(done.path, done.title, tuple(done.items), tuple(outputs))
        self._open[-1].items.append(region)

    def latest(self, start: int, inputs: tuple[Value, ...]) -> Stretch:
        """The region just closed, whose nodes begin at `start`, for `again`."""
        region = self._open[-1].items[-1]
        assert isinstance(region, Region), "a node was added behind the region"
        return Stretch(region, range(start, len(self.nodes)), inputs)

    def finish(
        self,
        inputs: Iterable[Value],
        outputs: Iterable[Value],
        *,
        names: Mapping[str, tuple[Value, ...]] | None = None,
        title: str = "",
        decisions: tuple[int, ...] = (),
    ) -> Graph:
        """The graph of what the outputs need; the rest is left out and listed in `pruned`."""
        assert len(self._open) == 1, "a region is still open"
        inputs, outputs = tuple(inputs), tuple(outputs)
        graph = Graph(
            nodes=tuple(self.nodes),
            inputs=inputs,
            outputs=outputs,
            root=Region("", title, tuple(self._open[0].items), outputs),
            names=dict(names or {}),
            decisions=decisions,
        )
        return with_batch(without_unneeded(graph, outputs))


def _moved(region: Region, moved: Copy, path: str, cut: int) -> Region:
    """A region in a copy; `path` takes the place of the first `cut` characters of its paths."""
    items = [
        item + moved.shift if isinstance(item, int) else _moved(item, moved, path, cut)
        for item in region.items
    ]
    outputs = tuple([moved(value) for value in region.outputs])
    return Region(path + region.path[cut:], region.title, tuple(items), outputs)


def _check_size(op: Op, outputs: tuple[TensorType, ...]) -> None:
    for given in outputs:
        if any(size is not None and size > LONGEST_AXIS for size in given.sizes):
            raise GraphError.of(
                "axis-too-long",
                f"{op.name} makes an axis longer than any tensor's: {_brief(given)}",
                f"at most {LONGEST_AXIS:,} numbers stand along one axis",
            )


def _brief(given: TensorType) -> str:
    return str(given) if max(size or 0 for size in given.sizes) < 10**18 else "over 10^18"


def _check_fit(op: Op, types: tuple[TensorType, ...]) -> None:
    fewest, most = op.streams
    if not fewest <= len(types) <= most:
        several = f"{fewest} or {most}" if most == fewest + 1 else f"{fewest} or more"
        expected = str(fewest) if fewest == most else several
        raise GraphError.of(
            "wrong-stream-count",
            f"{op.name} takes {expected} {'stream' if fewest == 1 == most else 'streams'}, "
            f"got {len(types)}",
            "join several with (a + b), (a | b), cat, add; pick one with .0; make several "
            "with (a, b)",
        )
    if types and types[0].rank not in op.ranks:
        planes = " or ".join(_RANK_WORDS[rank] for rank in op.ranks)
        raise GraphError.of(
            "wrong-rank",
            f"{op.name} works on {planes}, and the input here is {types[0]}",
        )


_RANK_WORDS = {0: "a flat [C]", 1: "[C,L]", 2: "[C,H,W]", 3: "[C,D,H,W]"}
