"""Whether a map depends on what the network has learned."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from striate.explain.grad_cam import grad_cam
from striate.explain.probe import Probe

# Layers made random from one look at the map to the next: so that there are about so many looks.
LOOKS = 8
# A map that is the same to this degree with no weight left of those learned explains nothing.
ALIKE = 0.5


class Look(NamedTuple):
    """The map after some layers were made random.

    layers: how many. last: name of the last of them. likeness: rank correlation with the map of the
    trained network, -1..1.
    """

    layers: int
    last: str
    likeness: float


def cascade(probe: Probe, image: Tensor, target: int, *, seed: int = 0) -> list[Look]:
    """The map while layers are made random from the top, one after the other until none is left.

    Every weight is drawn from the normal distribution with the mean and deviation of its tensor;
    running statistics stay. The network given is left as it is.

    Source: J. Adebayo et al., "Sanity Checks for Saliency Maps", 2018, section 3.1, cascading
    randomization; there with rank correlation as well.
    """
    before = grad_cam(probe, image, target)
    changed = deepcopy(probe)
    random = torch.Generator().manual_seed(seed)
    layers = list(_layers(changed, image))
    every = max(1, -(-len(layers) // LOOKS))
    looks = []
    for number, (name, layer) in enumerate(reversed(layers), start=1):
        _randomize(layer, random)
        if number % every == 0 or number == len(layers):
            likeness = rank_correlation(before, grad_cam(changed, image, target))
            looks.append(Look(number, name, likeness))
    return looks


def is_sound(looks: list[Look]) -> bool:
    """Whether the map is another one once all weights are random."""
    return bool(looks) and abs(looks[-1].likeness) < ALIKE


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation of two maps; 0 where one of them is the same everywhere."""
    ranks = [_ranks(values.ravel()) for values in (one, other)]
    spreads = [float(values.std()) for values in ranks]
    if min(spreads) == 0:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Places in order, from 0; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts + 1) / 2)[inverse])


def _layers(probe: Probe, image: Tensor) -> Iterator[tuple[str, nn.Module]]:
    """Layers with weights of their own, in the order in which they are used."""
    order: list[str] = []
    names = {
        name: part
        for name, part in probe.inner.named_modules()
        if list(part.parameters(recurse=False))
    }
    handles = [
        part.register_forward_pre_hook(lambda *_, name=name: order.append(name))
        for name, part in names.items()
    ]
    try:
        with torch.no_grad():
            probe(image)
    finally:
        for handle in handles:
            handle.remove()
    for name in dict.fromkeys(order):
        yield name, names[name]


def _randomize(layer: nn.Module, random: torch.Generator) -> None:
    with torch.no_grad():
        for weight in layer.parameters(recurse=False):
            spread = float(weight.std(correction=0)) if weight.numel() > 1 else 0.0
            drawn = torch.randn(weight.shape, generator=random).to(weight)
            weight.copy_(float(weight.mean()) + spread * drawn)
