"""Pairs of places, and the groups that they make."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Pairs(NamedTuple):
    """Pairs of places; each pair once, `first` before `second`."""

    first: np.ndarray
    second: np.ndarray


def joined(count: int, pairs: Pairs) -> np.ndarray:
    """Group numbers of `count` places when all pairs are joined: int64, from 0 in order of place.

    >>> joined(5, Pairs(np.array([3, 1]), np.array([1, 0]))).tolist()
    [0, 0, 1, 0, 2]
    """
    root = np.arange(count)
    while True:
        lowest = np.minimum(root[pairs.first], root[pairs.second])
        before = root.copy()
        # The roots of both ends take the lowest, then every place looks up its root's root.
        np.minimum.at(root, before[pairs.first], lowest)
        np.minimum.at(root, before[pairs.second], lowest)
        while not np.array_equal(root, root[root]):
            root = root[root]
        if np.array_equal(root, before):
            break
    return np.unique(root, return_inverse=True)[1].astype(np.int64).ravel()
