"""How far probabilities are what they say: calibration error, log-loss, Brier score."""

from __future__ import annotations

import numpy as np

from striate.evaluate.evaluation import Reliability, ReliabilityBin
from striate.evaluate.intervals import Estimate, share
from striate.evaluate.resampling import SAMPLES, SEED, percentile, resampled_sums

BINS = 15


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> Reliability:
    """Of probabilities, N×K, and the true labels: int64, N; or N×K of 0 and 1.

    Calibration error: images are put into 15 bins of equal width by the probability of their
    predicted class; the error is the mean, weighed by images, of the distance between the share of
    right predictions and the mean probability in each. Where images have several labels, the bins
    hold labels by their probability, and the share is of those that are true.

    Source: C. Guo et al., "On calibration of modern neural networks", ICML 2017, equation 3;
    log-loss in nats; G. W. Brier, "Verification of forecasts expressed in terms of probability",
    Monthly Weather Review 78, 1950: the squared distance from the truth, summed over classes.
    """
    probabilities = probabilities.astype(np.float64, copy=False)
    loss, brier = losses(probabilities, labels), _brier(probabilities, labels)
    if labels.ndim == 2:
        sure, right = probabilities, labels > 0
    else:
        sure = probabilities.max(axis=1, keepdims=True)
        right = (probabilities.argmax(axis=1) == labels)[:, None]
    place = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    gaps = _by_bin(sure - right, place)
    images = len(labels)
    sums = resampled_sums(np.column_stack([loss, brier, gaps]))
    filled = np.bincount(place.ravel(), minlength=BINS)
    sure_sums = np.bincount(place.ravel(), weights=sure.ravel(), minlength=BINS)
    right_sums = np.bincount(place.ravel(), weights=right.ravel(), minlength=BINS)
    samples = np.abs(sums[:, 2:]).sum(axis=1) / sure.size
    return Reliability(
        ece=_ece(float(np.abs(gaps.sum(0)).sum() / sure.size), samples, filled, sure_sums, images),
        log_loss=percentile(float(loss.mean()), sums[:, 0] / images, images),
        brier=percentile(float(brier.mean()), sums[:, 1] / images, images),
        bins=tuple(
            ReliabilityBin(
                low=k / BINS,
                high=(k + 1) / BINS,
                images=int(filled[k]),
                confidence=float(sure_sums[k] / filled[k]) if filled[k] else None,
                right=share(round(right_sums[k]), int(filled[k])),
            )
            for k in range(BINS)
        ),
    )


def losses(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """-log(probability of the truth) of each image; with several labels the mean over classes: N.

    Probabilities are float64, and taken to be at least 1e-38: float32 knows no smaller ones.
    """
    least = 1e-38
    if labels.ndim == 2:
        true = np.where(labels > 0, probabilities, 1 - probabilities)
        return np.asarray(-np.log(np.maximum(true, least)).mean(axis=1))
    true = probabilities[np.arange(len(labels)), labels]
    return np.asarray(-np.log(np.maximum(true, least)))


def _brier(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    if labels.ndim == 2:
        return np.asarray(((probabilities - labels) ** 2).sum(axis=1))
    true = probabilities[np.arange(len(labels)), labels]
    return np.asarray((probabilities**2).sum(axis=1) - 2 * true + 1)


def _by_bin(gaps: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Sum of the gaps of each image in each bin: N×15."""
    rows = np.arange(len(gaps))[:, None] * BINS
    cells = np.bincount((rows + place).ravel(), gaps.ravel(), len(gaps) * BINS)
    return cells.reshape(len(gaps), BINS)


def _ece(
    value: float, samples: np.ndarray, filled: np.ndarray, sure: np.ndarray, images: int
) -> Estimate:
    """The calibration error with its interval, mirrored as the bias of this number demands.

    Chance alone makes it larger than it is, and in resampled images twice; so the samples are
    mirrored at the value. The interval begins at 0 where perfectly honest probabilities, drawn
    as often, would give as much in one of 40 cases or more.

    Source: A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their Application", 1997, section
    5.2, for the mirroring; J. Bröcker, L. A. Smith, "Increasing the reliability of reliability
    diagrams", Weather and Forecasting 22, 2007, for the drawing.
    """
    if images < 2:
        return Estimate(value, 0.0, 1.0, "none", images)
    low, high = (2 * value - float(end) for end in np.quantile(samples, (0.975, 0.025)))
    chance = np.random.default_rng(SEED)
    mean = np.clip(sure / np.maximum(filled, 1), 0, 1)
    drawn = chance.binomial(filled, mean, (SAMPLES, BINS))
    honest = np.abs(drawn - sure).sum(axis=1) / filled.sum()
    if value <= np.quantile(honest, 0.975):
        low = 0.0
    low, high = min(max(low, 0.0), value), min(max(high, value), 1.0)
    return Estimate(value, low, high, "bootstrap", images)
