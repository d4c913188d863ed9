"""How many threads load images fastest on this machine."""

from __future__ import annotations

import os
import time
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from striate.data.loader import Loader


@dataclass(frozen=True, slots=True)
class Workers:
    """How many threads load images fastest, and what was measured.

    images_per_s: by number of threads.
    """

    count: int
    images_per_s: dict[int, float]

    def __str__(self) -> str:
        figures = ", ".join(f"{n}: {rate:,.0f}" for n, rate in self.images_per_s.items())
        return f"{self.count} threads load images (images/s by threads: {figures})"


def measure_workers(loader: Loader, *, seconds: float = 0.25) -> Workers:
    """Which number of threads decodes fastest here; of nearly equal ones the smallest.

    Each of 1, 2, 4 and so on up to the usable cores decodes for so many seconds; the loader stays
    as it is.
    """
    cores = usable_cores()
    counts = sorted({*(2**power for power in range(cores.bit_length()) if 2**power < cores), cores})
    places = np.random.default_rng(0).integers(0, len(loader.manifest), 4096)
    loader._read  # noqa: B018  opened once, for all copies
    rates: dict[int, float] = {}
    for count in counts:
        tried = copy(loader)
        tried.cache = tried._slots = None
        tried.workers, tried.batch = count, max(2 * count, 8)
        rates[count] = _rate(tried, places, seconds)
    best = max(rates.values())
    return Workers(next(n for n, rate in rates.items() if rate >= 0.95 * best), rates)


def _rate(loader: Loader, places: np.ndarray, seconds: float) -> float:
    images, begin = 0, time.perf_counter()
    with closing(loader.batches(places)) as batches:
        for batch in batches:
            images += len(batch.labels)
            if time.perf_counter() - begin > seconds:
                break
    return images / (time.perf_counter() - begin)


def usable_cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
