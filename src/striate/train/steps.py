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
from striate.train.optimize.balance import Order
from striate.train.settings import Settings


class Step(NamedTuple):
    """One batch as the network sees it.

    number: of the step, from 0 over the whole training. images: float32, N×C×H×W. targets: labels,
    int64, N, or shares of classes, float32, N×K, where images are mixed or may have several labels.
    places: of the images in their manifest, int64, N. draws: what was done. weight: its planned
    images, as a share of the mean over all processes that do this step together.
    """

    number: int
    images: Tensor
    targets: Tensor
    places: Tensor
    draws: Draws
    weight: float = 1.0


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
        self.order = Order(loader.manifest, settings.balance, settings.seed)
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
        """The steps of one epoch, counted from 1, beginning with its step `start`, from 0.

        A step none of whose images can be read has no images.
        """
        order = self.order(number)
        first = (number - 1) * self.steps_per_epoch
        parts = self.loader.shard.parts(order, self.loader.batch)
        step = start
        with closing(self.loader.batches(order, epoch=number, start=start)) as batches:
            for batch in batches:
                # The loader leaves out what it could not read any image of.
                while int(batch.places[0]) not in parts[step]:
                    yield self._empty(first + step)
                    step += 1
                weight = self._weight(step, len(parts[step]))
                yield self._step(first + step, batch)._replace(weight=weight)
                step += 1
        for left_out in range(step, len(parts)):
            yield self._empty(first + left_out)

    def _weight(self, step: int, images: int) -> float:
        """What this process's part of a step counts, of so many images."""
        world = self.loader.shard.world
        if world == 1:
            return 1.0
        each, more = divmod(len(self.loader.manifest), self.steps_per_epoch)
        return images * world / (each + (step < more))

    def _empty(self, number: int) -> Step:
        none = np.empty(0, np.int64)
        shape = (0, self.record.channels, self.record.height, self.record.width)
        shown = torch.empty(shape, device=self.device)
        targets = self.loader.targets(none).to(self.device)
        return Step(number, shown, targets, torch.from_numpy(none), Draws())

    def _step(self, number: int, batch: Batch) -> Step:
        images = batch.images.to(self.device, non_blocking=True)
        labels = batch.labels.to(self.device, non_blocking=True)
        changed = self.augmented(images, labels, step=number, places=batch.places)
        shown = network_input(changed.images, self.record)
        return Step(number, shown, changed.targets, batch.places, changed.draws)
