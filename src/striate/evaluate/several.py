"""What is measured where images have several labels, or none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from striate.evaluate.averages import Counts, with_intervals
from striate.evaluate.classify import Answers
from striate.evaluate.intervals import share
from striate.evaluate.predictions import Predictions
from striate.evaluate.resampling import resampled_sums, samples_for
from striate.evaluate.single import Measured, class_evaluations, rank_scores


def measure(
    said: Answers, predictions: Predictions, classes: Sequence[str], thresholds: np.ndarray
) -> Measured:
    """The numbers of answers about images that may have several labels, or none.

    thresholds: to show beside each class, K. Accuracy is the share of images with exactly the right
    labels.
    """
    truth, taken = said.labels > 0, predictions.predicted > 0
    right = share(int(predictions.is_right.sum()), len(said))
    assert right is not None
    hits = truth & taken
    columns = np.concatenate([truth, taken, hits], axis=1)
    sums = resampled_sums(columns, samples_for(len(said), columns.shape[1]))
    samples = Counts(*np.split(sums, 3, axis=1)).averages()
    counts = Counts(truth.sum(axis=0), taken.sum(axis=0), hits.sum(axis=0))
    found = rank_scores(said.logits, truth)
    averages = with_intervals(counts, samples, _confused(truth, taken), len(said))
    return Measured(
        scores={"accuracy": right, **averages},
        ranks=found.means,
        per_class=class_evaluations(
            classes,
            (counts.images, counts.predicted, counts.correct),
            found,
            thresholds.tolist(),
        ),
        confusion=(),
        rejection=None,
    )


def ranks(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Rank of the least probable true label, from 1; 0 where an image has none: N."""
    lowest = np.where(targets > 0, logits, np.inf).min(axis=1)
    found = (logits >= lowest[:, None]).sum(axis=1)
    return np.asarray(np.where((targets > 0).any(axis=1), found, 0))


def _confused(truth: np.ndarray, taken: np.ndarray) -> tuple[np.ndarray, ...]:
    """Pairs of classes that are wrong of the same image, and of how many images."""
    wrong = (truth != taken).astype(np.float32)
    together = np.triu(wrong.T @ wrong, k=1)
    rows, columns = np.nonzero(together)
    return rows, columns, together[rows, columns]
