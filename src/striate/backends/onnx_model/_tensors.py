"""The numbers of a model: weights by published keys, constants, what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from striate.errors import UsageError, did_you_mean
from striate.ir import Node, OnnxConstant, OnnxWeight

if TYPE_CHECKING:
    import numpy as np
    import onnx


def key_of(node: Node, name: str) -> str:
    """The key that a tensor of a layer is published under."""
    return ".".join(filter(None, (node.path, name)))


class Tensors:
    """Arrays by name; equal constants are one."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = weights
        self.arrays: dict[str, np.ndarray] = {}
        self._views: dict[tuple[str, tuple[int, ...] | None], str] = {}
        self._constants: dict[tuple[object, ...], str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def weight(self, node: Node, term: OnnxWeight) -> str:
        """The name of a layer's tensor.

        Raises:
            UsageError: it is missing or has another shape.
        """
        key = key_of(node, term.name)
        view = (key, term.shape)
        if view not in self._views:
            array = self._checked(node, key, term.name)
            name = key
            if term.shape is not None:
                array = array.reshape(term.shape)
            if name in self.arrays:  # the same numbers in another shape
                name = f"{key}/{'x'.join(map(str, array.shape))}"
            self.arrays[name] = array
            self._views[view] = name
        return self._views[view]

    def _checked(self, node: Node, key: str, name: str) -> np.ndarray:
        import numpy as np

        (expected,) = (one.shape for one in node.weights if one.name == name)
        if key not in self.weights:
            raise UsageError.of(
                "missing-weight",
                f"the weights hold no '{key}'{did_you_mean(key, self.weights)}",
                f"{node.op} needs it, of shape {expected}",
            )
        found = np.asarray(self.weights[key])
        if found.shape != expected:
            raise UsageError.of(
                "wrong-weight-shape",
                f"'{key}' has the shape {found.shape}, expected {expected}",
                f"{node.op} on {node.input_types[0] if node.input_types else 'nothing'}",
            )
        return np.ascontiguousarray(found, dtype=np.float32).reshape(expected)

    def constant(self, term: OnnxConstant) -> str:
        """The name of fixed numbers."""
        import numpy as np

        key = (term.values, term.shape, term.whole)
        if key not in self._constants:
            kind = np.int64 if term.whole else np.float32
            name = f"constant/{len(self._constants)}"
            self.arrays[name] = np.resize(np.array(term.values, dtype=kind), term.shape)
            self._constants[key] = name
        return self._constants[key]

    def fold(self, node: onnx.NodeProto) -> bool:
        """Computes what follows from known numbers alone; False where something else goes in."""
        if not all(name in self.arrays for name in node.input if name):
            return False
        self.arrays.update(zip(node.output, _computed(node, self.arrays), strict=True))
        return True

    def among(self, used: set[str]) -> dict[str, np.ndarray]:
        """Those that are used, in the order in which they were met."""
        return {name: array for name, array in self.arrays.items() if name in used}


def _computed(node: onnx.NodeProto, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    from striate.backends.onnx_model._build import IR_VERSION, OPSET

    given = {name: arrays[name] for name in node.input if name}
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in given.items()
    ]
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.output]
    graph = helper.make_graph([node], "constants", inputs, outputs)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
    return list(ReferenceEvaluator(model).run(None, given))
