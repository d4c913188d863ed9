"""Which images are whose when several processes share one manifest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `world` processes, counted from 0; each has its own part of the images.

    is_even: every rank shows equally many images in equally many steps, as a training of several
        processes must, or they wait for each other for ever; to that end up to `world` - 1 images
        are shown twice. Otherwise, as for evaluation, every image is shown exactly once, and a
        rank may have one image less.

    >>> Shard(0, 2).places(np.arange(5)).tolist(), Shard(1, 2).places(np.arange(5)).tolist()
    ([0, 2, 4], [1, 3])
    """

    rank: int = 0
    world: int = 1
    is_even: bool = False

    def __post_init__(self) -> None:
        assert 0 <= self.rank < self.world

    def places(self, order: np.ndarray) -> np.ndarray:
        """Those of `order` that are this rank's; all ranks must be given the same order."""
        if self.is_even and len(order):
            order = np.resize(order, -(-len(order) // self.world) * self.world)
        return order[self.rank :: self.world]

    def parts(self, order: np.ndarray, batch: int) -> list[np.ndarray]:
        """The places of each batch of this rank; sizes differ by at most one.

        All ranks have equally many batches of at most `batch` places; where there are fewer images
        than ranks, some of those are empty unless `is_even`.
        """
        count = self.steps(len(order), batch)
        own = np.ascontiguousarray(self.places(order), dtype=np.int64)
        return np.array_split(own, count) if count else []

    def steps(self, images: int, batch: int) -> int:
        """Batches that every rank makes of so many images."""
        largest = -(-images // self.world)
        return -(-largest // batch)
