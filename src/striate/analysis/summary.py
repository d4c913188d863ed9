"""All that is asked of a network at once: what `show` prints and what `--json` holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from striate.analysis.cost import GraphCost
from striate.analysis.memory import (
    InferenceMemory,
    TrainingMemory,
    inference_memory,
    training_memory,
)
from striate.analysis.receptive_field import Field, Fields, ReceptiveField, receptive_field
from striate.analysis.shapes import LegalSizes, legal_sizes
from striate.analysis.table import Row, Table, layer_rows, table
from striate.ir import Graph, TensorType, Value

WHOLE_IMAGE = "whole image"

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


class Sight(NamedTuple):
    """What a named value sees; `path` is the node that makes it."""

    path: str
    field: ReceptiveField


class Summary(NamedTuple):
    """Answers of every analysis about one network.

    output: what the first output sees.
    local: what the last value before a global operation sees, where there is one.
    """

    name: str
    graph: Graph
    table: Table
    output: Sight | None
    local: Sight | None
    sizes: LegalSizes | None
    inference: InferenceMemory | None
    training: TrainingMemory | None

    @property
    def cost(self) -> GraphCost:
        """Costs per node and in all."""
        return self.table.cost


def summary(
    graph: Graph,
    *,
    name: str = "",
    depth: int | None = None,
    batch: int | None = None,
    optimizer: str | None = None,
) -> Summary:
    """Every analysis of a network; memory for training where a batch or an optimizer is given.

    Raises:
        UsageError: the optimizer is not known.
    """
    training = None
    if batch is not None or optimizer is not None:
        training = training_memory(graph, batch=batch or 1, optimizer=optimizer or "adamw")
    fields = receptive_field(graph)
    return Summary(
        name or graph.root.title or "network",
        graph,
        table(graph, depth=depth, fields=fields),
        _sight(graph, fields, graph.outputs[0]) if graph.outputs else None,
        _local(graph, fields),
        legal_sizes(graph, fields=fields),
        inference_memory(graph, batch=batch or 1),
        training,
    )


def main_field(fields: Fields) -> ReceptiveField | None:
    """The field over the first input that has a plane and is seen at all."""
    return next((one for one in fields if one is not None and one.largest.axes), None)


def _sight(graph: Graph, fields: dict[Value, Fields], value: Value) -> Sight | None:
    field = main_field(fields[value])
    return None if field is None else Sight(graph.nodes[value.node].path, field)


def _local(graph: Graph, fields: dict[Value, Fields]) -> Sight | None:
    """Going back from the first output, the first value that does not see the whole image."""
    if not graph.outputs:
        return None
    value = graph.outputs[0]
    while graph.nodes[value.node].inputs:
        sight = _sight(graph, fields, value)
        if sight is not None and not any(axis.is_whole for axis in sight.field.smallest.axes):
            return sight
        value = graph.nodes[value.node].inputs[0]
    return None


def as_record(summary: Summary) -> dict[str, Json]:
    """The object of `striate show --json`.

    Sizes are lists, channels first; what is unknown is null. `receptive_field` is a list with the
    pixels per axis (null where the whole axis is seen), or "whole image"; `stride` likewise, as
    numbers. `in` and `out` are the first streams of a layer, `inputs` and `outputs` all of them.
    `layers` holds every node, nothing folded, so that its `params` and `macs` add up to the totals.
    """
    graph, total = summary.graph, summary.cost.total
    return {
        "name": summary.name,
        "input": _first(graph.input_types),
        "output": _first(graph.output_types),
        "inputs": _all(graph.input_types),
        "outputs": _all(graph.output_types),
        "params": total.params,
        "buffers": total.buffers,
        "macs": total.macs,
        "flops": total.flops,
        "other_operations": total.other,
        "convention": summary.cost.convention,
        "activation_bytes": total.activation_bytes,
        "receptive_field": _seen(summary.output),
        "local_receptive_field": _local_record(summary.local),
        "legal_sizes": None if summary.sizes is None else summary.sizes._asdict(),
        "inference_memory": _memory(summary.inference),
        "training_memory": _memory(summary.training),
        "unknown": list(summary.cost.unknown),
        "uncounted": list(summary.cost.uncounted),
        "pruned": list(graph.pruned),
        "layers": [_layer(row) for row in layer_rows(graph)],
    }


def _memory(memory: InferenceMemory | TrainingMemory | None) -> Json:
    return None if memory is None else {**memory._asdict(), "total_bytes": memory.total_bytes}


def _first(types: Sequence[TensorType]) -> Json:
    return list(types[0].sizes) if types else None


def _all(types: Sequence[TensorType]) -> Json:
    return [list(one.sizes) for one in types]


def _layer(row: Row) -> dict[str, Json]:
    field = main_field(row.fields)
    return {
        "path": row.path,
        "op": row.title,
        "in": _first(row.inputs),
        "out": _first(row.outputs),
        "inputs": _all(row.inputs),
        "outputs": _all(row.outputs),
        "params": row.cost.params,
        "macs": row.cost.macs,
        "receptive_field": None if field is None else _field(field.largest),
        "receptive_field_smallest": None if field is None else _field(field.smallest),
        "stride": None if field is None else _stride(field.largest),
        "shared": row.shared,
    }


def _seen(sight: Sight | None) -> Json:
    return None if sight is None else _field(sight.field.largest)


def _local_record(sight: Sight | None) -> Json:
    if sight is None:
        return None
    return {
        "path": sight.path,
        "largest": _field(sight.field.largest),
        "smallest": _field(sight.field.smallest),
        "stride": _stride(sight.field.smallest),
        "offset": list(sight.field.smallest.offsets),
    }


def _field(field: Field) -> Json:
    return WHOLE_IMAGE if field.is_whole else list(field.sizes)


def _stride(field: Field) -> Json:
    if field.is_whole:
        return None
    return [int(step) if step.denominator == 1 else float(step) for step in field.steps]
