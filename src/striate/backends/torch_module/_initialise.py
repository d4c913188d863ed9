"""How weights start."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from striate.errors import GraphError
from striate.ir import Initialisation, TorchLayer, Weight


@dataclass(frozen=True)
class Start:
    """How the weights of one node start.

    is_zeroed: its gamma starts at 0, because it closes a residual branch.
    is_open: the numbers are given later; torch's own layers draw none.
    """

    weights: tuple[Weight, ...]
    init: Initialisation
    is_zeroed: bool = False
    is_open: bool = False

    def made(self, make: Callable[..., object], layer: TorchLayer) -> nn.Module:
        """The layer with its weights filled.

        Raises:
            GraphError: a layer from outside is no module, or has other weights than it told.
        """
        is_torch = layer.name.startswith("torch.nn.") and not layer.factory
        is_ours_to_fill = self.is_open or self._is_filled
        if is_torch and is_ours_to_fill and isinstance(make, type) and issubclass(make, nn.Module):
            return self._made_by_torch(make, layer)
        made = make(*layer.arguments, **layer.keywords)
        if not isinstance(made, nn.Module):
            raise GraphError.of(
                "not-a-module",
                f"{layer.name} gave a {type(made).__name__}, not a torch.nn.Module",
                "the factory of a registered layer makes the module that is then called",
            )
        self._check(made, layer)
        if self._is_filled:
            self._fill(made)
        return made

    def _made_by_torch(self, kind: type[nn.Module], layer: TorchLayer) -> nn.Module:
        """Without drawing every number once before it is drawn here."""
        made = kind.__new__(kind)
        made.__dict__["reset_parameters"] = _nothing
        kind.__init__(made, *layer.arguments, **layer.keywords)
        made.__dict__.pop("reset_parameters")
        assert len(self.weights) == len(made.state_dict()), f"{made} holds more than {self.weights}"
        if self._is_filled:
            self._fill(made)
        return made

    @property
    def _is_filled(self) -> bool:
        return self.init.scheme != "torch" and not self.is_open

    def _check(self, made: nn.Module, layer: TorchLayer) -> None:
        state = made.state_dict()
        for weight in self.weights:
            found = tuple(state[weight.name].shape) if weight.name in state else "missing"
            if found != weight.shape:
                raise GraphError.of(
                    "weights-differ",
                    f"{layer.name} states {weight.name} of shape {weight.shape}, and its module "
                    f"has {found}",
                    "state each tensor of the module by its name there",
                )

    @torch.no_grad()
    def _fill(self, made: nn.Module) -> None:
        for weight in self.weights:
            owner_path, _, name = weight.name.rpartition(".")
            tensor = getattr(made.get_submodule(owner_path), name)
            if not tensor.is_meta:
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
            case "own":
                pass
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
