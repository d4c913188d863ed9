"""What each step of a training is shown: a function of seed, epoch and step alone."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from striate.data import Batch, Loader, Preprocessing, network_input
from striate.data.augment import Augmenter, Draws
from striate.train.settings import Settings


class Step(NamedTuple):
    """One batch as the network sees it.

    number: of the step, from 0 over the whole training. images: float32, N×C×H×W. targets: labels,
    int64, N, or shares of classes, float32, N×K, where images are mixed or may have several labels.
    batch: what it was made of. draws: what was done.
    """

    number: int
    images: Tensor
    targets: Tensor
    batch: Batch
    draws: Draws


class Steps:
    """The steps of a training, from any on; how often and from where they were begun is no matter.

    Once images turn out unreadable they are left out of their batches, which become smaller; all
    other images, and what is drawn for other steps, stay as they are.
    """

    def __init__(
        self, loader: Loader, record: Preprocessing, settings: Settings, device: torch.device
    ) -> None:
        self.loader = loader
        self.record = record
        self.seed = settings.seed
        self.device = device
        self.augmented = Augmenter(
            settings.augmentation,
            classes=len(loader.manifest.classes),
            ground=record.mean,
            seed=settings.seed,
        )

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch."""
        return self.loader.steps

    def epoch(self, number: int, *, start: int = 0) -> Generator[Step]:
        """The steps of one epoch, counted from 1, beginning with its step `start`, from 0."""
        chance = np.random.default_rng([self.seed, number])
        order = chance.permutation(len(self.loader.manifest))
        first = (number - 1) * self.steps_per_epoch + start
        with closing(self.loader.batches(order, epoch=number, start=start)) as batches:
            for step, batch in enumerate(batches, first):
                yield self._step(step, batch)

    def _step(self, number: int, batch: Batch) -> Step:
        images = batch.images.to(self.device, non_blocking=True)
        labels = batch.labels.to(self.device, non_blocking=True)
        changed = self.augmented(images, labels, step=number)
        shown = network_input(changed.images, self.record)
        return Step(number, shown, changed.targets, batch, changed.draws)
