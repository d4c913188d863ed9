"""How weights start."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from striate.ir import Graph, Initialisation, Node, TorchLayer, Weight


@dataclass(frozen=True)
class Start:
    """How the weights of one node start.

    is_zeroed: its gamma starts at 0, because it closes a residual branch.
    """

    weights: tuple[Weight, ...]
    init: Initialisation
    is_zeroed: bool = False

    def made(self, kind: type[nn.Module], layer: TorchLayer) -> nn.Module:
        """The layer with its weights filled."""
        if self.init.scheme == "torch":
            return kind(*layer.arguments, **layer.keywords)
        made = kind.__new__(kind)
        if layer.name.startswith("torch.nn."):
            # All is filled below; torch would draw every number once before.
            made.__dict__["reset_parameters"] = _nothing
        made.__init__(*layer.arguments, **layer.keywords)  # type: ignore[misc]
        made.__dict__.pop("reset_parameters", None)
        if not any(one.is_meta for one in made.parameters()):
            self._fill(made)
        return made

    @torch.no_grad()
    def _fill(self, made: nn.Module) -> None:
        assert len(self.weights) == len(made.state_dict()), f"{made} holds more than {self.weights}"
        for weight in self.weights:
            owner_path, _, name = weight.name.rpartition(".")
            tensor = getattr(made.get_submodule(owner_path), name)
            assert tuple(tensor.shape) == weight.shape, (
                f"{made}: {weight} is {tensor.shape} in torch"
            )
            self._start(tensor, weight)

    def _start(self, tensor: Tensor, weight: Weight) -> None:
        match weight.role:
            case "kernel":
                _start_kernel(tensor, weight, self.init)
            case "scale":
                tensor.fill_(0.0 if self.is_zeroed else 1.0)
            case "bias" | "shift":
                tensor.zero_()
            case "constant" | "statistic":
                tensor.fill_(weight.value)
            case role:
                raise AssertionError(f"unknown role {role}")


def _nothing() -> None:
    """Stands in for a method that is not wanted."""


def _start_kernel(tensor: Tensor, weight: Weight, init: Initialisation) -> None:
    fan_in, fan_out = weight.fan
    match init.scheme:
        case "he_fan_out" if len(weight.shape) > 2:
            tensor.normal_(0, math.sqrt(2 / fan_out))
        case "he_fan_out":
            bound = 1 / math.sqrt(fan_in)
            tensor.uniform_(-bound, bound)
        case "he_fan_in":
            tensor.normal_(0, math.sqrt(2 / fan_in))
        case "xavier":
            bound = math.sqrt(6 / (fan_in + fan_out))
            tensor.uniform_(-bound, bound)
        case "trunc_normal":
            nn.init.trunc_normal_(tensor, std=init.std)
        case scheme:
            raise AssertionError(f"unknown initialisation {scheme}")


def bare_parameter(weight: Weight) -> nn.Parameter:
    """The tensor of a `param`."""
    return nn.Parameter(torch.full(weight.shape, float(weight.value)))


def residual_ends(graph: Graph) -> set[int]:
    """Norms that close a residual branch and are to start with gamma 0."""
    return {
        end
        for node in graph.nodes
        if node.op.name == "+"
        for end in _closing_norms(graph, node)
        if graph.nodes[end].init.zero_gamma
    }


def _closing_norms(graph: Graph, join: Node) -> list[int]:
    """Of the norms that branches of a sum end in, those that may be 0 without stopping the signal.

    The shortest branch carries the signal, be it a wire or a projection with a norm of its own.
    Where two are shortest nobody can say which does, and none is given.
    """
    ends = [_before_drops(graph, value.node) for value in join.inputs]
    norms = [end for end in ends if graph.nodes[end].op.glyph == "norm"]
    if not any(graph.nodes[end].init.zero_gamma for end in norms):
        return []
    behind = [_ancestors(graph, end) for end in ends]
    common = set.intersection(*behind)
    lengths = [len(nodes - common) for nodes in behind]
    shortest = min(lengths)
    if lengths.count(shortest) > 1:
        return []
    return [
        end for end, length in zip(ends, lengths, strict=True) if length > shortest and end in norms
    ]


def _before_drops(graph: Graph, index: int) -> int:
    while graph.nodes[index].op.acts_only_in_training:
        index = graph.nodes[index].inputs[0].node
    return index


def _ancestors(graph: Graph, index: int) -> set[int]:
    """The node and all it depends on."""
    found, todo = set[int](), [index]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo.extend(value.node for value in graph.nodes[one].inputs)
    return found
