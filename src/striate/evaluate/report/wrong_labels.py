"""Images whose label is probably wrong, by what the network says of the others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Suspect(NamedTuple):
    """An image that the network takes for another class than its label says.

    place: in the arrays it was found in. label, suggested: places of classes. margin: by how much
    the suggested class is more probable than the label, -1..1.
    """

    place: int
    label: int
    suggested: int
    margin: float


def wrong_labels(probabilities: np.ndarray, labels: np.ndarray) -> list[Suspect]:
    """Images that are probably labelled wrongly, the surest first; N×K probabilities, N labels.

    The threshold of a class is the mean probability that images labelled so have for it: how sure
    the network usually is. An image counts for the class that reaches its threshold, the most
    probable of them where several do; it is listed where that is not its label and is also more
    probable than it. Ordered by that difference.

    The probabilities must come from a network that was not trained on these images.

    Source: C. Northcutt, L. Jiang, I. Chuang, "Confident Learning: Estimating Uncertainty in
    Dataset Labels", 2021, equations 1 and 2 (thresholds, confident joint), and section 3.2, ranking
    by the normalized margin. That the suggested class must be more probable than the label is added
    here: else an image that is right could be listed because its class is usually surer.
    """
    images, classes = probabilities.shape
    sums = np.zeros(classes)
    np.add.at(sums, labels, probabilities[np.arange(images), labels])
    counts = np.bincount(labels, minlength=classes)
    # Nothing can count for a class that no image is labelled as: how sure is usual is not known.
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    reached = np.where(probabilities >= thresholds, probabilities, -np.inf)
    suggested = reached.argmax(axis=1)
    margins = probabilities.max(axis=1, initial=0, where=reached > -np.inf)
    margins = margins - probabilities[np.arange(images), labels]
    is_wrong = (reached.max(axis=1) > -np.inf) & (suggested != labels) & (margins > 0)
    found = np.flatnonzero(is_wrong)
    order = found[np.argsort(-margins[found], kind="stable")]
    return [
        Suspect(int(place), int(labels[place]), int(suggested[place]), float(margins[place]))
        for place in order
    ]
