"""A graph as a `torch.nn.Module`: the reference that all other back-ends are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import torch

from striate.backends._taps import tapped
from striate.backends.torch_module._build import tree
from striate.backends.torch_module._container import Container, Holder
from striate.backends.torch_module._fold import worked_out
from striate.backends.torch_module._network import Network
from striate.ir import Graph
from striate.ir.recipe import Recipe

__all__ = ["Container", "Holder", "Network", "module", "reworked"]


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


def reworked(network: Network, graph: Graph, weights: Mapping[str, Recipe]) -> Network:
    """The module of a rewritten graph, in eval mode, with weights that follow from those it has.

    weights: how; tensors that it does not name stay as they are. They are worked out in double
        precision and have the dtype and the device of the old ones.
    """
    old: dict[str, torch.Tensor] = network.state_dict()

    def read(key: str) -> torch.Tensor:
        return old[key].detach().cpu().double()

    like = next((one for one in old.values() if one.is_floating_point()), torch.empty(0))
    with torch.random.fork_rng(), like.device:
        made = tree(graph, starts=False).to(like.dtype)
    state = {
        key: worked_out(weights[key], read).to(like.device, like.dtype)
        if key in weights
        else old[key].detach().clone()
        for key in made.state_dict()
    }
    made.load_state_dict(state, assign=True)
    return made.eval()
