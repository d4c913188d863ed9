"""A graph as an ONNX model, straight from what each layer says; torch takes no part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from striate.backends.onnx_model._build import OPSET, built
from striate.backends.onnx_model._files import MOST_BYTES, save, whole
from striate.ir import Graph

if TYPE_CHECKING:
    import numpy as np
    import onnx

__all__ = ["MOST_BYTES", "OPSET", "onnx_model", "save_onnx"]


def onnx_model(
    graph: Graph,
    weights: Mapping[str, np.ndarray],
    *,
    name: str,
    classes: Sequence[str] | None = None,
    preprocessing: Mapping[str, object] | None = None,
    temperature: float | None = None,
) -> onnx.ModelProto:
    """The network in use (batch norm by its running averages) as an ONNX model in float32.

    weights: by the key they are published under, which is also the name of the initialiser; other
        keys are ignored. Nodes are called by the paths of our layers: the last one of a layer by
        the path itself, those before it by path and operator.
    classes, preprocessing, temperature: written into the metadata as JSON, under these names.

    The first axis of every input and output is the batch, of any size. Sizes that the graph leaves
    open stay open. Layers that act only in training are left out.

    Raises:
        UsageError: a weight is missing or has another shape; there are more of them than a model
            in one piece holds, and `save_onnx` is needed.
        GraphError: a layer has no ONNX form, or none for sizes that are open.
    """
    return whole(built(graph, weights, name, classes, preprocessing, temperature))


def save_onnx(  # noqa: PLR0913 - those of onnx_model
    path: str | Path,
    graph: Graph,
    weights: Mapping[str, np.ndarray],
    *,
    name: str,
    classes: Sequence[str] | None = None,
    preprocessing: Mapping[str, object] | None = None,
    temperature: float | None = None,
    most_bytes: int = MOST_BYTES,
) -> tuple[Path, ...]:
    """The files written: the model, and its weights beside it if they are too many for one file.

    Arguments as of `onnx_model`. A file holds 2 GiB at most. Above `most_bytes` the weights stand
    in `NAME.data`, which has to stay beside the model. Files appear whole or not at all; those of
    the same name are replaced.

    Raises:
        UsageError: as `onnx_model`, but for the size; the file cannot be written.
        GraphError: as `onnx_model`.
    """
    return save(
        Path(path), built(graph, weights, name, classes, preprocessing, temperature), most_bytes
    )
