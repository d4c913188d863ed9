"""Finds the weights inside what training programs save around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from striate.errors import UsageError, listing

AVERAGED = ("state_dict_ema", "ema_state_dict", "model_ema", "ema", "module_ema")
PLAIN = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "module",
    "params",
    "weights",
)
BOOKKEEPING = ("n_averaged", "total_ops", "total_params")
"""Names under which averaging and profilers leave numbers among the weights."""
MOST_LEVELS = 4


class Unwrapped(NamedTuple):
    """The weights, and what was opened to reach them."""

    tensors: dict[str, Tensor]
    notes: tuple[str, ...]


def unwrap(value: object, origin: str) -> Unwrapped:
    """The tensors by name; averaged weights are taken where there are some.

    Raises:
        UsageError: there are no named tensors inside.
    """
    opened: list[str] = []
    notes: list[str] = []
    for _ in range(MOST_LEVELS + 1):
        tensors = _tensors(value)
        if tensors:
            return Unwrapped(tensors, tuple(notes))
        inner = _inner(value)
        if inner is None:
            break
        assert isinstance(value, Mapping)
        opened.append(inner)
        if inner in AVERAGED:
            notes.append(f"the averaged weights in it ('{inner}') are taken")
        value = value[inner]
    raise UsageError.of(
        "no-weights-inside",
        f"{origin} holds no weights: {_content(value)}",
        f"looked for named tensors at its top and under {', '.join(PLAIN[:4])}, ema and the like",
        *([f"opened: {' > '.join(opened)}"] if opened else []),
    )


def _tensors(value: object) -> dict[str, Tensor]:
    """Tensors with real numbers by name, without what programs keep beside them."""
    if not isinstance(value, Mapping):
        return {}
    return {
        key: tensor.to_dense() if tensor.layout != torch.strided else tensor
        for key, tensor in value.items()
        if isinstance(key, str)
        and isinstance(tensor, Tensor)
        and not (tensor.is_meta or tensor.is_complex() or tensor.is_quantized)
        and key.rpartition(".")[2] not in BOOKKEEPING
    }


def _inner(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return None
    known = (*AVERAGED, *PLAIN)
    return next((name for name in known if isinstance(value.get(name), Mapping)), None)


def _content(value: object) -> str:
    if isinstance(value, Mapping):
        return f"its entries are {listing([str(key) for key in value], most=6) or 'none'}"
    return f"it is a {type(value).__name__}"


def without_wrapper(names: list[str], like: list[str]) -> dict[str, str]:
    """For each name what it is called below a first part that all share (`module.`).

    Nothing is taken off that the names in `like` share as well.
    """
    shown = {name: name for name in names}
    while True:
        first = {one.partition(".")[0] for one in shown.values()}
        has_rest = all("." in one for one in shown.values())
        if len(first) != 1 or not has_rest or first == {one.partition(".")[0] for one in like}:
            return shown
        if not any(one.partition(".")[2] for one in shown.values()):
            return shown
        shown = {name: one.partition(".")[2] for name, one in shown.items()}
