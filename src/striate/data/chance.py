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


def uniforms(*numbers: int, places: np.ndarray, count: int) -> np.ndarray:
    """So many numbers for each place, evenly from 0 to below 1: float64, N×count.

    They depend on `numbers` (a seed, a step, ..., each at least 0) and the place alone, not on what
    other places there are, and come at once for all of them.
    """
    key = np.random.SeedSequence(numbers).generate_state(2, np.uint32).astype(np.uint64)
    blocks = np.arange(-(-count // 4), dtype=np.uint64)
    wide = np.asarray(places, np.uint64)[:, None]
    counter = np.stack(np.broadcast_arrays(wide & _LOW, wide >> _HALF, blocks, np.uint64(0)))
    words = philox(counter, key)  # 4 × N × blocks
    drawn: np.ndarray = np.moveaxis(words, 0, -1).reshape(len(places), -1)[:, :count] / 2**32
    return drawn


_LOW, _HALF = np.uint64(2**32 - 1), np.uint64(32)
_ROUNDS = 10
_FACTORS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_STEPS = np.array([0x9E3779B9, 0xBB67AE85], np.uint64)


def philox(counter: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Random words of 32 bits, four for each counter of four; all in uint64, 4×....

    Source: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011, section 4.3:
    Philox-4x32 with ten rounds. numpy's generator of that name has words of 64 bits, and makes them
    for one counter at a time.
    """
    first, second, third, fourth = counter
    for number in range(_ROUNDS):
        low, high = (key + np.uint64(number) * _STEPS) & _LOW
        one, other = first * _FACTORS[0], third * _FACTORS[1]
        first, second = (other >> _HALF) ^ second ^ low, other & _LOW
        third, fourth = (one >> _HALF) ^ fourth ^ high, one & _LOW
    return np.stack([first, second, third, fourth])
