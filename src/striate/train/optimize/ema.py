"""A running average of a network's weights, which is evaluated in their place."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn


class Ema:
    """The exponential moving average of all floating-point numbers of a module.

    decay: share of the average that a step keeps, 0 to below 1; it rises to this, see `kept_share`.

    Running statistics of batch norm are averaged like weights, with which they must agree: those of
    the last step belong to the weights of the last step. Counters are copied.

    Source: B. Polyak and A. Juditsky, "Acceleration of stochastic approximation by averaging",
    1992. Statistics are averaged too in M. Tan and Q. Le's training of EfficientNet (2019).

    >>> single = nn.Linear(1, 1, bias=False)
    >>> _ = nn.init.constant_(single.weight, 0.0)
    >>> average = Ema(single, decay=0.9)
    >>> _ = nn.init.constant_(single.weight, 1.0)
    >>> average.update(single, step=1)  # keeps 2/11 of the zero
    >>> round(average.module().weight.item(), 4)
    0.8182
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self._average = deepcopy(module).requires_grad_(False)
        self._own = self._average.state_dict()
        self._floats = [name for name, tensor in self._own.items() if tensor.is_floating_point()]
        self._whole = [name for name in self._own if name not in set(self._floats)]

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take in the weights that the module has after its step number `step`, from 1.

        Weights that did not change stay as they are, to the last bit.
        """
        current = module.state_dict()
        torch._foreach_lerp_(
            [self._own[name] for name in self._floats],
            [current[name] for name in self._floats],
            1 - kept_share(step, self.decay),
        )
        for name in self._whole:
            self._own[name].copy_(current[name])

    def module(self) -> nn.Module:
        """The module that holds the average; it stays this object's own."""
        return self._average

    def state(self) -> dict[str, Tensor]:
        """All there is to save, by the module's own keys."""
        return dict(self._own)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave."""
        self._average.load_state_dict(state)


def kept_share(step: int, decay: float) -> float:
    """Share of the average that step number `step`, from 1, keeps.

    It rises to `decay` as (1 + step) / (10 + step): the average is always over about the last tenth
    of the steps so far or fewer, and soon forgets the weights that the training began with. So one
    decay suits short and long trainings.

    Source: TensorFlow's `tf.train.ExponentialMovingAverage`, argument `num_updates`.

    >>> [round(kept_share(step, 0.9998), 4) for step in (1, 90, 990, 1_000_000)]
    [0.1818, 0.91, 0.991, 0.9998]
    """
    return min(decay, (1 + step) / (10 + step))
