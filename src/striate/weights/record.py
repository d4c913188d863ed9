"""What is known of a file of weights, and of a module that took them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from striate.data import Preprocessing


@dataclass(frozen=True, eq=False)
class Weights:
    """Tensors by name, and what came with them.

    origin: where they were read from, for people.
    has_order: whether the names stand in the order in which the layers were made; `.safetensors`
        files sort them.
    preprocessing: how images were prepared for these weights. classes: names of the outputs.
    notes: what was noticed on the way, a sentence each.
    """

    origin: str
    tensors: Mapping[str, Tensor]
    has_order: bool = True
    preprocessing: Preprocessing | None = None
    classes: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """How a module took its weights.

    fresh: keys that kept the numbers they were made with, such as those of a replaced last layer.
    classes: names of the outputs; None where nobody knows them or the last layer was replaced.
    notes: all that is worth telling, a sentence each.
    """

    origin: str
    fresh: tuple[str, ...]
    preprocessing: Preprocessing | None
    classes: tuple[str, ...] | None
    notes: tuple[str, ...]
