"""Chance that depends on numbers alone: the same for an image whatever was drawn before."""

from __future__ import annotations

import threading

import numpy as np


class Chance(threading.local):
    """Random generators by seed, epoch, place and repeat.

    Philox makes random bits of a key and a counter, so that going to another image is setting the
    counter; making a generator with a hashed seed for each took eight times as long. Each thread
    has one generator, which is good until that thread asks again.

    Source: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        key = np.random.SeedSequence(seed).generate_state(2, np.uint64)
        self._bits = np.random.Philox(key=key)
        self._generator = np.random.Generator(self._bits)
        self._start = self._bits.state

    def __reduce__(self) -> tuple[type[Chance], tuple[int]]:
        """For another process, or another thread's copy."""
        return Chance, (self.seed,)

    def at(self, *, epoch: int, place: int, repeat: int = 0) -> np.random.Generator:
        """What is drawn for the image at `place` in an epoch.

        repeat: how often that image was shown before in this epoch.
        """
        # The first number of the counter is the one that counts on.
        self._start["state"]["counter"][:] = (0, place, epoch, repeat)
        self._bits.state = self._start
        return self._generator


def repeats(places: np.ndarray) -> np.ndarray:
    """How often each of these places came before: int64, N.

    >>> repeats(np.array([7, 3, 7, 7, 3])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(places, kind="stable")
    held = places[order]
    is_first = np.ones(len(held), bool)
    is_first[1:] = held[1:] != held[:-1]
    numbers = np.arange(len(held))
    found = np.empty(len(held), np.int64)
    found[order] = numbers - np.maximum.accumulate(np.where(is_first, numbers, 0))
    return found
