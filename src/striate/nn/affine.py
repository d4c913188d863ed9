"""A fixed factor and a fixed term."""

from __future__ import annotations

from torch import Tensor, nn


class Affine(nn.Module):
    """a * x + b with two constants: no parameters.

    Any shape to the same shape.

    >>> import torch
    >>> Affine(2.0, -1.0)(torch.tensor([0.0, 0.5, 1.0])).tolist()
    [-1.0, 0.0, 1.0]
    """

    def __init__(self, a: float = 1.0, b: float = 0.0) -> None:
        super().__init__()
        self.a = float(a)
        self.b = float(b)

    def forward(self, x: Tensor) -> Tensor:
        """Scale and shift x."""
        return x * self.a + self.b

    def extra_repr(self) -> str:
        """Settings."""
        return f"a={self.a:g}, b={self.b:g}"
