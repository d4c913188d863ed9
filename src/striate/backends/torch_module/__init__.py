"""A graph as a `torch.nn.Module`: the reference that all other back-ends are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch

from striate.backends._taps import tapped
from striate.backends.torch_module._build import tree
from striate.backends.torch_module._container import Container, Holder
from striate.backends.torch_module._network import Network
from striate.ir import Graph

__all__ = ["Container", "Holder", "Network", "module"]


def module(
    graph: Graph,
    *,
    outputs: Sequence[str] | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Network:
    """The network as modules nested like its definitions, with weights as the text says they start.

    The key of a weight is the path of its layer and torch's name for it. A definition or label with
    several layers is a container, which is called: hooks on it fire, it can be wrapped or replaced.
    Called with a batch for each input of the graph; gives a tensor, or a tuple of several.

    outputs: names of values to give instead of the graph's own: labels, `as` names or paths. Only
        what they need is built, under the keys it has in the whole network.
    device, dtype: where the weights are made, and as what. On `"meta"` they have no numbers.

    Draws from torch's generator: `torch.manual_seed` makes the weights the same again.

    Raises:
        UsageError: an output that is not in the network.
    """
    part = graph if outputs is None else tapped(graph, outputs)
    with nullcontext() if device is None else torch.device(device):
        network = tree(part)
    return network if dtype is None else network.to(dtype=dtype)
