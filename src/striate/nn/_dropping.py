"""Random factors that drop whole parts of a tensor, the mean kept."""

from __future__ import annotations

from torch import Tensor


def scaled_mask(x: Tensor, shape: tuple[int, ...], p: float) -> Tensor:
    """Zeros with probability p, else 1/(1-p), in the dtype of x; all zeros for p = 1."""
    mask = x.new_empty(shape).bernoulli_(1 - p)
    return mask if p == 1 else mask.div_(1 - p)
