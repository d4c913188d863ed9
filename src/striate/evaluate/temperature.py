"""One number that makes probabilities honest: what logits are divided by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# The temperatures that are looked at; outside, the optimum is a matter of a handful of images.
COLDEST, HOTTEST = 0.05, 20.0
FOLDS = 5
ROUNDS = 60
CLOSE = 1e-4  # relative; the step after it would be about its square
# Rows that are worked on at a time, so that many classes of many images need little memory.
PIECE_VALUES = 2**22


@dataclass(frozen=True, slots=True)
class _Said:
    """Logits, N×K, and for each image the mean logit of its truth; whether labels are many."""

    logits: np.ndarray
    of_truth: np.ndarray
    is_multilabel: bool


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with the least log-loss on these images; within 0.05 to 20.

    logits: N×K. labels: int64, N; or N×K of 0 and 1, where images have several labels. The truth
    counts for a little less than all of the probability, 1 - 1/(N+2), the rest being spread evenly:
    otherwise a few images, all of them right, would make every answer a certainty.

    Source: C. Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2; the
    last point is from J. Platt, "Probabilistic outputs for support vector machines", 1999,
    section 2.2.
    """
    return _fit(_said(logits, labels))


def cross_fitted(logits: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """A temperature for every image that was found without it, in five folds: N."""
    fold = np.random.default_rng(seed).permutation(len(logits)) % FOLDS
    found = np.ones(len(logits))
    start = fit_temperature(logits, labels)
    for number in range(FOLDS):
        rest = fold != number
        if rest.any() and not rest.all():
            found[~rest] = _fit(_said(logits[rest], labels[rest]), start)
    return found


def _said(logits: np.ndarray, labels: np.ndarray) -> _Said:
    count, classes = logits.shape
    spread = 1 / (count + 2)
    if labels.ndim == 2:
        targets = (1 - spread) * labels + spread / 2
        return _Said(logits, (targets * logits).mean(axis=1, dtype=np.float64), True)
    truth = logits[np.arange(count), labels].astype(np.float64)
    mean = logits.sum(axis=1, dtype=np.float64) / classes
    return _Said(logits, (1 - spread) * truth + spread * mean, False)


def _fit(said: _Said, start: float = 1.0) -> float:
    """Newton's method on the inverse temperature, kept within a bracket by halving it.

    The log-loss is convex in the inverse of the temperature, so its slope changes sign once.
    """
    low, high = 1 / HOTTEST, 1 / COLDEST
    inverse = 1 / start
    for _ in range(ROUNDS):
        slope, bend = _slope(said, inverse)
        low, high = (inverse, high) if slope < 0 else (low, inverse)
        step = inverse - slope / bend if bend > 0 else inverse
        after = step if low < step < high else float(np.sqrt(low * high))
        is_done = abs(after - inverse) <= CLOSE * inverse
        inverse = after
        if is_done:
            break
    return float(1 / inverse)


def _slope(said: _Said, inverse: float) -> tuple[float, float]:
    """First and second derivative of the mean log-loss by the inverse temperature."""
    slope = bend = 0.0
    piece = max(1, PIECE_VALUES // said.logits.shape[1])
    for first in range(0, len(said.logits), piece):
        logits = said.logits[first : first + piece]
        if said.is_multilabel:
            logits = logits.astype(np.float64)
            shares = np.exp(-np.logaddexp(0, -inverse * logits))
            mean = (shares * logits).mean(axis=1)
            spread = (shares * (1 - shares) * logits**2).mean(axis=1)
        else:
            raised = logits - logits.max(axis=1, keepdims=True)
            shares = np.exp(np.float32(inverse) * raised)
            total = shares.sum(axis=1, dtype=np.float64)
            shifted = np.einsum("nk,nk->n", shares, raised, dtype=np.float64) / total
            square = np.einsum("nk,nk,nk->n", shares, raised, raised, dtype=np.float64) / total
            mean, spread = shifted + logits.max(axis=1), square - shifted**2
        slope += float((mean - said.of_truth[first : first + piece]).sum())
        bend += float(spread.sum())
    return slope / len(said.logits), bend / len(said.logits)
