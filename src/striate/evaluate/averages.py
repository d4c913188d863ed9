"""Averages over classes of what a confusion matrix tells, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from striate.evaluate.intervals import Z_95, Estimate
from striate.evaluate.resampling import corrected, resampled_cells


@dataclass(frozen=True, slots=True)
class Counts:
    """Images by class: of it, taken for it, both. Each K, or S×K of resampled images."""

    images: np.ndarray
    predicted: np.ndarray
    correct: np.ndarray

    @property
    def occurs(self) -> np.ndarray:
        """Whether a class is the truth or the prediction of some image."""
        return np.asarray(self.images + self.predicted > 0)

    def averages(self) -> dict[str, np.ndarray]:
        """The averages over classes, by name, of these images or of each resampling of them.

        Precision and recall of a class that occurs but not as prediction, or not as truth, count
        as 0; balanced accuracy leaves out classes without images.
        """
        recall = _ratio(self.correct, self.images)
        precision = _ratio(self.correct, self.predicted)
        f1 = _ratio(2 * self.correct, self.images + self.predicted)
        return {
            "balanced_accuracy": _mean(recall, self.images > 0),
            "macro_precision": _mean(precision, self.occurs),
            "macro_recall": _mean(recall, self.occurs),
            "macro_f1": _mean(f1, self.occurs),
        }


def counts_of(confusion: np.ndarray) -> Counts:
    """The counts of each class in a confusion matrix, K×K, truth by row."""
    return Counts(confusion.sum(1), confusion.sum(0), confusion.diagonal())


def averages(confusion: np.ndarray) -> dict[str, Estimate]:
    """Balanced accuracy, macro-precision, macro-recall and macro-F1, each with its interval.

    Images are resampled by drawing the cells of the matrix. Where there are few mistakes, so
    that a resampling hardly varies, each end is moved out to where it comes to from the Wilson
    intervals of the classes, if that is further.
    """
    rows, columns = np.nonzero(confusion)
    samples = _resampled(confusion[rows, columns], rows, columns, len(confusion))
    images = int(confusion.sum())
    return with_intervals(counts_of(confusion), samples, _confused(confusion), images)


def with_intervals(
    counts: Counts, samples: dict[str, np.ndarray], confused: tuple[np.ndarray, ...], images: int
) -> dict[str, Estimate]:
    """The averages of counts of so many images with intervals, from those of resampled images.

    confused: pairs of classes, as two arrays of places, and how many images lower the F1 of both.
    """
    found = {}
    spreads = _spreads(counts, confused)
    for name, value in counts.averages().items():
        centre = float(value)
        low, high = corrected(centre, samples[name])
        below, above = spreads[name]
        low, high = min(low, centre - below), max(high, centre + above)
        found[name] = Estimate(centre, max(low, 0.0), min(high, 1.0), "bootstrap", images)
    return found


def _resampled(
    cells: np.ndarray, rows: np.ndarray, columns: np.ndarray, classes: int
) -> dict[str, np.ndarray]:
    """The averages of resampled images: S each."""
    by_column = np.argsort(columns, kind="stable")
    hits = np.flatnonzero(rows == columns)
    parts = []
    for drawn in resampled_cells(cells):
        counts = Counts(
            _grouped(drawn, rows, classes),
            _grouped(drawn[:, by_column], columns[by_column], classes),
            _placed(drawn[:, hits], rows[hits], classes),
        )
        parts.append(counts.averages())
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _grouped(drawn: np.ndarray, groups: np.ndarray, classes: int) -> np.ndarray:
    """Sums of columns, S×C, over runs of equal groups: S×classes."""
    starts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    return _placed(np.add.reduceat(drawn, starts, axis=1), groups[starts], classes)


def _placed(values: np.ndarray, places: np.ndarray, classes: int) -> np.ndarray:
    full = np.zeros((len(values), classes))
    full[:, places] = values
    return full


def _confused(confusion: np.ndarray) -> tuple[np.ndarray, ...]:
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    rows, columns = np.nonzero(wrong)
    return rows, columns, wrong[rows, columns]


def _spreads(counts: Counts, confused: tuple[np.ndarray, ...]) -> dict[str, tuple[float, float]]:
    """How far below and above each average its interval reaches, from those of the classes.

    Source: G. Y. Zou, A. Donner, "Construction of confidence limits about effect measures: a
    general approach", Statistics in Medicine 27, 2008, equations for correlated sums. The F1 of a
    class is 2J / (1 + J), where J is a share: that of the images that are of the class, among those
    that are of it or were taken for it; so its limits are those of J by Wilson.
    """
    n, p, c = counts.images, counts.predicted, counts.correct
    recall, precision = _reach(c, n), _reach(c, p)
    f1 = _reach_f1(counts)
    classes, some = max(int(counts.occurs.sum()), 1), max(int((n > 0).sum()), 1)
    slope = _slopes(counts)
    rows, columns, images = confused
    together = 2 * images * slope[rows] * slope[columns]
    crossed = [float((together * ends[rows] * ends[columns]).sum()) for ends in f1]
    return {
        "balanced_accuracy": _added(recall, some),
        "macro_precision": _added(precision, classes),
        "macro_recall": _added(recall, classes),
        "macro_f1": (
            float(np.sqrt((f1[0] ** 2).sum() + crossed[0])) / classes,
            float(np.sqrt((f1[1] ** 2).sum() + crossed[1])) / classes,
        ),
    }


def _added(reach: tuple[np.ndarray, np.ndarray], classes: int) -> tuple[float, float]:
    low, high = (float(np.sqrt((ends**2).sum())) / classes for ends in reach)
    return low, high


def _slopes(counts: Counts) -> np.ndarray:
    """How much a mistake lowers the F1 of a class, in standard deviations of that: K."""
    both = np.maximum(counts.images + counts.predicted, 1)
    f1 = 2 * counts.correct / both
    wrong = counts.images + counts.predicted - 2 * counts.correct
    variance = counts.correct * ((2 - 2 * f1) / both) ** 2 + wrong * (f1 / both) ** 2
    return np.asarray(np.divide(f1 / both, np.sqrt(variance), where=variance > 0, out=0 * f1))


def _reach(part: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far Wilson's interval of each share reaches below and above it; 0 of no images."""
    low, high = wilson_of(part, whole)
    value = _ratio(part, whole)
    return np.where(whole > 0, value - low, 0), np.where(whole > 0, high - value, 0)


def _reach_f1(counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    whole = counts.images + counts.predicted - counts.correct
    low, high = (2 * end / (1 + end) for end in wilson_of(counts.correct, whole))
    value = _ratio(2 * counts.correct, counts.images + counts.predicted)
    return np.where(whole > 0, value - low, 0), np.where(whole > 0, high - value, 0)


def wilson_of(part: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval of each share; 0 and 1 of no images. See `intervals.wilson`."""
    count = np.maximum(whole, 1)
    value, z2 = part / count, Z_95**2
    centre = (value + z2 / (2 * count)) / (1 + z2 / count)
    spread = np.sqrt(value * (1 - value) / count + z2 / (4 * count**2)) * Z_95
    half = spread / (1 + z2 / count)
    low = np.where(part == 0, 0.0, centre - half)
    high = np.where(part == whole, 1.0, centre + half)
    return low, high


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.asarray(part / np.maximum(whole, 1))


def _mean(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Mean over the classes that count; 0 where none does."""
    total = np.where(counted, values, 0).sum(axis=-1)
    return np.asarray(total / np.maximum(counted.sum(axis=-1), 1))
