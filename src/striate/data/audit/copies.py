"""Questions about groups of copies: where they lie and how they are labelled."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from striate.data.audit.finding import Hits, Scanned
from striate.data.manifest import SPLITS


def groups_of(numbers: np.ndarray) -> list[np.ndarray]:
    """Places of each number that occurs more than once, ascending.

    >>> [group.tolist() for group in groups_of(np.array([0, 1, 0, 2, 1]))]
    [[0, 2], [1, 4]]
    """
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order])) + 1
    return [group for group in np.split(order, starts) if len(group) > 1]


def spread(numbers: np.ndarray, over: np.ndarray) -> list[np.ndarray]:
    """Groups whose members differ in `over`."""
    return [group for group in groups_of(numbers) if len(np.unique(over[group])) > 1]


def only_near(scanned: Scanned, groups: list[np.ndarray]) -> list[np.ndarray]:
    """Groups that hold different files, not only copies byte for byte."""
    return [group for group in groups if len(np.unique(scanned.exact[group])) > 1]


def as_hits(groups: list[np.ndarray], *details: str) -> Hits:
    """Groups of images as what was found; largest first."""
    ordered = sorted(groups, key=lambda group: (-len(group), int(group[0])))
    rows = tuple(tuple(group.tolist()) for group in ordered)
    return Hits(len(rows), "groups", groups=rows, details=details)


def overlap(scanned: Scanned, numbers: np.ndarray) -> tuple[str, ...]:
    """How much of each split is also in an earlier one, as sentences."""
    told = []
    for one, other in combinations(range(len(SPLITS)), 2):
        earlier, later = scanned.split_keys == one, scanned.split_keys == other
        if not later.any():
            continue
        count = int(np.isin(numbers[later], np.unique(numbers[earlier])).sum())
        if count:
            share = 100 * count / int(later.sum())
            told.append(
                f"{count:,} of the {later.sum():,} images of {SPLITS[other]} ({share:.2g} %) are "
                f"in {SPLITS[one]} too"
            )
    return tuple(told)


def within_a_split(scanned: Scanned, numbers: np.ndarray) -> list[np.ndarray]:
    """Copies in one and the same split."""
    keys = numbers * len(SPLITS) + scanned.split_keys
    return groups_of(keys)
