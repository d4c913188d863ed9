"""Muon: momentum whose steps change all directions of a bank of filters alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor
from torch.optim import Optimizer

# Of a x + b x³ + c x⁵. They were chosen for the steepest rise at 0, not to converge: singular
# values end between 0.7 and 1.2.
QUINTIC = (3.4445, -4.7750, 2.0315)
# Five are usual for language models; K. Jordan's own training of CIFAR-10 takes three.
NEWTON_STEPS = 3
# Against division by zero.
TINY = 1e-7


def is_filter(parameter: Tensor) -> bool:
    """Whether a parameter is a bank of filters that mix channels; depthwise ones do not.

    The rows of a depthwise bank are filters of unrelated channels: to make them orthogonal to each
    other has no meaning.
    """
    return parameter.ndim > 2 and parameter.shape[1] > 1


class Muon(Optimizer):
    """Momentum made orthogonal for filters; plain Nesterov momentum for all else.

    Groups with `is_orthogonal` hold filters: out×in×k×k is a matrix of `out` rows. Their step has a
    2-norm of about `lr` times the square root of `out`, whatever the size of the gradient, which is
    about `lr` times that of fresh weights. Weights decay by `lr` times `weight_decay`, apart from
    the momentum. Groups with `is_scale_free` hold filters whose size has no effect: before each
    step they get a 2-norm of the square root of `out`. They would grow otherwise, and a step of the
    same length would turn them less and less.

    Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024, with
    its factor for matrices of more rows than columns; it too leaves all else to another optimizer.
    Sizes are set as in K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "is_orthogonal": False,
            "is_scale_free": False,
        }
        super().__init__(params, defaults)
        self.dtype = dtype

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Change all parameters that have a gradient."""
        assert closure is None, "gradients are worked out before the step"
        for group in self.param_groups:
            parameters = [one for one in group["params"] if one.grad is not None]
            if parameters:
                self._step(parameters, group)
        return None

    def _step(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        gradients = [one.grad for one in parameters if one.grad is not None]
        velocities = [self._velocity(one) for one in parameters]
        torch._foreach_mul_(velocities, group["momentum"])
        torch._foreach_add_(velocities, gradients)
        steps = list(torch._foreach_add(gradients, velocities, alpha=group["momentum"]))
        if group["is_orthogonal"]:
            steps = [orthogonal(one.flatten(1), self.dtype).view_as(one) for one in steps]
        if group["is_scale_free"]:
            for one in parameters:
                one.mul_(len(one) ** 0.5 / (torch.linalg.vector_norm(one) + TINY))
        if group["weight_decay"]:
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(parameters, steps, alpha=-group["lr"])

    def _velocity(self, parameter: Tensor) -> Tensor:
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        velocity: Tensor = state["momentum_buffer"]
        return velocity


def orthogonal(matrix: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """About the nearest matrix with orthonormal rows or columns, times a factor, rows×columns.

    Singular values come to lie near 1. A matrix of more rows than columns grows by the square root
    of their ratio, so that the 2-norm is about the square root of the number of rows always.

    Source: Z. Kovarik, "Some iterative methods for improving orthonormality", 1970, and A. Björck
    and C. Bowie, 1971; the quintic is that of K. Jordan et al., "Muon", 2024.
    """
    rows, columns = matrix.shape
    # The iteration corrects its own rounding, so that few bits are enough.
    x = matrix.to(dtype, copy=True)
    if rows > columns:
        x = x.T
    x /= torch.linalg.vector_norm(x) + TINY
    a, b, c = QUINTIC
    for _ in range(NEWTON_STEPS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    if rows > columns:
        x = x.T * (rows / columns) ** 0.5
    return x.to(matrix.dtype)
