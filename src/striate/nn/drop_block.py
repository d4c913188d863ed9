"""Dropout of contiguous blocks."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from striate.nn._checks import require_share, require_whole, spatial_rank

_MAX_POOL = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}


def seed_probability(p: float, block: tuple[int, ...], size: tuple[int, ...]) -> float:
    """Probability that a block starts at a place where a whole block fits.

    The paper's gamma: p / prod(block) * prod(size) / prod(size - block + 1). It is never above p;
    blocks that overlap make the share that is dropped a little smaller than p.

    Source: Ghiasi et al., "DropBlock", 2018, equation 1.

    >>> round(seed_probability(0.1, (7, 7), (28, 28)), 6)  # 0.1/49 * 784/484
    0.003306
    """
    # A list, because torch.compile cannot trace a generator into math.prod.
    starts = math.prod([n - b + 1 for n, b in zip(size, block, strict=True)])
    return p * math.prod(size) / (math.prod(block) * starts)


class DropBlock(nn.Module):
    """Dropout of contiguous blocks, in each channel on its own.

    N×C×L, N×C×H×W or N×C×D×H×W to the same shape. While training about the share p is zero, in
    blocks of block_size pixels along each axis (less where the axis is shorter), and the rest is
    multiplied by all/kept, counted over the whole batch. Blocks lie inside the image: seeds are
    drawn only where a whole block fits, and more often in return (see `seed_probability`). Blocks
    that overlap make the share smaller than p, by a tenth at p = 0.2. In eval mode nothing
    happens. The paper lets p grow from 0 during training; set `layer.p` to do so.

    Raises:
        GraphError: nn-share, p is outside 0..1; nn-whole-number; nn-rank.

    Source: Ghiasi et al., "DropBlock: A regularization method for convolutional networks", 2018,
    algorithm 1 and equation 1.

    >>> out = DropBlock(0.3, block_size=2)(torch.ones(1, 1, 32, 32))
    >>> round(out.mean().item(), 3), bool((out == 0).any())
    (1.0, True)
    """

    def __init__(self, p: float = 0.1, block_size: int = 7) -> None:
        super().__init__()
        self.p = require_share("DropBlock", p)
        self.block_size = require_whole("DropBlock", "block_size", block_size)

    def forward(self, x: Tensor) -> Tensor:
        """Drop blocks of x."""
        rank = spatial_rank("DropBlock", x)
        if not self.training or self.p == 0:
            return x
        size = tuple(x.shape[2:])
        block = tuple(min(self.block_size, length) for length in size)
        starts = [length - b + 1 for length, b in zip(size, block, strict=True)]
        chance = seed_probability(self.p, block, size)
        # Counted in float32: a mean over many zeros and ones is off in half precision.
        seeds = torch.empty(*x.shape[:2], *starts, device=x.device).bernoulli_(chance)
        margin = [b - 1 for b in reversed(block) for _ in (0, 1)]
        kept = 1 - _MAX_POOL[rank](functional.pad(seeds, margin), block, stride=1)
        scale = kept.mean().clamp(min=1 / max(kept.numel(), 1)).reciprocal()
        return x * (kept * scale).to(x.dtype)

    def extra_repr(self) -> str:
        """Settings."""
        return f"p={self.p}, block_size={self.block_size}"
