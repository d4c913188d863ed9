"""All layers; the folder is the list.

A layer of your own is one file in a folder of yours: `striate.ops.__path__.append(folder)`, then
`striate.ops.load()`.
"""

from __future__ import annotations

import sys

from striate.discovery import load_all
from striate.ir import op_named, op_names
from striate.ops.activation import ReLU
from striate.ops.adaptive import GlobalAveragePool
from striate.ops.convolution import Convolution
from striate.ops.foreign import register
from striate.ops.linear import Dense
from striate.ops.merge import Add, Concatenate, Multiply, Subtract
from striate.ops.normalization import BatchNorm
from striate.ops.pooling import MaxPool
from striate.ops.reshape import Flatten
from striate.ops.wires import BareParameter, Input

__all__ = [
    "Add",
    "BareParameter",
    "BatchNorm",
    "Concatenate",
    "Convolution",
    "Dense",
    "Flatten",
    "GlobalAveragePool",
    "Input",
    "MaxPool",
    "Multiply",
    "ReLU",
    "Subtract",
    "load",
    "op_named",
    "op_names",
    "register",
]


def load() -> None:
    """Makes every layer in the folders of this package known; those known stay as they are."""
    load_all(sys.modules[__name__])


load()
