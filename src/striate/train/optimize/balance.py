"""How much rare classes count: as weights of the loss, or by how often images are shown."""

from __future__ import annotations

import numpy as np

from striate.data import Manifest
from striate.options import Balance

# Of the effective number of images; the paper's values run from 0.9 to 0.9999.
BETA = 0.999


def class_weights(counts: np.ndarray, balance: Balance) -> np.ndarray | None:
    """How much an image of each class counts in the loss, K, float32; None: all alike.

    counts: images of each class. The mean over all images is 1, so that the size of the loss, and
    with it the learning rate, keeps its meaning. A class without images has weight 0.

    weights: in inverse proportion to the class's images. effective: to their effective number,
    (1 - beta^n) / (1 - beta), as new images of a large class tell less and less that is new.

    Source: Y. Cui et al., "Class-balanced loss based on effective number of samples", 2019,
    equations 2 and 4, here with a mean of 1 over images rather than over classes.

    >>> class_weights(np.array([10.0, 30.0]), "weights").round(3)
    array([2.   , 0.667], dtype=float32)
    """
    if balance in ("none", "sampler"):
        return None
    numbers = counts if balance == "weights" else effective_number(counts)
    inverse = np.divide(1.0, numbers, out=np.zeros(len(counts)), where=counts > 0)
    weights: np.ndarray = (inverse * counts.sum() / (inverse * counts).sum()).astype(np.float32)
    return weights


def positive_weights(counts: np.ndarray, images: int, balance: Balance) -> np.ndarray | None:
    """How much having a label counts against not having it, K, float32; None: the same.

    For images of several labels. counts: images that have the label, of `images`. With it a label
    weighs as much as its absence over the whole training; a label that no image or every image has
    keeps weight 1.
    """
    if balance in ("none", "sampler"):
        return None
    have, lack = counts, images - counts
    if balance == "effective":
        have, lack = effective_number(have), effective_number(lack)
    is_mixed = (counts > 0) & (counts < images)
    ratio: np.ndarray = np.divide(lack, have, out=np.ones(len(counts)), where=is_mixed)
    return ratio.astype(np.float32)


def effective_number(counts: np.ndarray) -> np.ndarray:
    """The volume that so many images cover where each covers one unit in 1 / (1 - BETA).

    >>> effective_number(np.array([1.0, 2.0, 1e9])).round(3)
    array([   1.   ,    1.999, 1000.   ])
    """
    number: np.ndarray = (1 - BETA**counts) / (1 - BETA)
    return number


class Order:
    """The order in which the images of a manifest are shown in each epoch, drawn from the seed.

    With balance `sampler` an epoch has as many images as the manifest, in equal parts of all
    classes: of rare ones each is shown several times, of frequent ones some are left out. Within a
    class numbers of times differ by one at most. Otherwise each image is shown once.

    An image of several labels is shown as often as the mean of its labels says; one without any,
    as often as without balance.
    """

    def __init__(self, manifest: Manifest, balance: Balance, seed: int) -> None:
        self.images = len(manifest)
        self.seed = seed
        self.times = times_shown(manifest) if balance == "sampler" else None
        values, labels = manifest.label_values()
        # Of each image its first label, -1 without any.
        self.first = np.full(self.images, -1)
        self.first[labels > 0] = values[(np.cumsum(labels) - labels)[labels > 0]]

    def __call__(self, epoch: int) -> np.ndarray:
        """Places of images, int64, N; a function of the seed and the epoch, from 1."""
        chance = np.random.default_rng([self.seed, epoch])
        order = chance.permutation(self.images)
        if self.times is None:
            return order
        # Systematic resampling: evenly spaced points on the line of all expected numbers of times,
        # class by class, so that their parts are equal too.
        order = order[np.argsort(self.first[order], kind="stable")]
        ends = np.cumsum(self.times[order])
        points = (np.arange(self.images) + chance.random()) * ends[-1] / self.images
        chosen = order[np.searchsorted(ends, points, side="right").clip(max=self.images - 1)]
        return chance.permutation(chosen)


def times_shown(manifest: Manifest) -> np.ndarray:
    """How often each image is shown in an epoch of balanced classes, on the average, N."""
    counts = manifest.counts().astype(np.float64)
    share = counts.sum() / max(int((counts > 0).sum()), 1)
    per_class = np.divide(share, counts, out=np.zeros(len(counts)), where=counts > 0)
    values, labels = manifest.label_values()
    rows = np.repeat(np.arange(len(manifest)), labels)
    sums = np.bincount(rows, weights=per_class[values], minlength=len(manifest))
    times = np.divide(sums, labels, out=np.ones(len(manifest)), where=labels > 0)
    scaled: np.ndarray = times * (len(times) / times.sum())
    return scaled
