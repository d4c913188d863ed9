"""Memory for batches of numbers, used again once nobody holds them."""

from __future__ import annotations

import weakref
from collections import deque

import numpy as np
import torch
from torch import Tensor

# Of all memory that is kept for the next batches: three of 64 photos.
MOST_BYTES = 2**27


class Memory:
    """Hands out tensors whose memory comes back by itself when the last view of them is gone.

    Memory that is new has to be filled with zeros by the kernel first, which takes as long as
    turning pixels into numbers. At most `MOST_BYTES` are kept.
    """

    def __init__(self) -> None:
        self._spare: deque[np.ndarray] = deque()

    def tensor(self, rows: int, columns: int) -> Tensor:
        """A tensor of float32 with whatever was in it; rows × columns."""
        size = rows * columns
        memory = self._taken(size)
        lent = memory[:size]
        # torch holds on to this view of the memory as long as anything holds the tensor's.
        weakref.finalize(lent, self._give_back, memory).atexit = False
        return torch.from_numpy(lent).view(rows, columns)

    def _taken(self, size: int) -> np.ndarray:
        """Spare memory that is large enough; else new, from numpy, which asks for large pages."""
        for _ in range(len(self._spare)):
            try:
                memory = self._spare.popleft()
            except IndexError:  # another thread took it
                break
            if memory.size >= size:
                return memory
            # Batches have become larger: what is too small is let go.
        return np.empty(size, np.float32)

    def _give_back(self, memory: np.ndarray) -> None:
        held = sum(spare.nbytes for spare in tuple(self._spare))
        if held + memory.nbytes <= MOST_BYTES:
            self._spare.append(memory)
