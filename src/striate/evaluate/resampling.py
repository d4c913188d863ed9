"""What numbers would have been on other images like these: the bootstrap, all at once."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from striate.evaluate.intervals import Estimate

SAMPLES = 2000
SEED = 0
# Counts that are held at a time: samples times images, or times cells of a confusion matrix.
PIECE_VALUES = 2**22
FEWEST_SAMPLES = 200
# Multiplications after which fewer samples are drawn.
MOST_WORK = 2e10


def samples_for(images: int, columns: int) -> int:
    """Samples that can be made in seconds of sums over so many columns."""
    return int(np.clip(MOST_WORK / max(images * columns, 1), FEWEST_SAMPLES, SAMPLES))


def weights(images: int, samples: int = SAMPLES) -> Iterator[np.ndarray]:
    """How often each image is drawn, S×N float32, in pieces; `samples` rows in all.

    The same for the same number of images, whatever is computed from it.
    """
    chance = np.random.default_rng(SEED)
    piece = max(1, PIECE_VALUES // images)
    for first in range(0, samples, piece):
        rows = min(piece, samples - first)
        drawn = chance.integers(0, images, (rows, images))
        drawn += np.arange(rows)[:, None] * images
        counts = np.bincount(drawn.ravel(), minlength=rows * images)
        yield counts.reshape(rows, images).astype(np.float32)


def resampled_sums(columns: np.ndarray, samples: int = SAMPLES) -> np.ndarray:
    """Sums of columns, N×C, over resampled images: S×C float64."""
    values = np.ascontiguousarray(columns, np.float32)
    parts = [drawn @ values for drawn in weights(len(columns), samples)]
    return np.concatenate(parts).astype(np.float64)


def resampled_cells(cells: np.ndarray, samples: int = SAMPLES) -> Iterator[np.ndarray]:
    """Counts of resampled images in cells that hold so many each, S×C int64, in pieces."""
    chance = np.random.default_rng(SEED)
    images = int(cells.sum())
    piece = max(1, PIECE_VALUES // len(cells))
    for first in range(0, samples, piece):
        yield chance.multinomial(images, cells / images, min(piece, samples - first))


def corrected(value: float, samples: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of samples, corrected for their median lying beside the value.

    Source: B. Efron, "Better bootstrap confidence intervals", Journal of the American Statistical
    Association 82, 1987, section 2.
    """
    normal = NormalDist()
    below = ((samples < value).mean() + (samples <= value).mean()) / 2
    shift = normal.inv_cdf(float(np.clip(below, 1 / len(samples), 1 - 1 / len(samples))))
    shares = [normal.cdf(2 * shift + normal.inv_cdf(share)) for share in (0.025, 0.975)]
    low, high = np.quantile(samples, shares)
    return float(low), float(high)


def percentile(value: float, samples: np.ndarray, images: int) -> Estimate:
    """A number with the middle 95 % of what resampled images gave.

    Source: B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    if images < 2:
        return Estimate(value, min(value, 0.0), max(value, 1.0), "none", images)
    low, high = np.quantile(samples, (0.025, 0.975))
    return Estimate(value, min(float(low), value), max(float(high), value), "bootstrap", images)
