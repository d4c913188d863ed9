"""How much torch is given at a time on a processor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

# torch takes more values than this to several threads. Those wait for each other, busily, on the
# cores that decode the next images: of 64 photos that cost more than one core needs alone.
MOST_VALUES = 2**15 - 1
# What one core does at once where torch has no other: few calls, and it stays in that core's cache.
MOST_ALONE = 2**19


@contextmanager
def rows_at_once(values: int) -> Iterator[int]:
    """How many rows of so many values torch takes on one core meanwhile; at least one.

    The main thread holds torch to one core for that time. In others it is asked for little at a
    time instead: torch keeps the number that was set last for threads that begin later, so that
    two which set it and set it back could leave it wrong.
    """
    before = torch.get_num_threads()
    if before == 1:
        yield max(1, MOST_ALONE // max(values, 1))
    elif threading.current_thread() is not threading.main_thread():
        yield max(1, MOST_VALUES // max(values, 1))
    else:
        torch.set_num_threads(1)
        try:
            yield max(1, MOST_ALONE // max(values, 1))
        finally:
            torch.set_num_threads(before)
