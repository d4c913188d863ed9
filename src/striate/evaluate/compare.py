"""Which of several networks is better, judged on the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from striate.errors import DataError, listing
from striate.evaluate.metrics import check_selection, written
from striate.evaluate.paired import (
    Difference,
    difference_of_averages,
    difference_of_means,
    difference_of_precision,
    difference_of_shares,
    holm,
)
from striate.evaluate.predictions import Predictions
from striate.files import Json

AVERAGES = {"macro-f1": "macro_f1", "balanced-accuracy": "balanced_accuracy"}


@dataclass(frozen=True)
class Comparison:
    """How two networks differ in one metric on the same images.

    first, second: what the user calls them. p: that of the difference, corrected for there being
    several comparisons. only_first, only_second: images that only one of them gets right.
    """

    first: str
    second: str
    metric: str
    difference: Difference
    p: float
    only_first: int
    only_second: int

    @property
    def is_resolved(self) -> bool:
        """Whether it is plain which one is better."""
        return self.difference.is_resolved and self.p < 0.05

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        found = self.difference
        return {
            "first": self.first,
            "second": self.second,
            "metric": self.metric,
            "difference": found.value,
            "low": found.interval.low,
            "high": found.interval.high,
            "p": found.p,
            "p_corrected": self.p,
            "method": found.method,
            "resolved": self.is_resolved,
            "images": found.images,
            "images_needed": None if self.is_resolved else found.images_needed,
            "only_first_right": self.only_first,
            "only_second_right": self.only_second,
        }

    def sentence(self) -> str:
        """Who is better by how much; or that it cannot be told, and what would be needed.

        `A is better by 1.2 +/- 0.9 points of accuracy (0.3 to 2.1; p 0.008)`
        """
        found = self.difference
        times, unit = (1, "nats") if self.metric == "log-loss" else (100, "points")
        digits = 4 if self.metric == "log-loss" else 1
        ahead, behind = (self.first, self.second) if found.value >= 0 else (self.second, self.first)
        ends = sorted(times * end for end in _ends(found))
        how = f"{times * abs(found.value):.{digits}f} +/- {times * found.half_width:.{digits}f}"
        what = f"{how} {unit} of {written(self.metric)}"
        tail = f"({ends[0]:.{digits}f} to {ends[1]:.{digits}f}; p {_probability(self.p)})"
        if self.is_resolved:
            return f"{ahead} is better than {behind} by {what} {tail}"
        equal = f"{self.first} and {self.second} are equal in {written(self.metric)}"
        if not found.value and not found.half_width:
            return f"{equal}, image by image"
        if not found.value:
            within = f"{times * found.half_width:.{digits}f} {unit}"
            return f"{equal} on {found.images:,} images, within {within}"
        needed = found.images_needed
        more = "" if needed is None else f"; about {_rounded(needed):,} would be needed"
        return (
            f"{ahead} is ahead of {behind} by {what} {tail}: not resolved on "
            f"{found.images:,} images{more}"
        )


def compare(
    names: Sequence[str], said: Sequence[Predictions], metrics: Sequence[str]
) -> list[Comparison]:
    """The first against each of the others, in each metric. said: of one and the same images.

    Where there are several others, probabilities are corrected by Holm's method within each metric.

    Raises:
        UsageError: these images do not have the metric.
    """
    found = []
    for metric in metrics:
        differences = [_difference(metric, said[0], other) for other in said[1:]]
        probabilities = holm([one.p for one in differences])
        rows = zip(names[1:], said[1:], differences, probabilities, strict=True)
        for name, other, difference, p in rows:
            first, second = said[0].is_right, other.is_right
            only = int((first & ~second).sum()), int((second & ~first).sum())
            found.append(Comparison(names[0], name, metric, difference, p, *only))
    return found


def aligned(
    names: Sequence[str], said: Sequence[Predictions], *, is_common: bool = False
) -> list[Predictions]:
    """The same images of each, in one order, with one class list.

    Images are one where their paths are, and what is in them where that is known. is_common: leave
    out what not all have been asked about.

    Raises:
        DataError: they were not asked about the same images, or these have changed.
    """
    if len({one.is_multilabel for one in said}) > 1:
        raise DataError.of(
            "several-labels-and-one",
            "some were asked for one label an image and some for several",
            "compare those that were asked the same",
        )
    shared = set(said[0].paths).intersection(*(one.paths for one in said[1:]))
    if not shared or (not is_common and any(len(shared) != len(one) for one in said)):
        raise _other_images(names, said, len(shared))
    order = [path for path in said[0].paths if path in shared]
    classes = tuple(dict.fromkeys(name for one in said for name in one.classes))
    taken = [_in_order(one, order, classes) for one in said]
    for name, one in zip(names[1:], taken[1:], strict=True):
        _check_same(names[0], taken[0], name, one)
    return taken


def _difference(metric: str, first: Predictions, second: Predictions) -> Difference:
    check_selection(metric, is_multilabel=first.is_multilabel)
    match metric:
        case "accuracy":
            a, b = first.is_right, second.is_right
            return difference_of_shares(int((a & ~b).sum()), int((b & ~a).sum()), len(a))
        case "log-loss":
            return difference_of_means(first.losses, second.losses)
        case "map":
            return difference_of_precision(first.truth, first.probabilities, second.probabilities)
    return difference_of_averages(
        AVERAGES[metric],
        first.truth,
        first.predicted,
        second.predicted,
        classes=len(first.classes),
    )


def _in_order(said: Predictions, order: Sequence[str], classes: tuple[str, ...]) -> Predictions:
    place = {path: row for row, path in enumerate(said.paths)}
    rows = np.asarray([place[path] for path in order], np.int64)
    column = {name: k for k, name in enumerate(classes)}
    columns = np.asarray([column[name] for name in said.classes], np.int64)

    def renamed(labels: np.ndarray) -> np.ndarray:
        return columns[labels[rows]] if labels.ndim == 1 else widened(labels)

    def widened(values: np.ndarray) -> np.ndarray:
        wide = np.zeros((len(rows), len(classes)), values.dtype)
        wide[:, columns] = values[rows]
        return wide

    return replace(
        said,
        classes=classes,
        paths=tuple(order),
        places=said.places[rows],
        truth=renamed(said.truth),
        predicted=renamed(said.predicted),
        probabilities=widened(said.probabilities),
        losses=said.losses[rows],
        ranks=said.ranks[rows],
        confidences=said.confidences[rows],
        energies=said.energies[rows],
        content_hashes=tuple(said.content_hashes[row] for row in rows.tolist()),
    )


def _other_images(names: Sequence[str], said: Sequence[Predictions], shared: int) -> DataError:
    counts = [f"{name}: {len(one):,}" for name, one in zip(names, said, strict=True)]
    advice = ["name images for all of them: --data DATA"]
    if shared:
        advice.insert(0, f"leave out what not all were asked about: --common ({shared:,} images)")
    return DataError.of(
        "other-images",
        f"they were not asked about the same images: {listing(counts)}; in common {shared:,}",
        *advice,
    )


def _check_same(first: str, a: Predictions, second: str, b: Predictions) -> None:
    """Refuse images that have another content or another label.

    Raises:
        DataError: some have.
    """
    pairs = zip(a.content_hashes, b.content_hashes, strict=True)
    changed = [row for row, (x, y) in enumerate(pairs) if x and y and x != y]
    if changed:
        raise DataError.of(
            "images-changed",
            f"{len(changed):,} images are not the same for {first} and {second}, such as "
            f"{a.paths[changed[0]]}",
            "evaluate both again: striate eval RUN",
        )
    differs = a.truth != b.truth
    relabelled = np.flatnonzero(differs.any(axis=1) if a.is_multilabel else differs)
    if len(relabelled):
        raise DataError.of(
            "labels-changed",
            f"{len(relabelled):,} images have other labels for {first} than for {second}, such as "
            f"{a.paths[relabelled[0]]}",
            "evaluate both again: striate eval RUN",
        )


def _ends(found: Difference) -> tuple[float, float]:
    """Ends of the interval of the distance, as the one ahead sees it."""
    sign = 1 if found.value >= 0 else -1
    return sign * found.interval.low, sign * found.interval.high


def _probability(p: float) -> str:
    return f"{p:.2g}" if p >= 0.001 else "below 0.001"


def _rounded(count: int) -> int:
    """Two digits of a large number: 1387 as 1400."""
    unit = int(10 ** max(len(str(count)) - 2, 0))
    return round(count / unit) * unit
