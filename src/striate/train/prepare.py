"""The data side of a training: what is there, how it is split, how it becomes pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from striate.data import (
    Advance,
    Cache,
    Loader,
    Manifest,
    Preprocessing,
    Store,
    Unreadable,
    default_share,
    index,
    open_cache,
    refuse_many,
    silent,
    with_validation,
)
from striate.data.audit import QuickAudit, quick_audit
from striate.data.names import shown
from striate.errors import DataError, listing
from striate.options import Options
from striate.train.reporter import Reporter
from striate.train.settings import Settings

# Bytes of files that are read to look at their heads, and of how many images at least and at most.
LOOKED_BYTES = 256 * 2**20
FEWEST_LOOKED, MOST_LOOKED = 200, 2000
# Images of each split that are decoded before the training begins, to compute mean and deviation
# and to learn whether they can be read: by the pixels that the network sees, between two numbers.
SAMPLED_PIXELS = 512 * 224 * 224
FEWEST_SAMPLED, MOST_SAMPLED = 256, 4096
SAMPLE_BATCH = 32


@dataclass(frozen=True, slots=True)
class Prepared:
    """The images of a training, how they are decoded, and where decoded ones are kept.

    caches: for training and for validation images; one and the same unless training images are
    shown in parts. unreadable: those found in a sample; others may be met while training.
    is_multilabel: whether images of the data may have several labels, or none.
    """

    train: Manifest
    val: Manifest
    record: Preprocessing
    caches: tuple[Cache | None, Cache | None]
    unreadable: tuple[Unreadable, ...]
    is_multilabel: bool

    def loaders(self, record: Preprocessing, settings: Settings) -> tuple[Loader, Loader | None]:
        """Of the training images, and of the validation images if there are any."""
        train = Loader(
            self.train,
            record,
            settings.batch,
            view=settings.view(record.height, record.width),
            side=_side(record, settings),
            seed=settings.seed,
            cache=self.caches[0],
            workers=settings.workers,
            is_multilabel=self.is_multilabel,
        )
        if not len(self.val):
            return train, None
        val = Loader(
            self.val,
            record,
            settings.batch,
            cache=self.caches[1],
            workers=settings.workers,
            is_multilabel=self.is_multilabel,
        )
        return train, val


def read_data(
    data: str | Path, options: Options, reporter: Reporter
) -> tuple[Manifest, QuickAudit]:
    """The manifest with a validation split, the data's own or one drawn by the seed; and a look.

    Tells in at most ten lines what was understood.

    Raises:
        DataError: see `striate.data.index`; or fewer than two classes or training images.
    """
    manifest = index(data, follow_links=options.get("follow_links", False))
    training = int((manifest.splits == "train").sum())
    if len(manifest.classes) < 2:
        raise DataError.of(
            "one-class",
            f"{data} has one class, {listing(list(manifest.classes))}; two or more are needed",
            "put the images of each class into a folder of its name: photos/cat/1.jpg",
        )
    share = options.get("val_share", default_share(training, len(manifest.classes)))
    divided = with_validation(manifest, share=share, seed=options.get("seed", 0))
    if len(divided.only("train")) < 2:
        raise DataError.of(
            "no-training-images",
            f"{data} has {training} images to train on; two or more are needed",
            "training images are those outside the folders val and test",
        )
    is_drawn = not (manifest.splits == "val").any()
    seen = quick_audit(divided, most=_looked(divided), drawn="val" if is_drawn else None)
    counted, *others = seen.lines
    for line in (f"{data}: {counted}", *others):
        reporter.line(line)
    return divided, seen


def prepare(
    manifest: Manifest, record: Preprocessing, settings: Settings, *, reporter: Reporter
) -> Prepared:
    """Decode a sample of the images; the record with the mean and deviation of that.

    Small sets are decoded whole. What is decoded lies in the cache then, unless training images are
    shown in parts.

    Raises:
        DataError: so many of them cannot be read that it is more than the share `max_unreadable`
            of all.
    """
    train, val = manifest.only("train"), manifest.only("val")
    caches = _caches(manifest, record, settings, reporter=reporter)
    is_whole = settings.view(record.height, record.width) is None
    loaders = [
        Loader(train, record, SAMPLE_BATCH, cache=caches[0] if is_whole else None),
        Loader(val, record, SAMPLE_BATCH, cache=caches[1]),
    ]
    samples = [_sample(loader) for loader in loaders]
    with reporter.bar("decoding images", sum(map(len, samples))) as advance:
        prepared = with_statistics(record, loaders[0], samples[0], advance=advance)
        for batch in loaders[1].batches(samples[1]):
            advance(len(batch.labels))
    unreadable = tuple(bad for loader in loaders for bad in loader.unreadable)
    refuse_many(unreadable, len(train) + len(val), limit=settings.max_unreadable)
    if unreadable:
        names = listing([f"{shown(bad.path)} ({bad.reason})" for bad in unreadable], most=3)
        reporter.line(f"left out {len(unreadable):,} unreadable images: {names}")
        if lost := _lost_classes(train, loaders[0].unreadable):
            reporter.line(f"no image to train on can be read of: {listing(lost)}")
    return Prepared(train, val, prepared, caches, unreadable, manifest.is_multilabel)


def reopened(
    manifest: Manifest, record: Preprocessing, settings: Settings, *, reporter: Reporter
) -> Prepared:
    """As `prepare` gave it before, without decoding anything: the record is known already."""
    train, val = manifest.only("train"), manifest.only("val")
    caches = _caches(manifest, record, settings, reporter=reporter)
    return Prepared(train, val, record, caches, (), is_multilabel=manifest.is_multilabel)


def _lost_classes(train: Manifest, unreadable: Sequence[Unreadable]) -> list[str]:
    """Classes all of whose training images are unreadable."""
    bad = {image.path for image in unreadable}
    names = [train.full_name(row) for row in range(len(train))]
    kept = np.asarray([name not in bad for name in names])
    left = train.taken(np.flatnonzero(kept)).counts()
    pairs = zip(train.classes, train.counts(), left, strict=True)
    return [name for name, before, now in pairs if before and not now]


def _caches(
    manifest: Manifest, record: Preprocessing, settings: Settings, *, reporter: Reporter
) -> tuple[Cache | None, Cache | None]:
    """Where images for training and for validation are kept.

    Whole pictures, if training shows parts of them.
    """
    store = Store(settings.cache, settings.rebuild_cache)
    train, val = manifest.only("train"), manifest.only("val")
    if settings.view(record.height, record.width) is None:
        used = manifest.taken(np.flatnonzero(np.isin(manifest.splits, ["train", "val"])))
        both = open_cache(used, record, store, tell=reporter.line)
        return both, both
    side = _side(record, settings)
    return (
        open_cache(train, record, store, side=side, tell=reporter.line),
        open_cache(val, record, store, tell=reporter.line),
    )


def _side(record: Preprocessing, settings: Settings) -> int | None:
    """Shorter side of the whole pictures that parts are cut from; None where all is shown.

    Large enough that most parts need not be enlarged, though no more than twice the size of the
    network's input. With a cache and without, so that a training does not depend on whether there
    is room for one.
    """
    if settings.view(record.height, record.width) is None:
        return None
    times = min(2.0, 1 / math.sqrt(settings.crop_scale))
    return round(times * max(record.height, record.width))


def with_statistics(
    record: Preprocessing, loader: Loader, places: np.ndarray, *, advance: Advance = silent
) -> Preprocessing:
    """The record with mean and deviation per channel of the images at these places.

    Raises:
        DataError: none of them can be decoded.
    """
    pixels, total, squares = 0, np.zeros(record.channels), np.zeros(record.channels)
    for batch in loader.batches(places):
        values = batch.images.numpy().reshape(-1, record.channels)
        # Sums of whole numbers below 2**53 are exact: no order of adding gives another result.
        total += values.sum(axis=0, dtype=np.uint64)
        squares += np.square(values, dtype=np.uint32).sum(axis=0, dtype=np.uint64)
        pixels += len(values)
        advance(len(batch.labels))
    if not pixels:
        refuse_many(loader.unreadable, len(places), limit=0)
    mean = total / pixels
    # A channel without contrast must not be divided by zero; one level of 255 is the floor.
    deviation = np.maximum(np.sqrt(np.maximum(squares / pixels - mean**2, 0)), 1)
    return replace(
        record,
        mean=tuple(round(float(value) / 255, 6) for value in mean),
        deviation=tuple(round(float(value) / 255, 6) for value in deviation),
    )


def _sample(loader: Loader) -> np.ndarray:
    """Places of the images that are looked at, spread over all."""
    count = len(loader.manifest)
    pixels = loader.record.height * loader.record.width
    wanted = min(count, MOST_SAMPLED, max(FEWEST_SAMPLED, SAMPLED_PIXELS // pixels))
    return np.linspace(0, count - 1, wanted).astype(np.int64)


def _looked(manifest: Manifest) -> int:
    """Images whose heads are read: all of small sets, fewer of large files."""
    sizes = manifest.column("bytes")
    mean = float(sizes.clip(0).mean()) if len(sizes) else 0.0
    return int(np.clip(LOOKED_BYTES / max(mean, 1), FEWEST_LOOKED, MOST_LOOKED))
