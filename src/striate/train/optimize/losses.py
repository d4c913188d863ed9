"""What a training makes small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from striate.data import Manifest
from striate.train.optimize.balance import class_weights, positive_weights
from striate.train.settings import Settings


@dataclass(frozen=True, eq=False)
class Loss:
    """Cross-entropy of each image's class, or of each label for images of several.

    smoothing: share of the target that is spread over all classes, or for several labels half over
    having it and half over not. weights: float32, K, of images by their class, or of having each
    label; None: all 1.

    Source: C. Szegedy et al., "Rethinking the Inception architecture for computer vision", 2016,
    section 7, for label smoothing.

    >>> round(Loss()(torch.tensor([[0.0, 0.0]]), torch.tensor([1])).item(), 4)  # ln 2
    0.6931
    """

    smoothing: float = 0.0
    weights: Tensor | None = None
    is_multilabel: bool = False

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The mean over the batch, a float32 number.

        logits: N×K, taken to float32. targets: classes, int64, N; or shares of classes, as mixed
        images have them, or labels in 0..1, float32, N×K.
        """
        logits = logits.float()
        weights = None if self.weights is None else self.weights.to(logits.device)
        if self.is_multilabel:
            smooth = targets * (1 - self.smoothing) + 0.5 * self.smoothing
            return binary_cross_entropy_with_logits(logits, smooth, pos_weight=weights)
        if weights is None:
            return cross_entropy(logits, targets, label_smoothing=self.smoothing)
        each = cross_entropy(logits, targets, label_smoothing=self.smoothing, reduction="none")
        # Not torch's `weight`, which divides by the weights of the batch: a batch of rare images
        # alone would count no more than one of frequent ones.
        return (each * (weights[targets] if targets.ndim == 1 else targets @ weights)).mean()


def loss_of(settings: Settings, manifest: Manifest, *, is_multilabel: bool | None = None) -> Loss:
    """The loss that the settings ask for.

    manifest: the training images. is_multilabel: whether images may have several labels, or none;
    None: as these images say.
    """
    has_several = manifest.is_multilabel if is_multilabel is None else is_multilabel
    counts = manifest.counts().astype(np.float64)
    if has_several:
        weights = positive_weights(counts, len(manifest), settings.balance)
    else:
        weights = class_weights(counts, settings.balance)
    return Loss(
        smoothing=settings.smoothing,
        weights=None if weights is None else torch.from_numpy(weights),
        is_multilabel=has_several,
    )
