"""ONNX models in onnxruntime beside the modules they were made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import torch

from scripts.onnx_check import randomise
from striate.backends.onnx_model import onnx_model
from striate.backends.onnx_model.run import Session
from striate.deploy.export import largest_difference
from striate.networks import Network, network

TOLERANCE = 1e-4


def arrays(module: torch.nn.Module) -> dict[str, np.ndarray]:
    """The weights of a module by their keys."""
    return {key: tensor.numpy() for key, tensor in module.state_dict().items()}


def model_of(
    text: str,
    classes: Sequence[str] | None = None,
    preprocessing: Mapping[str, object] | None = None,
) -> onnx.ModelProto:
    """The model of a text with random weights."""
    made = network(text)
    return onnx_model(
        made.graph,
        arrays(made.module()),
        name="text",
        classes=classes,
        preprocessing=preprocessing,
    )


def difference(net: Network, batches: Sequence[int] = (1, 3, 17)) -> float:
    """The largest, for random weights, as a share of the largest output; the model is checked."""
    module = net.module()
    randomise(module)
    model = onnx_model(net.graph, arrays(module), name=net.name)
    onnx.checker.check_model(model, full_check=True)
    return largest_difference(net, module, Session(model, threads=1), batches)


def node_types(model: onnx.ModelProto) -> list[str]:
    """The operators, in order."""
    return [node.op_type for node in model.graph.node]


def initialisers(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Shapes of all tensors, by name."""
    return {one.name: tuple(one.dims) for one in model.graph.initializer}
