"""From which probability on an image is said to have a label, where it may have several."""

from __future__ import annotations

import numpy as np

EVEN = 0.5


def best_thresholds(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """For every class the threshold with the highest F1 on these images: K.

    probabilities: N×K. truth: bool, N×K. A label is given where the probability is at least the
    threshold, which lies halfway between two images. A class without images, or which all images
    have, keeps 0.5: nothing can be learned of it.

    Source: Z. C. Lipton et al., "Optimal thresholding of classifiers to maximize F1 measure",
    ECML PKDD 2014.
    """
    found = np.full(probabilities.shape[1], EVEN)
    for k in range(probabilities.shape[1]):
        if 0 < truth[:, k].sum() < len(truth):
            found[k] = _best(probabilities[:, k].astype(np.float64), truth[:, k])
    return found


def _best(scores: np.ndarray, truth: np.ndarray) -> float:
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(truth[order])
    ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    f1 = 2 * hits[ends] / (ends + 1 + hits[-1])
    end = ends[int(f1.argmax())]
    below = scores[end + 1] if end + 1 < len(scores) else 0.0
    return float((scores[end] + below) / 2)
