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
    notes: what was noticed on the way, a sentence each. is_renamed: the names are known to be other
        ones, which is then not worth a note.
    """

    origin: str
    tensors: Mapping[str, Tensor]
    has_order: bool = True
    preprocessing: Preprocessing | None = None
    classes: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    is_renamed: bool = False


@dataclass(frozen=True)
class Loaded:
    """How a module took its weights.

    fresh: keys that kept the numbers they were made with, such as those of a replaced last layer.
    classes: names of the outputs; None where nobody knows them or the last layer was replaced.
    notes: all that is worth telling, a sentence each.
    has_new_head: the last layer is not of these weights, and must be trained.
    """

    origin: str
    fresh: tuple[str, ...]
    preprocessing: Preprocessing | None
    classes: tuple[str, ...] | None
    notes: tuple[str, ...]
    has_new_head: bool = False
