"""Chance that depends on numbers alone: the same for an image whatever was drawn before."""

from __future__ import annotations

import numpy as np


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


def uniforms(
    *numbers: int, places: np.ndarray, count: int, again: np.ndarray | None = None
) -> np.ndarray:
    """So many numbers for each place, evenly from 0 to below 1: float64, N×count.

    They depend on `numbers` (a seed, a step, ..., each at least 0), the place and `again` (0 unless
    given; N) alone, not on what other places there are, and come at once for all of them.
    """
    key = np.random.SeedSequence(numbers).generate_state(2, np.uint32).astype(np.uint64)
    wide = np.asarray(places, np.uint64)[:, None]
    blocks = np.arange(-(-count // 4), dtype=np.uint64)
    counter = np.empty((4, len(wide), len(blocks)), np.uint64)
    counter[0], counter[1], counter[2] = wide & _LOW, wide >> _HALF, blocks
    counter[3] = 0 if again is None else np.asarray(again, np.uint64)[:, None]
    words = philox(counter.reshape(4, -1), key)
    drawn: np.ndarray = words.T.reshape(len(wide), -1)[:, :count] / 2**32
    return drawn


_LOW, _HALF = np.uint64(2**32 - 1), np.uint64(32)
_ROUNDS = np.arange(10, dtype=np.uint64)
_FACTORS = np.array([[0xD2511F53], [0xCD9E8D57]], np.uint64)
_STEPS = np.array([0x9E3779B9, 0xBB67AE85], np.uint64)


def philox(counter: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Random words of 32 bits, four for each counter of four; all in uint64, 4×N.

    Source: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011, section 4.3:
    Philox-4x32 with ten rounds. numpy's generator of that name has words of 64 bits, and makes them
    for one counter at a time.
    """
    # Both words that are multiplied at once, and both that are not: half as many calls of numpy.
    ours, others = counter[::2], counter[1::2]
    for round_key in (key + _ROUNDS[:, None] * _STEPS) & _LOW:
        products = (ours * _FACTORS)[::-1]
        ours, others = (products >> _HALF) ^ others ^ round_key[:, None], products & _LOW
    words: np.ndarray = np.stack([ours, others], axis=1).reshape(counter.shape)
    return words
