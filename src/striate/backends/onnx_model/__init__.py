"""A graph as an ONNX model, straight from what each layer says; torch takes no part."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from striate import __version__
from striate.backends.onnx_model._build import IR_VERSION, OPSET, Builder
from striate.backends.onnx_model._files import MOST_BYTES, save
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
) -> onnx.ModelProto:
    """The network in use (batch norm by its running averages) as an ONNX model in float32.

    weights: by the key they are published under, which is also the name of the initialiser; other
        keys are ignored. Nodes are called by the paths of our layers: the last one of a layer by
        the path itself, those before it by path and operator.
    classes, preprocessing: written into the metadata as JSON, under these names.

    The first axis of every input and output is the batch, of any size. Sizes that the graph leaves
    open stay open. Layers that act only in training are left out.

    Raises:
        UsageError: a weight is missing or has another shape.
        GraphError: a layer has no ONNX form, or none for sizes that are open.
    """
    from onnx import helper

    made = helper.make_model(
        Builder(graph, weights).model_graph(name),
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
    helper.set_model_props(made, facts)
    return made


def save_onnx(
    path: str | Path, model: onnx.ModelProto, *, most_bytes: int = MOST_BYTES
) -> tuple[Path, ...]:
    """The files written: the model, and its weights beside it if they are too many for one file.

    A file holds 2 GiB at most. Above that the weights stand in `NAME.data`, which has to stay
    beside the model. Files appear whole or not at all; those of the same name are replaced. With
    weights outside, `model` keeps references to them in place of the numbers.

    Raises:
        UsageError: the folder is missing or cannot be written to.
    """
    return save(Path(path), model, most_bytes)
