"""Puts weights into a module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor, nn

from striate.errors import listing
from striate.weights.match import Sides, match
from striate.weights.record import Loaded, Weights


def load_into(
    module: nn.Module,
    weights: Weights,
    *,
    outputs: int,
    name: str = "the network",
    like: nn.Module | None = None,
) -> Loaded:
    """Fill a module with weights, and say how they were taken.

    outputs: numbers that the network puts out per place, its classes. Where the weights are for
    another number, the last layer keeps what it was made with. like: the whole network, where
    `module` is a part of it with the same keys. On the device `meta` nothing is filled.

    Raises:
        UsageError: they are of another network; the message shows the first difference.
    """
    state = module.state_dict()
    whole = state if like is None else like.state_dict()
    sides = Sides(
        name,
        weights.origin,
        {key: tuple(tensor.shape) for key, tensor in whole.items()},
        {key: tuple(tensor.shape) for key, tensor in weights.tensors.items()},
    )
    found = match(sides, outputs=outputs, has_order=weights.has_order)
    if weights.is_renamed:
        found = found.silent()
    chosen = {
        key: weights.tensors[there].reshape(state[key].shape)
        for key, there in found.names.items()
        if key in state and not state[key].is_meta
    }
    notes = (*weights.notes, *found.notes, *_not_finite(chosen))
    if chosen:
        module.load_state_dict(chosen, strict=False)
    classes = None if found.has_new_head else _of_length(weights.classes, outputs)
    return Loaded(
        weights.origin,
        tuple(key for key in found.fresh if key in state),
        weights.preprocessing,
        classes,
        notes,
        found.has_new_head,
    )


def _not_finite(tensors: Mapping[str, Tensor]) -> Iterator[str]:
    """A note on tensors with numbers that no training recovers from."""
    keys = [key for key, one in tensors.items() if not bool(one.isfinite().all())]
    if keys:
        yield f"numbers that are not finite stand in {listing(keys, most=3)}"


def _of_length(classes: Sequence[str] | None, outputs: int) -> tuple[str, ...] | None:
    return tuple(classes) if classes is not None and len(classes) == outputs else None
