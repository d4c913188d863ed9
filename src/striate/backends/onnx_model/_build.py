"""Node by node from a graph to ONNX."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from striate import __version__
from striate.backends._calls import input_name, outputs_of
from striate.backends.onnx_model._tensors import Tensors, key_of
from striate.errors import Diagnostic, GraphError
from striate.ir import (
    Graph,
    Node,
    OnnxConstant,
    OnnxInput,
    OnnxNode,
    OnnxPort,
    OnnxTerm,
    OnnxWeight,
    Setting,
    TensorType,
    Value,
)

if TYPE_CHECKING:
    import numpy as np
    import onnx

OPSET = 21
"""The first that normalizes groups with a scale per channel; onnxruntime runs it from 1.18 on."""
IR_VERSION = 10
BATCH = "batch"

_AXES = {
    0: (),
    1: ("length",),
    2: ("height", "width"),
    3: ("depth", "height", "width"),
}


@dataclass(frozen=True)
class Built:
    """A model whose weights are still apart: the format holds 2 GiB, and torch's tensors more."""

    model: onnx.ModelProto
    tensors: Mapping[str, np.ndarray]

    @property
    def size_bytes(self) -> int:
        """Of all weights."""
        return sum(one.nbytes for one in self.tensors.values())


def built(
    graph: Graph,
    weights: Mapping[str, np.ndarray],
    name: str,
    classes: Sequence[str] | None,
    preprocessing: Mapping[str, object] | None,
    temperature: float | None,
) -> Built:
    """The model of a graph."""
    from onnx import helper

    builder = Builder(graph, weights)
    made = helper.make_model(
        builder.model_graph(name),
        producer_name="striate",
        producer_version=__version__,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    facts: dict[str, str] = {}
    if classes is not None:
        facts["classes"] = json.dumps(list(classes), ensure_ascii=False)
    if preprocessing is not None:
        facts["preprocessing"] = json.dumps(dict(preprocessing), ensure_ascii=False)
    if temperature is not None:
        facts["temperature"] = json.dumps(temperature)
    helper.set_model_props(made, facts)
    used = {one for node in builder.nodes for one in node.input}
    return Built(made, builder.tensors.among(used))


class Builder:
    """Writes a graph once; names are those of the text, made unique where it has them twice."""

    def __init__(self, graph: Graph, weights: Mapping[str, np.ndarray]) -> None:
        self.graph = graph
        self.nodes: list[onnx.NodeProto] = []
        self.tensors = Tensors(weights)
        self.names: dict[Value, str] = {}
        self.outputs: set[str] = set()
        self.called: set[str] = set()
        self.taken = {key_of(node, one.name) for node in graph.nodes for one in node.weights}

    def model_graph(self, name: str) -> onnx.GraphProto:
        """The graph in ONNX, without its weights."""
        from onnx import helper

        inputs = [self._input(value) for value in self.graph.inputs]
        asked = [_fresh(one, self.taken) for one in _output_names(self.graph)]
        for index, node in enumerate(self.graph.nodes):
            if Value(index) not in self.names:
                self._write(index, node)
        pairs = zip(asked, self.graph.outputs, strict=True)
        outputs = [self._output(called, value) for called, value in pairs]
        return helper.make_graph(
            self.nodes,
            name,
            inputs,
            outputs,
            value_info=list(self._inner_types()),
        )

    def named(self, called: str, outputs: int) -> tuple[str, list[str]]:
        """The name of an operator, and those of its outputs; numbered where they are taken."""
        name = _fresh(called, self.called)
        wanted = [name] if outputs == 1 else [f"{name}:{port}" for port in range(outputs)]
        return name, [_fresh(one, self.taken) for one in wanted]

    def _input(self, value: Value) -> onnx.ValueInfoProto:
        name = _fresh(input_name(self.graph, value), self.taken)
        self.names[value] = name
        type_ = self.graph.type_of(value)
        prefix = "" if len(self.graph.inputs) == 1 else f"{name}."
        axes = [f"{prefix}{axis}" for axis in _AXES[type_.rank]]
        return _value_info(name, type_, BATCH, axes)

    def _write(self, index: int, node: Node) -> None:
        writing = _Writing(self, node, [self.names[value] for value in node.inputs])
        names = writing.outputs(_term(node))
        self.names.update(zip(outputs_of(self.graph, index), names, strict=True))

    def _output(self, name: str, value: Value) -> onnx.ValueInfoProto:
        """The output, whose value is called by the output's name instead of by a path."""
        from onnx import helper

        inner = self.names[value]
        makers = [node for node in self.nodes if inner in node.output]
        if not makers or inner in self.outputs:
            called, _ = self.named(name, 1)
            self.nodes.append(helper.make_node("Identity", [inner], [name], name=called))
        else:
            self._rename(inner, name)
        self.outputs.add(name)
        batch = 1 if inner in self.tensors else BATCH
        return _value_info(name, self.graph.type_of(value), batch)

    def _rename(self, old: str, new: str) -> None:
        for node in self.nodes:
            for names in (node.input, node.output):
                for at, name in enumerate(names):
                    if name == old:
                        names[at] = new
        self.names.update({value: new for value, name in self.names.items() if name == old})

    def _inner_types(self) -> Iterator[onnx.ValueInfoProto]:
        """What is known about the layers' values, for those who look at the model."""
        seen = self.outputs | {self.names[value] for value in self.graph.inputs}
        for value, name in self.names.items():
            if name not in seen and name not in self.tensors:
                seen.add(name)
                yield _value_info(name, self.graph.type_of(value), BATCH)


@dataclass
class _Writing:
    """The terms of one node; those met again are not written twice."""

    builder: Builder
    node: Node
    inputs: list[str]
    written: dict[OnnxTerm, list[str]] = field(default_factory=dict)

    def outputs(self, term: OnnxTerm) -> list[str]:
        """The names of what the whole term gives."""
        return self._names(term, self.node.path)

    def _names(self, term: OnnxTerm, called: str = "") -> list[str]:
        if term not in self.written:
            self.written[term] = self._write(term, called)
        return self.written[term]

    def _write(self, term: OnnxTerm, called: str) -> list[str]:
        tensors = self.builder.tensors
        match term:
            case OnnxInput():
                return [self.inputs[term.index]]
            case OnnxPort():
                return [self._names(term.node)[term.port]]
            case OnnxWeight():
                return [tensors.weight(self.node, term)]
            case OnnxConstant():
                return [tensors.constant(term)]
            case OnnxNode():
                return self._operator(term, called or f"{self.node.path}/{term.op}")

    def _operator(self, term: OnnxNode, called: str) -> list[str]:
        from onnx import helper

        inputs = ["" if one is None else self._names(one)[0] for one in term.inputs]
        while not inputs[-1]:
            inputs.pop()
        name, outputs = self.builder.named(called, term.outputs)
        made = helper.make_node(term.op, inputs, outputs, name=name, **_attributes(term))
        if not self.builder.tensors.fold(made):
            self.builder.nodes.append(made)
        return outputs


def _term(node: Node) -> OnnxTerm:
    """The layer's spelling.

    Raises:
        GraphError: it has none; the message says where in the network.
    """
    try:
        return node.op.onnx(node.input_types, node.outputs)
    except GraphError as refusal:
        told = [
            Diagnostic(one.code, f"{node.path}: {one.reason}", node.span, one.help)
            for one in refusal.diagnostics
        ]
        raise GraphError(*told) from None


def _attributes(term: OnnxNode) -> dict[str, Any]:
    """The attributes in the types that the operator declares: a 1 may have to be 1.0."""
    from onnx import defs

    declared = defs.get_schema(term.op, OPSET).attributes
    return {
        name: _typed(value, declared[name].type is defs.OpSchema.AttrType.FLOAT)
        for name, value in term.attributes.items()
    }


def _typed(value: Setting, is_float: bool) -> object:
    if isinstance(value, tuple):
        return list(value)
    return float(value) if is_float and isinstance(value, int | float) else value


def _output_names(graph: Graph) -> list[str]:
    """The label of each output if it has one; else `output`, numbered where there are several."""
    labels = {
        values[0]: name
        for name, values in graph.names.items()
        if len(values) == 1 and name.isidentifier()
    }
    if len(graph.outputs) == 1:
        return [labels.get(graph.outputs[0], "output")]
    return [labels.get(value, f"output.{at}") for at, value in enumerate(graph.outputs)]


def _fresh(name: str, taken: set[str]) -> str:
    """The name, with a number behind it if it is taken; taken from now on."""
    found, at = name, 0
    while found in taken:
        at += 1
        found = f"{name}_{at}"
    taken.add(found)
    return found


def _value_info(
    name: str, type_: TensorType, batch: str | int, axes: Sequence[str] = ()
) -> onnx.ValueInfoProto:
    from onnx import TensorProto, helper

    open_axes: Iterable[str | None] = axes or [None] * type_.rank
    plane = [
        axis if size is None else size for size, axis in zip(type_.plane, open_axes, strict=True)
    ]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, type_.channels, *plane])
