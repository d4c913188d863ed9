"""Global response normalisation: channels compete by their energy over the whole image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from striate.nn._checks import require_channels, require_whole, spatial_rank


class GlobalResponseNorm(nn.Module):
    """Channels weighed by their energy against the mean energy of all channels.

    N×C×L, N×C×H×W or N×C×D×H×W to the same shape: weight * x * g / (mean of g + eps) + bias + x,
    with g the L2 norm of each channel over all positions. Keys `weight` and `bias`, each C, both
    zero at the start, when the layer is the identity (`gamma` and `beta` in the paper).

    Raises:
        GraphError: nn-whole-number; nn-rank; nn-channels.

    Source: Woo et al., "ConvNeXt V2", 2023, equations 1 to 3 and algorithm 1.

    >>> layer, x = GlobalResponseNorm(2), torch.tensor([[[3.0, 4.0], [9.0, 12.0]]])
    >>> _ = layer.weight.data.fill_(1.0)
    >>> layer(x)[0, :, 0].tolist()  # norms 5 and 15, mean 10: 3 * 0.5 + 3, 9 * 1.5 + 9
    [4.5, 22.5]
    """

    def __init__(self, channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.channels = require_whole("GlobalResponseNorm", "channels", channels)
        self.eps = eps
        self.weight = nn.Parameter(torch.zeros(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x."""
        rank = spatial_rank("GlobalResponseNorm", x)
        require_channels("GlobalResponseNorm", x, self.channels)
        positions = tuple(range(2, 2 + rank))
        energy: Tensor = torch.linalg.vector_norm(x, dim=positions, keepdim=True)
        share = energy / (energy.mean(1, keepdim=True) + self.eps)
        shape = (1, self.channels, *(1,) * rank)
        return x + self.weight.view(shape) * (x * share) + self.bias.view(shape)

    def extra_repr(self) -> str:
        """Settings."""
        return f"{self.channels}, eps={self.eps:g}"
