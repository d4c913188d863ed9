"""Local response normalisation across neighbouring channels."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from striate.nn._checks import require_whole, spatial_rank
from striate.nn._precision import working_dtype


class LocalResponseNorm(nn.Module):
    """Each value divided by the energy of the same place in neighbouring channels.

    N×C×L, N×C×H×W or N×C×D×H×W to the same shape: x / (k + a * sum of x² over `size` channels
    around)^beta. With divide_alpha a = alpha/size (torch, Caffe, and AlexNet as published there);
    without it a = alpha, the formula of the AlexNet paper, whose other numbers are size 5, alpha
    1e-4, beta 0.75 and k 2. An even size reaches one channel further down than up, as in torch.

    Raises:
        GraphError: nn-whole-number; nn-rank.

    Source: Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional
    Neural Networks", 2012, section 3.3.

    >>> import torch
    >>> layer = LocalResponseNorm(size=1, alpha=1.0, beta=0.5, k=0.0, divide_alpha=False)
    >>> layer(torch.tensor([[[2.0, -3.0]]])).tolist()  # x / sqrt(x²)
    [[[1.0, -1.0]]]
    """

    def __init__(
        self,
        size: int = 5,
        alpha: float = 1e-4,
        beta: float = 0.75,
        k: float = 1.0,
        divide_alpha: bool = True,
    ) -> None:
        super().__init__()
        self.size = require_whole("LocalResponseNorm", "size", size)
        self.alpha = alpha
        self.beta = beta
        self.k = k
        self.divide_alpha = divide_alpha

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x."""
        spatial_rank("LocalResponseNorm", x)
        alpha = self.alpha if self.divide_alpha else self.alpha * self.size
        # In float32 at least, because half precision squares no more than 255.
        squares = x.to(working_dtype(x)).square().flatten(2).unsqueeze(1)
        around = (0, 0, self.size // 2, (self.size - 1) // 2)
        mean = functional.avg_pool2d(functional.pad(squares, around), (self.size, 1), stride=1)
        divisor = (self.k + alpha * mean.squeeze(1)).pow(self.beta)
        return x / divisor.reshape(x.shape).to(x.dtype)

    def extra_repr(self) -> str:
        """Settings."""
        return (
            f"size={self.size}, alpha={self.alpha:g}, beta={self.beta:g}, k={self.k:g}, "
            f"divide_alpha={self.divide_alpha}"
        )
