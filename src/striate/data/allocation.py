"""Shares images out to splits and folds: equally by class, and what belongs together as one."""

from __future__ import annotations

import math

import numpy as np


class Images:
    """What is to be shared out.

    values: places in the class list, the labels of all images one behind the other.
    counts: how many labels each image has: N.
    units: a number per image, the same for images that must not be torn apart: N.
    classes: length of the class list.
    """

    def __init__(
        self, values: np.ndarray, counts: np.ndarray, units: np.ndarray, classes: int
    ) -> None:
        self.values, self.counts, self.units, self.classes = values, counts, units, classes
        self._starts = np.cumsum(counts) - counts

    def labels_of(self, rows: np.ndarray) -> np.ndarray:
        """The labels of some images, one behind the other."""
        counts = self.counts[rows]
        before = np.cumsum(counts) - counts
        places = np.arange(counts.sum()) - np.repeat(before, counts)
        labels: np.ndarray = self.values[np.repeat(self._starts[rows], counts) + places]
        return labels

    def by_class(self, alone: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """Images of one label each, by class."""
        labels = self.labels_of(alone)
        order = np.argsort(labels, kind="stable")
        names, starts = np.unique(labels[order], return_index=True)
        return list(zip(names.tolist(), np.split(alone[order], starts[1:]), strict=True))

    def divided(self, rows: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """These images as units of several (or with several labels), and those that stand alone."""
        order = rows[np.argsort(self.units[rows], kind="stable")]
        _, starts, sizes = np.unique(self.units[order], return_index=True, return_counts=True)
        is_alone = (sizes == 1) & (self.counts[order[starts]] == 1)
        tied = [
            order[start : start + size]
            for start, size in zip(starts[~is_alone], sizes[~is_alone], strict=True)
        ]
        return tied, order[starts[is_alone]]


class _Tally:
    """How many images of each class are held out, and how many are left."""

    def __init__(self, images: Images, rows: np.ndarray, wanted: np.ndarray) -> None:
        self.images = images
        self.wanted = wanted
        self.held = np.zeros(images.classes, np.int64)
        self.left = np.bincount(images.labels_of(rows), minlength=images.classes)
        self.chosen: list[np.ndarray] = []

    def take(self, rows: np.ndarray) -> None:
        """Hold these out."""
        numbers = np.bincount(self.images.labels_of(rows), minlength=self.images.classes)
        self.held += numbers
        self.left -= numbers
        self.chosen.append(rows)

    def is_nearer_with(self, unit: np.ndarray) -> bool:
        """Whether the classes of a unit come nearer to what is wanted when it is held out."""
        kinds, numbers = np.unique(self.images.labels_of(unit), return_counts=True)
        lack = self.wanted[kinds] - self.held[kinds]
        is_nearer = ((lack - numbers) ** 2).sum() < (lack**2).sum()
        return bool(is_nearer and (self.left[kinds] > numbers).all())

    def is_bearable(self, unit: np.ndarray) -> bool:
        """Whether at least as much is left of each class of a unit as is held out with it."""
        kinds, numbers = np.unique(self.images.labels_of(unit), return_counts=True)
        return bool((self.left[kinds] >= 2 * numbers).all())


def held_out(
    images: Images, rows: np.ndarray, wanted: np.ndarray, chance: np.random.Generator
) -> np.ndarray:
    """Which of `rows` are held out, about `wanted` (a number per class) of them; sorted.

    Of images that stand alone each class gives what it lacks, to within one. A class of two images
    or more gives at least one where that tears nothing apart and leaves as many; none is emptied.
    """
    tally = _Tally(images, rows, wanted)
    tied, alone = images.divided(rows)
    waiting = []
    for place in chance.permutation(len(tied)):
        if tally.is_nearer_with(tied[place]):
            tally.take(tied[place])
        else:
            waiting.append(tied[place])
    tally.take(_drawn(images, alone, tally, chance))
    for unit in sorted(waiting, key=len):
        lacks = (tally.held == 0) & (wanted > 0)
        if lacks[images.labels_of(unit)].any() and tally.is_bearable(unit):
            tally.take(unit)
    return np.sort(np.concatenate(tally.chosen))


def portions(exact: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Whole numbers near `exact`, at least 1 and at most `most`; their sum is that of all.

    Fractions are rounded down, and what is then lacking goes to the largest of them.
    """
    most = np.clip(most, 0, None)
    given: np.ndarray = np.minimum(np.clip(np.floor(exact).astype(np.int64), 1, None), most)
    rest = math.ceil(round(float(exact.sum()), 6)) - int(given.sum())
    by_fraction = np.argsort(-(exact - given), kind="stable")
    with_room = by_fraction[(given < np.minimum(most, exact))[by_fraction]]
    given[with_room[: max(rest, 0)]] += 1
    return given


def folds_of(
    images: Images, rows: np.ndarray, count: int, chance: np.random.Generator
) -> np.ndarray:
    """The fold, 0 to count - 1, of each of `rows`.

    Of images that stand alone every fold has the same number of each class, to within one, and of
    all classes; units go, the largest first, where their classes are fewest.
    """
    tied, alone = images.divided(rows)
    folds = np.empty(len(images.counts), np.int64)
    filled = np.zeros((count, images.classes))
    for place in sorted(chance.permutation(len(tied)), key=lambda place: -len(tied[place])):
        kinds, numbers = np.unique(images.labels_of(tied[place]), return_counts=True)
        added = (numbers * (2 * filled[:, kinds] + numbers)).sum(axis=1)
        fold = np.lexsort((chance.permutation(count), filled.sum(axis=1), added))[0]
        filled[fold, kinds] += numbers
        folds[tied[place]] = fold
    totals = filled.sum(axis=1)
    for label, places in images.by_class(alone) if len(alone) else []:
        added = _levelled(filled[:, label], totals, len(places))
        folds[chance.permutation(places)] = np.repeat(np.arange(count), added)
        totals += added
    chosen: np.ndarray = folds[rows]
    return chosen


def _drawn(
    images: Images, alone: np.ndarray, tally: _Tally, chance: np.random.Generator
) -> np.ndarray:
    """Of the images that stand alone, as many of each class as it still lacks."""
    if not len(alone):
        return alone
    names, members = zip(*images.by_class(alone), strict=True)
    places = np.asarray(names)
    lack = np.clip(tally.wanted - tally.held, 0, None)[places]
    most = np.minimum([len(each) for each in members], tally.left[places] - 1)
    # What has its share already, or is to have none, need not give one.
    given = portions(lack, np.where(lack > 0, most, 0))
    chosen = [
        chance.permutation(rows)[:number] for rows, number in zip(members, given, strict=True)
    ]
    return np.concatenate(chosen)


def _levelled(filled: np.ndarray, totals: np.ndarray, count: int) -> np.ndarray:
    """How many of `count` images go to each fold so that the folds come as near as they can."""
    level = np.sort(filled)
    sums = np.concatenate(([0], np.cumsum(level)))
    # The lowest n folds are filled up to the level that the images reach among them.
    reach = [(count + sums[n]) / n for n in range(1, len(level) + 1)]
    lowest = max(n for n in range(1, len(level) + 1) if reach[n - 1] >= level[n - 1])
    added: np.ndarray = np.clip(np.floor(reach[lowest - 1]) - filled, 0, None).astype(np.int64)
    rest = count - int(added.sum())
    order = np.lexsort((totals + added, filled + added))
    added[order[:rest]] += 1
    return added
