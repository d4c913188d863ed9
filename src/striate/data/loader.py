"""Batches of images: from memory where they fit, decoded by worker processes where not."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from striate.data.contents import contents
from striate.data.decode import decode
from striate.data.health import Decoded
from striate.data.manifest import Manifest
from striate.data.transforms import Preprocessing


class Batch(NamedTuple):
    """Images before scaling, their labels, and their places in the manifest.

    images: uint8, N×H×W×C. labels, places: int64, N.
    """

    images: Tensor
    labels: Tensor
    places: Tensor


class Loader(Protocol):
    """A source of batches over the images of one manifest."""

    manifest: Manifest
    batch: int

    def batches(self, order: np.ndarray | None = None) -> Iterator[Batch]:
        """All images once, in their order or in the given one, in batches of nearly equal size."""


class MemoryLoader:
    """Batches of images that are decoded already."""

    def __init__(self, manifest: Manifest, images: np.ndarray, batch: int) -> None:
        assert len(images) == len(manifest)
        self.manifest = manifest
        self.batch = batch
        self._images = torch.from_numpy(images)
        self._labels = torch.from_numpy(manifest.labels.astype(np.int64))

    def batches(self, order: np.ndarray | None = None) -> Iterator[Batch]:
        """All images once, in batches of nearly equal size."""
        for part in batch_places(len(self.manifest), self.batch, order):
            places = torch.from_numpy(part)
            yield Batch(self._images[places], self._labels[places], places)


class StreamLoader:
    """Batches of images that are decoded again each time, by worker processes."""

    def __init__(
        self, manifest: Manifest, record: Preprocessing, batch: int, *, workers: int
    ) -> None:
        self.manifest = manifest
        self.batch = batch
        self._images = _Images(manifest, record)
        self._workers = workers

    def batches(self, order: np.ndarray | None = None) -> Iterator[Batch]:
        """All images once, in batches of nearly equal size."""
        parts = batch_places(len(self.manifest), self.batch, order)
        for images, labels, places in DataLoader(
            self._images,
            batch_sampler=[part.tolist() for part in parts],
            num_workers=self._workers,
            worker_init_fn=_leave_interrupts_to_the_parent,
        ):
            yield Batch(images, labels, places)


def make_loader(decoded: Decoded, record: Preprocessing, *, batch: int) -> Loader:
    """The loader for what was decoded: from memory if it was kept, else streaming."""
    if decoded.images is not None:
        return MemoryLoader(decoded.manifest, decoded.images, batch)
    return StreamLoader(decoded.manifest, record, batch, workers=default_workers())


def network_input(images: Tensor, record: Preprocessing) -> Tensor:
    """uint8 N×H×W×C to what enters the network: float32 N×C×H×W, in channels-last layout.

    The only place where pixels become numbers: training, evaluation and prediction all come here.
    """
    mean = torch.tensor(record.mean, dtype=torch.float32, device=images.device)
    deviation = torch.tensor(record.deviation, dtype=torch.float32, device=images.device)
    return images.to(torch.float32).div_(255).sub_(mean).div_(deviation).permute(0, 3, 1, 2)


def batch_places(images: int, batch: int, order: np.ndarray | None = None) -> list[np.ndarray]:
    """Places of the images of each batch; sizes differ by at most one, so none is a lone rest."""
    places = np.arange(images) if order is None else order
    assert len(places) == images
    count = -(-images // batch)
    return np.array_split(places.astype(np.int64), count) if count else []


def fits_in_memory(images: int, record: Preprocessing) -> bool:
    """Whether the decoded images take less than a quarter of this machine's memory."""
    needed_bytes = images * record.height * record.width * record.channels
    return needed_bytes < memory_bytes() // 4


def memory_bytes() -> int:
    """Memory of this machine; 8 GiB where it cannot be asked."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 * 2**30


def default_workers() -> int:
    """Worker processes for streaming: one per core, at most eight."""
    return min(os.cpu_count() or 1, 8)


class _Images(Dataset[tuple[Tensor, int, int]]):
    def __init__(self, manifest: Manifest, record: Preprocessing) -> None:
        self.manifest = manifest
        self.record = record
        self.labels = manifest.labels
        self.read = contents(manifest)

    def __len__(self) -> int:
        return len(self.manifest)

    def __getitem__(self, place: int) -> tuple[Tensor, int, int]:
        image = decode(self.read(place), self.record, name=self.manifest.name(place))
        return torch.from_numpy(image.copy()), int(self.labels[place]), place


def _leave_interrupts_to_the_parent(_: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
