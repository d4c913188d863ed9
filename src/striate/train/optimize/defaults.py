"""Rates that suit each optimizer where the user and the recipe say nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from striate.options import Optimizer


@dataclass(frozen=True, slots=True)
class Usual:
    """What an optimizer is usually run with.

    lr: the highest learning rate for batches of 256 images and random weights. power: of the batch
    that it grows with: 1 where steps grow with gradients, 1/2 where gradients are divided by their
    own size. weight_decay: in the optimizer's own sense.
    """

    lr: float
    power: float
    weight_decay: float


# SGD: T. He et al., "Bag of tricks", 2019, section 3, here for short trainings without a norm's
# gamma decaying. AdamW and its kin: R. Wightman et al., "ResNet strikes back", 2021, for the decay.
# RMSprop: M. Tan and Q. Le, "EfficientNet", 2019, section 5.2 (0.256 for 4096 images).
# The power: S. Malladi et al., "On the SDEs and scaling rules for adaptive gradient algorithms",
# 2022, against P. Goyal et al., "Accurate, large minibatch SGD", 2017.
USUAL: Final[dict[Optimizer, Usual]] = {
    "sgd": Usual(0.4, 1.0, 5e-4),
    "muon": Usual(0.2, 0.5, 5e-3),
    "adamw": Usual(2e-3, 0.5, 0.05),
    "nadam": Usual(2e-3, 0.5, 0.05),
    "radam": Usual(2e-3, 0.5, 0.05),
    "adam": Usual(2e-3, 0.5, 0.0),
    "rmsprop": Usual(0.016, 1.0, 1e-5),
}
# Of the rate for random weights: what is trained already is to be changed, not replaced. In the
# recipe `finetune` this is the rate of the last layers; most have less. See docs/finetuning.md.
PRETRAINED_SHARE = 0.1


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
