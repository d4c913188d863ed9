"""Bytes a network needs while it runs and while it trains, found by playing the execution through.

Assumed of the machine: values are computed in the order of the text, nothing works in place, a
value is freed when nobody will read it again (what enters a container, when the container is done),
views (flatten, reshape, split) share their storage, and the kernels' own scratch space is not
counted. For training: what torch 2 keeps for each layer's
backward pass is kept until that pass is done, the gradient of a value lives from its first
contribution until its producer has used it, and the gradients of all weights exist (true from the
second step on).

Bytes saved for backward agree with torch to 2 % (`tests/analysis/test_memory.py`). The peak that a
device reports lies above the total by its kernels' scratch space and its allocator's rounding.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Final, NamedTuple

from striate.analysis.cost import BYTES_PER_NUMBER, cost
from striate.errors import UsageError, did_you_mean
from striate.ir import Graph, Node, Region, Value

OPTIMIZER_STATES: Final = {
    "sgd": 0,
    "momentum": 1,
    "nesterov": 1,
    "rmsprop": 1,
    "adagrad": 1,
    "lion": 1,
    "adam": 2,
    "adamw": 2,
}
"""Numbers that each optimizer keeps per trained number."""

_VIEWS: Final = frozenset({"id", "none", "take", "flatten", "reshape", "split"})
# What layers of torch and striate.nn keep for the backward pass; all others keep what they
# read. Measured with saved_tensors_hooks, layer by layer.
_SAVES_OUTPUT: Final = frozenset({"relu", "sigmoid", "tanh", "softmax", "logsoftmax"})
_SAVES_NOTHING: Final = (
    frozenset({"input", "param", "+", "-", "|", "add", "cat", "mean", "gap", "up", "pad", "crop"})
    | {"shuffle", "pixelshuffle", "unshuffle", "padchannels", "affine", "cmean", "linear"}
    | {"dropout", "droppath", "spatialdropout"}
    | _VIEWS
)
_SAVES_BOTH: Final = frozenset({"lppool", "lrn", "l2norm", "grn", "rmsn", "cmax", "maxpieces"})
_COPIES: Final = {
    "blurpool": 1, "dropblock": 1, "linear": 1, "logsigmoid": 1, "softsign": 1, "tanhshrink": 1,
    "prod": 1, "gem": 2, "lppool": 2, "lrn": 2, "warp": 3,
}  # fmt: skip
"""Tensors of the size of the input that a layer makes on its way and keeps."""
_EXTRA_BYTES: Final = {"maxpool": 8, "gmp": 8, "dropout": 1}
"""Bytes per number put out: 64-bit indices of the maxima, masks (as on a GPU; a CPU keeps 4)."""


class InferenceMemory(NamedTuple):
    """Bytes to run the network on a batch.

    weights_bytes: parameters and buffers.
    activations_bytes: most bytes of values alive at one time, inputs included.
    peak_at: path of the node that is computed then.
    """

    weights_bytes: int
    activations_bytes: int
    peak_at: str
    batch: int

    @property
    def total_bytes(self) -> int:
        """Weights and activations together."""
        return self.weights_bytes + self.activations_bytes


class TrainingMemory(NamedTuple):
    """Bytes to take one training step on a batch.

    gradients_bytes: one gradient per trained number.
    optimizer_bytes: what the optimizer keeps between steps.
    saved_bytes: activations kept from the forward for the backward pass.
    workspace_bytes: values and gradients alive besides at the peak, `peak_at`.
    """

    weights_bytes: int
    gradients_bytes: int
    optimizer_bytes: int
    saved_bytes: int
    workspace_bytes: int
    peak_at: str
    optimizer: str
    batch: int

    @property
    def total_bytes(self) -> int:
        """All of it at the peak."""
        fixed = self.weights_bytes + self.gradients_bytes + self.optimizer_bytes
        return fixed + self.saved_bytes + self.workspace_bytes


def inference_memory(
    graph: Graph, *, batch: int = 1, bytes_per_number: int = BYTES_PER_NUMBER
) -> InferenceMemory | None:
    """Peak bytes while the network runs on a batch; None where a size is unknown."""
    if not _sizes_known(graph):
        return None
    store = _Store(graph, training=False, bytes_per_number=bytes_per_number)
    last_read = store.last_reads()
    live, most, where = 0, 0, ""
    dying: dict[int, list[Value]] = {}
    for storage, index in last_read.items():
        dying.setdefault(index, []).append(storage)
    for index, node in enumerate(graph.nodes):
        live += sum(store.bytes[one] for one in store.made(index))
        if live > most:
            most, where = live, node.path
        live -= sum(store.bytes[one] for one in dying.get(index, ()))
    weights = _weights_bytes(graph, bytes_per_number)
    return InferenceMemory(weights, most * batch, where, batch)


def training_memory(
    graph: Graph,
    *,
    batch: int,
    optimizer: str = "adamw",
    bytes_per_number: int = BYTES_PER_NUMBER,
) -> TrainingMemory | None:
    """Peak bytes of one training step on a batch; None where a size is unknown.

    Raises:
        UsageError: the optimizer is not in `OPTIMIZER_STATES`.
    """
    states = OPTIMIZER_STATES.get(optimizer)
    if states is None:
        raise UsageError.of(
            "unknown-optimizer",
            f"no optimizer is called '{optimizer}'{did_you_mean(optimizer, OPTIMIZER_STATES)}",
            f"known: {', '.join(OPTIMIZER_STATES)}",
        )
    if not _sizes_known(graph):
        return None
    store = _Store(graph, training=True, bytes_per_number=bytes_per_number)
    saved, peak, where = _backward(store)
    trained = graph.params * bytes_per_number
    return TrainingMemory(
        weights_bytes=_weights_bytes(graph, bytes_per_number),
        gradients_bytes=trained,
        optimizer_bytes=trained * states,
        saved_bytes=saved * batch,
        workspace_bytes=(peak - saved) * batch,
        peak_at=where,
        optimizer=optimizer,
        batch=batch,
    )


def saved_bytes(graph: Graph, *, bytes_per_number: int = BYTES_PER_NUMBER) -> list[int]:
    """For each node, bytes of one image that it is the first to keep for the backward pass.

    The images themselves are not counted.
    """
    store = _Store(graph, training=True, bytes_per_number=bytes_per_number)
    inputs = {store.home[value] for value in graph.inputs}
    found, seen = [], set(inputs)
    for index in range(len(graph.nodes)):
        kept, extra = store.saved(index)
        found.append(extra + sum(store.bytes[one] for one in kept - seen))
        seen |= kept
    return found


def _sizes_known(graph: Graph) -> bool:
    return all(kind.elements is not None for node in graph.nodes for kind in node.outputs)


def _weights_bytes(graph: Graph, bytes_per_number: int) -> int:
    total = cost(graph).total
    return (total.params + total.buffers) * bytes_per_number


class _Store:
    """Which tensor each value lives in, and how many bytes of one image it takes."""

    def __init__(self, graph: Graph, *, training: bool, bytes_per_number: int) -> None:
        self.graph, self.width = graph, bytes_per_number
        self.home: dict[Value, Value] = {}
        self.bytes: dict[Value, int] = {}
        for index, node in enumerate(graph.nodes):
            shares = _is_view(node, training=training)
            for port, kind in enumerate(node.outputs):
                value = Value(index, port)
                self.home[value] = self.home[node.inputs[0]] if shares else value
                self.bytes[value] = 0 if shares else (kind.elements or 0) * bytes_per_number

    def made(self, index: int) -> Iterable[Value]:
        """Values of one node."""
        return (Value(index, port) for port in range(len(self.graph.nodes[index].outputs)))

    def last_reads(self) -> dict[Value, int]:
        """For each storage that dies, the last node that needs it; inputs and outputs stay."""
        kept = {self.home[value] for value in (*self.graph.inputs, *self.graph.outputs)}
        last: dict[Value, int] = {}
        for index, node in enumerate(self.graph.nodes):
            for value in (*self.made(index), *node.inputs):
                if self.home[value] not in kept:
                    last[self.home[value]] = index
        for region in self.graph.root.walk():
            self._hold_arguments(region, last)
        return last

    def _hold_arguments(self, region: Region, last: dict[Value, int]) -> None:
        """What a container is called with is held by the call until it returns."""
        inside = list(region.nodes())
        for index in inside:
            for value in self.graph.nodes[index].inputs:
                home = self.home[value]
                if value.node < inside[0] and home in last:
                    last[home] = max(last[home], inside[-1])

    def saved(self, index: int) -> tuple[set[Value], int]:
        """Storages a node keeps for its backward pass, and bytes of what is no value."""
        node = self.graph.nodes[index]
        name = node.op.name
        made = {self.home[value] for value in self.made(index)}
        read = {self.home[value] for value in node.inputs}
        extra = _EXTRA_BYTES.get(name, 0) * sum(kind.elements or 0 for kind in node.outputs)
        if name in _COPIES:
            extra += _COPIES[name] * (node.input_types[0].elements or 0) * self.width
        if name == "deform":
            extra += _columns(node) * self.width
        if name in _SAVES_NOTHING:
            return set(), extra
        if name in _SAVES_OUTPUT:
            return made, extra
        return (read | made if name in _SAVES_BOTH else read), extra


def _columns(node: Node) -> int:
    """Numbers sampled by a deformable convolution: a whole kernel for each position."""
    kernel = prod(node.weights[0].shape[2:])
    return node.input_types[0].channels * kernel * (node.outputs[0].positions or 0)


def _is_view(node: Node, *, training: bool) -> bool:
    if len(node.inputs) != 1:
        return False
    return node.op.name in _VIEWS or (node.op.acts_only_in_training and not training)


def _backward(store: _Store) -> tuple[int, int, str]:
    """Bytes saved for the backward pass, most bytes alive during it, and the node at that time."""
    graph = store.graph
    keeps = [store.saved(index) for index in range(len(graph.nodes))]
    first_keeper: dict[Value, int] = {}
    for index in reversed(range(len(graph.nodes))):
        for storage in keeps[index][0]:
            first_keeper[storage] = index
    for value in graph.inputs:
        first_keeper[store.home[value]] = -1
    kept = sum(store.bytes[one] for one in first_keeper) + sum(extra for _, extra in keeps)
    freed: dict[int, list[Value]] = {}
    for storage, index in first_keeper.items():
        freed.setdefault(index, []).append(storage)
    gradients = {store.home[value] for value in graph.outputs}
    live, most, where = kept, 0, ""
    for index in reversed(range(len(graph.nodes))):
        node = graph.nodes[index]
        gradients.update(
            store.home[value] for value in node.inputs if graph.nodes[value.node].inputs
        )
        now = live + sum(store.bytes[one] for one in gradients)
        if now > most:
            most, where = now, node.path
        gradients.difference_update(store.made(index))
        live -= keeps[index][1] + sum(store.bytes[one] for one in freed.get(index, ()))
    return kept, most, where
