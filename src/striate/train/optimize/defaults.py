"""Batches and rates that suit each optimizer where the user and the recipe say nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from striate.options import Optimizer


@dataclass(frozen=True, slots=True)
class Usual:
    """What an optimizer is usually run with.

    lr: the highest learning rate for batches of 256 images and random weights. power: of the batch
    that it grows with: 1 where steps grow with gradients, 1/2 where gradients are divided by their
    own size. weight_decay: in the optimizer's own sense. batch: images of a step at most.
    """

    lr: float
    power: float
    weight_decay: float
    batch: int = 256


# SGD: T. He et al., "Bag of tricks", 2019, section 3, here for short trainings without a norm's
# gamma decaying. AdamW and its kin: R. Wightman et al., "ResNet strikes back", 2021, for the decay.
# RMSprop: M. Tan and Q. Le, "EfficientNet", 2019, section 5.2 (0.256 for 4096 images).
# The power: S. Malladi et al., "On the SDEs and scaling rules for adaptive gradient algorithms",
# 2022, against P. Goyal et al., "Accurate, large minibatch SGD", 2017.
# Muon: K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024, in its version with Muon
# (0.24 for 2000 images). It bears larger batches than the others: I. Shah et al., "Practical
# efficiency of Muon for pretraining", 2025; see docs/finetuning.md for what was seen here.
USUAL: Final[dict[Optimizer, Usual]] = {
    "sgd": Usual(0.4, 1.0, 5e-4),
    "muon": Usual(0.08, 0.5, 5e-3, batch=512),
    "adamw": Usual(2e-3, 0.5, 0.05),
    "nadam": Usual(2e-3, 0.5, 0.05),
    "radam": Usual(2e-3, 0.5, 0.05),
    "adam": Usual(2e-3, 0.5, 0.0),
    "rmsprop": Usual(0.016, 1.0, 1e-5),
}
# Of the rate for random weights: what is trained already is to be changed, not replaced. In the
# recipe `finetune` this is the rate of the last layers; most have less. See docs/finetuning.md.
PRETRAINED_SHARE = 0.1
# Images of a step, unless a network needs less or has room for more.
FEWEST_IMAGES, MOST_IMAGES = 16, 4096
# Steps of an epoch that should be left: fewer learn less from the same images.
STEPS_PER_EPOCH = 20


def default_batch(images: int, optimizer: Optimizer = "sgd") -> int:
    """Images of a step: as many as suit the optimizer, and fewer of small sets.

    >>> default_batch(50_000), default_batch(50_000, "muon"), default_batch(1293)
    (256, 512, 64)
    """
    return min(USUAL[optimizer].batch, most_by_data(images))


def most_by_data(images: int) -> int:
    """The largest power of two, from 16 to 4096, that leaves some twenty steps of an epoch.

    >>> most_by_data(50_000), most_by_data(100)
    (2048, 16)
    """
    fitting = int(2 ** math.floor(math.log2(max(images / STEPS_PER_EPOCH, 1))))
    return max(FEWEST_IMAGES, min(MOST_IMAGES, fitting))


def default_lr(batch: int, optimizer: Optimizer = "sgd", *, is_pretrained: bool = False) -> float:
    """Highest learning rate for batches of so many images; a tenth for what is trained already.

    >>> default_lr(64), default_lr(64, is_pretrained=True)
    (0.1, 0.01)
    >>> default_lr(64, "adamw")
    0.001
    """
    usual = USUAL[optimizer]
    lr = usual.lr * (batch / 256) ** usual.power
    return float(f"{lr * (PRETRAINED_SHARE if is_pretrained else 1):.3g}")


def default_weight_decay(optimizer: Optimizer) -> float:
    """Weight decay in the sense of the optimizer: coupled for SGD and RMSprop, else decoupled."""
    return USUAL[optimizer].weight_decay
