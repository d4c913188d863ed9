"""Batches of images, decoded by threads a little ahead of their reader."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from striate.data.augment.views import View
from striate.data.cache import Cache, shrunk
from striate.data.chance import repeats, uniforms
from striate.data.contents import Contents, contents
from striate.data.decode import Picture, UnreadableImageError, decode, shown_part
from striate.data.drawn import Part, nearest_part, scale_part
from striate.data.health import Unreadable
from striate.data.labels import Labels
from striate.data.manifest import Manifest
from striate.data.preprocessing import Box, Preprocessing
from striate.data.sharding import Shard
from striate.data.workers import usable_cores

# Images that a thread decodes before it takes others: few, so that no thread has much left to do
# while the others wait for the batch to be whole.
CHUNK = 8
# A batch this small is copied out of a cache faster than a thread is asked to do it.
SMALL_BATCH_BYTES = 2**20


class Batch(NamedTuple):
    """Images before scaling, their labels, and their places in the manifest.

    images: uint8, N×H×W×C. labels: int64, N; where images may have several, 1 for each class that
    an image has and else 0: float32, N×K. places: int64, N.
    """

    images: Tensor
    labels: Tensor
    places: Tensor


class Loader:
    """The images of one manifest in batches, as `record` says, decoded by threads.

    Images that cannot be decoded are left out of their batch, and listed in `unreadable`. At most
    `ahead` batches are in memory besides the one that is being used.

    batch: images at a time, of this shard.
    view: draws the part of each picture that is shown, from the seed, the epoch and the image's
        place only; None shows what the record says.
    side: shorter side, in pixels, to which whole pictures are scaled down before a view is cut from
        them; None cuts from the files. With it, views are the same with a cache and without.
    cache: where decoded images are kept and looked for; with a view, one of the same side.
    workers: threads; by default as many as there are cores.
    is_multilabel: whether images may have several labels, or none; by default what the manifest
        says. Say it where the manifest is a part of another one, whose images may.
    waited_s, used_s: seconds that the reader waited for images, and that it did something else, in
        the last pass over them. kept_before: share of the images that were in the cache then.
    """

    def __init__(  # noqa: PLR0913  all by name, and each may be left out
        self,
        manifest: Manifest,
        record: Preprocessing,
        batch: int,
        *,
        view: View | None = None,
        side: int | None = None,
        seed: int = 0,
        cache: Cache | None = None,
        workers: int | None = None,
        shard: Shard | None = None,
        is_multilabel: bool | None = None,
    ) -> None:
        assert cache is None or cache.side == side
        assert side is None or view is not None
        self.manifest = manifest
        self.record = record
        self.batch = batch
        self.view = view
        self.side = side
        self.seed = seed
        self.cache = cache
        self.workers = workers or usable_cores()
        self.shard = shard or Shard()
        self.waited_s = 0.0
        self.used_s = 0.0
        self.kept_before = 0.0
        self._bad: dict[int, Unreadable] = {}
        self._is_bad = np.zeros(len(manifest), bool)
        self._labels = Labels(manifest, is_multilabel=is_multilabel)
        self._slots = None if cache is None else cache.slots(manifest)

    @property
    def is_multilabel(self) -> bool:
        """Whether targets are shares of every class, since an image may have several."""
        return self._labels.is_multilabel

    def targets(self, places: np.ndarray) -> Tensor:
        """The labels of the images at these places, as in `Batch`."""
        return torch.from_numpy(self._labels[places])

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """The images met so far that cannot be decoded, in the order of the manifest."""
        return tuple(self._bad[place] for place in sorted(self._bad))

    @property
    def steps(self) -> int:
        """Batches of a pass over all images."""
        return self.shard.steps(len(self.manifest), self.batch)

    @property
    def ahead(self) -> int:
        """Batches that are begun before they are asked for: enough to keep all threads busy."""
        return 1 + -(-2 * self.workers * min(CHUNK, self.batch) // self.batch)

    @property
    def kept(self) -> float:
        """Share of the images that lie in the cache already."""
        if self.cache is None or self._slots is None or not len(self._slots):
            return 0.0
        return float(self.cache.has(self._slots).mean())

    @property
    def waiting(self) -> float:
        """Share of the last pass that its reader waited for images, 0..1."""
        return self.waited_s / max(self.waited_s + self.used_s, 1e-9)

    def batches(
        self, order: np.ndarray | None = None, *, epoch: int = 0, start: int = 0
    ) -> Generator[Batch]:
        """This shard's images once, in batches of nearly equal size.

        order: places in the manifest, all of them unless given; one may come several times, and
        shows other views each time. epoch: changes what views draw. start: number of the first
        batch, to go on where a pass was left. The iterator may be closed at any time; no thread is
        left then.

        Raises:
            DataError: the data are gone.
        """
        places = np.arange(len(self.manifest)) if order is None else order
        # Counted over all ranks, so that views do not depend on how many there are.
        again = repeats(places)
        parts = [
            _Part(*part)
            for part in zip(
                self.shard.parts(places, self.batch)[start:],
                self.shard.parts(again, self.batch)[start:],
                strict=True,
            )
        ]
        self.waited_s = self.used_s = 0.0
        self.kept_before = self.kept
        with closing(self._all(parts, epoch)) as source:
            while True:
                begin = time.perf_counter()
                batch = next(source, None)
                given = time.perf_counter()
                self.waited_s += given - begin
                if batch is None:
                    return
                yield batch
                self.used_s += time.perf_counter() - given

    def _all(self, parts: Sequence[_Part], epoch: int) -> Generator[Batch]:
        """All batches; small ones straight from the cache as long as that has them."""
        number = 0
        image_bytes = self.record.height * self.record.width * self.record.channels
        if self.batch * image_bytes <= SMALL_BATCH_BYTES:
            while number < len(parts) and self._is_kept(parts[number].places):
                filling = self._filling(parts[number])
                self._gather(filling.places, filling.pixels)
                yield from self._finished(filling)
                number += 1
        if number < len(parts):
            yield from self._threaded(parts[number:], epoch)

    def _threaded(self, parts: Sequence[_Part], epoch: int) -> Generator[Batch]:
        self._read  # noqa: B018  data that are gone are told here, not in every thread
        stop = threading.Event()
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="striate-loader")
        begun: deque[_Filling] = deque()
        try:
            for part in parts:
                begun.append(self._begun(pool, part, epoch, stop))
                if len(begun) > self.ahead:
                    yield from self._finished(begun.popleft())
            while begun:
                yield from self._finished(begun.popleft())
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            if self.cache is not None:
                self.cache.close()

    def _begun(
        self, pool: ThreadPoolExecutor, part: _Part, epoch: int, stop: threading.Event
    ) -> _Filling:
        """A batch whose images are being put into their places."""
        filling = self._filling(part)
        filling.stop = stop
        if self.view is not None:
            filling.chance = self.chance(part.places, epoch, part.repeats)
        count = len(part.places)
        share = max(1, -(-count // self.workers))
        # What is only copied needs no small portions; checksums are left to the threads.
        is_there = self._slots is not None and self._has(part.places)
        # Nor do parts of pictures that are there, which take a tenth of the time of decoding.
        most = CHUNK if not is_there else share if self.view is None else 2 * CHUNK
        chunk = min(most, share)
        if is_there and self.view is not None:
            filling.parts = self._parts(filling)
        for first in range(0, count, chunk):
            rows = range(first, min(first + chunk, count))
            filling.jobs.append(pool.submit(self._fill, filling, rows))
        return filling

    def _finished(self, filling: _Filling) -> Generator[Batch]:
        """The batch without the images that cannot be decoded; none if that leaves nothing."""
        for job in filling.jobs:
            job.result()
        images, places = filling.images, filling.places
        is_good = ~self._is_bad[places]
        if not is_good.all():
            images, places = images[torch.from_numpy(is_good)], places[is_good]
        if len(places):
            yield Batch(images, self.targets(places), torch.from_numpy(places))

    def _fill(self, filling: _Filling, rows: range) -> None:
        """Put some images of a batch into their places. Runs in a thread."""
        places = filling.places[rows.start : rows.stop]
        if self._is_kept(places):
            self._gather(places, filling.pixels[rows.start : rows.stop])
            return
        put = self._put_picture
        if self.view is not None:
            put = self._put_part_of_file if self.side is None else self._put_part_of_whole
        for row, place in zip(rows, places.tolist(), strict=True):
            if filling.stop.is_set():
                return
            if self._is_bad[place]:
                continue
            try:
                put(filling, row, place)
            except UnreadableImageError as bad:
                self._bad[place] = Unreadable(self.manifest.full_name(place), bad.reason)
                self._is_bad[place] = True
            except Exception as error:
                error.add_note(f"while loading {self.manifest.name(place)}")
                raise

    def _put_picture(self, filling: _Filling, row: int, place: int) -> None:
        """Write an image as the network sees it in evaluation to its row of a batch."""
        filling.pixels[row] = self._picture(place)

    def _put_part_of_file(self, filling: _Filling, row: int, place: int) -> None:
        """Write the part of an image's file that the view draws, scaled, to its row of a batch."""
        array, box = shown_part(
            self._read(place),
            self._drawn_record,
            view=lambda height, width: self._box(filling, row, height, width),
        )
        part = nearest_part(box, *array.shape[:2])
        scale_part(array, part, self.record, filling.pixels[row])

    def _put_part_of_whole(self, filling: _Filling, row: int, place: int) -> None:
        """The same of the whole picture, scaled down."""
        if filling.parts:
            assert self.cache is not None
            assert self._slots is not None
            kept = self.cache.read(self._slots.item(place))
            if kept is not None:
                scale_part(kept, filling.parts[row], self.record, filling.pixels[row])
                return
        whole = self._whole(place)
        box = whole.scaled(self._box(filling, row, whole.height, whole.width))
        part = nearest_part(box, *whole.array.shape[:2])
        scale_part(whole.array, part, self.record, filling.pixels[row])

    def _box(self, filling: _Filling, row: int, height: int, width: int) -> Box:
        """The part of an image of a batch that the view draws."""
        assert self.view is not None
        return self.view.box(height, width, iter(filling.chance[row]))

    def _picture(self, place: int) -> np.ndarray:
        """An image as the network sees it in evaluation."""
        if self.cache is None or self._slots is None:
            return decode(self._read(place), self.record)
        slot = int(self._slots[place])
        kept = self.cache.read(slot)
        if kept is None:
            kept = decode(self._read(place), self.record)
            self.cache.write(slot, kept)
        return kept

    def chance(self, places: np.ndarray, epoch: int, again: np.ndarray) -> list[list[float]]:
        """What the view of each of these images is drawn from in an epoch; there must be a view.

        again: how often each image came before in the order of that pass.
        """
        assert self.view is not None
        drawn = uniforms(self.seed, epoch, places=places, again=again, count=self.view.numbers)
        numbers: list[list[float]] = drawn.tolist()
        return numbers

    def _whole(self, place: int) -> Picture:
        """A whole picture, scaled down to the shorter side `side`."""
        assert self.side is not None
        if self.cache is None or self._slots is None:
            return shrunk(self._read(place), self.record, self.side)
        slot = int(self._slots[place])
        whole = self.cache.picture(slot)
        if whole is None:
            whole = shrunk(self._read(place), self.record, self.side)
            self.cache.write(slot, whole.array)
        return whole

    @cached_property
    def _drawn_record(self) -> Preprocessing:
        """As the record; but a JPEG is decoded no larger than what is drawn from it must be.

        That is good enough for a part drawn by chance, and far faster where files are large.
        """
        return replace(self.record, reducing_gap=1.0)

    def _is_kept(self, places: np.ndarray) -> bool:
        """Whether all these images lie in the cache as the network sees them."""
        if self.cache is None or self._slots is None or self.cache.side is not None:
            return False
        return self.cache.holds(self._slots[places])

    def _parts(self, filling: _Filling) -> list[Part]:
        """The parts that the view draws of the pictures of a batch that are all in the cache.

        Of all of them before the threads begin: while one thread is in Python the others wait, and
        each time they do costs more than this.
        """
        assert self.cache is not None
        assert self._slots is not None
        full, kept = self.cache.sizes(self._slots[filling.places])
        parts = []
        sizes = zip(full.tolist(), kept.tolist(), strict=True)
        for row, ((height, width), (down, across)) in enumerate(sizes):
            box = self._box(filling, row, height, width).scaled(down / height, across / width)
            parts.append(nearest_part(box, down, across))
        return parts

    def _has(self, places: np.ndarray) -> bool:
        assert self.cache is not None
        assert self._slots is not None
        return bool(self.cache.has(self._slots[places]).all())

    def _gather(self, places: np.ndarray, target: np.ndarray) -> None:
        assert self.cache is not None
        assert self._slots is not None
        self.cache.gather(self._slots[places], target)

    def _filling(self, part: _Part) -> _Filling:
        """Room for a batch; where there is a GPU, in memory that it can read by itself."""
        shape = (len(part.places), self.record.height, self.record.width, self.record.channels)
        images = torch.empty(shape, dtype=torch.uint8, pin_memory=torch.cuda.is_available())
        return _Filling(part.places, images)

    @cached_property
    def _read(self) -> Contents:
        return contents(self.manifest)


class _Part(NamedTuple):
    """What a batch is made of: places, and how often each of them came before in the pass."""

    places: np.ndarray
    repeats: np.ndarray


class _Filling:
    """A batch that is being made: its images as tensor and as array, who makes them and of what.

    chance: what the view of each image is drawn from. parts: what it draws of the pictures in the
    cache, where all are there. stop: set when the batch is not wanted.
    """

    def __init__(self, places: np.ndarray, images: Tensor) -> None:
        self.places = places
        self.images = images
        self.pixels = images.numpy()
        self.chance: list[list[float]] = []
        self.parts: list[Part] = []
        self.stop = threading.Event()
        self.jobs: list[Future[None]] = []
