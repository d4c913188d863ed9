"""The typed graph: knows no layer, no text, no framework."""

from striate.ir.build import GraphBuilder
from striate.ir.facts import (
    DEFAULT_INITIALISATION,
    UNUSED,
    WHOLE,
    Cost,
    Initialisation,
    Reach,
    Setting,
    TorchFunction,
    TorchLayer,
    Weight,
    Window,
)
from striate.ir.graph import Graph, Node, Region, Value
from striate.ir.op import Op, Types, op_named, op_names
from striate.ir.parameter import (
    REQUIRED,
    Parameter,
    Sizes,
    anything,
    count,
    factors,
    flag,
    number,
    shape,
    show_setting,
    sizes,
    width,
    word,
)
from striate.ir.tensor_type import Size, TensorType
from striate.ir.verify import verify

__all__ = [
    "DEFAULT_INITIALISATION",
    "REQUIRED",
    "UNUSED",
    "WHOLE",
    "Cost",
    "Graph",
    "GraphBuilder",
    "Initialisation",
    "Node",
    "Op",
    "Parameter",
    "Reach",
    "Region",
    "Setting",
    "Size",
    "Sizes",
    "TensorType",
    "TorchFunction",
    "TorchLayer",
    "Types",
    "Value",
    "Weight",
    "Window",
    "anything",
    "count",
    "factors",
    "flag",
    "number",
    "op_named",
    "op_names",
    "shape",
    "show_setting",
    "sizes",
    "verify",
    "width",
    "word",
]
