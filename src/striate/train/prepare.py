"""The data side of a training: what is there, how it is split, how it becomes pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from striate.data import (
    Decoded,
    Manifest,
    Preprocessing,
    Split,
    Unreadable,
    UnreadableImageError,
    contents,
    decode,
    decode_all,
    default_share,
    fits_in_memory,
    index,
    picture_size,
    refuse_many,
    with_validation,
)
from striate.errors import DataError, listing
from striate.train.reporter import Reporter
from striate.train.settings import Options

# Images whose head is read to learn the usual size and whether there is colour.
GLANCES = 200
# Training images from which mean and deviation are computed.
SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class Glance:
    """What the heads of some files say: the commonest size in pixels, and whether there is colour.

    share: of those looked at, how many have that size.
    """

    height: int
    width: int
    is_colour: bool
    share: float


@dataclass(frozen=True, slots=True)
class Prepared:
    """Decoded images of the splits that a training looks at, and how they were decoded."""

    splits: Mapping[Split, Decoded]
    record: Preprocessing
    unreadable: tuple[Unreadable, ...]


def read_data(data: str | Path, options: Options, reporter: Reporter) -> Manifest:
    """The manifest with a validation split: the one the data state, else one drawn by the seed.

    Raises:
        DataError: see `striate.data.index`; or fewer than two classes or training images.
    """
    manifest = index(data)
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
    for line in (_counts_line(data, divided, manifest), *manifest.notices):
        reporter.line(line)
    return divided


def glance(manifest: Manifest) -> Glance:
    """A look at the heads of up to `GLANCES` training images, spread over all classes."""
    training = manifest.only("train")
    read = contents(training)
    places = np.linspace(0, len(training) - 1, min(GLANCES, len(training))).astype(int)
    sizes: Counter[tuple[int, int]] = Counter()
    is_colour = False
    for place in places.tolist():
        try:
            height, width, has_colour = picture_size(read(place))
        except UnreadableImageError:
            continue
        sizes[height, width] += 1
        is_colour = is_colour or has_colour
    if not sizes:
        return Glance(224, 224, True, 0.0)
    (height, width), count = sizes.most_common(1)[0]
    return Glance(height, width, is_colour, count / sizes.total())


def prepare(
    manifest: Manifest, record: Preprocessing, *, max_unreadable: float, reporter: Reporter
) -> Prepared:
    """Decode training and validation images once; the record with their mean and deviation.

    Images are kept in memory where they fit.

    Raises:
        DataError: more unreadable images than the share `max_unreadable`.
    """
    splits: dict[Split, Decoded] = {}
    parts: dict[Split, Manifest] = {name: manifest.only(name) for name in ("train", "val")}
    total = sum(map(len, parts.values()))
    keep = fits_in_memory(total, record)
    with reporter.bar("decoding images" if keep else "checking images", total) as advance:
        for name, part in parts.items():
            splits[name] = decode_all(part, record, keep=keep, advance=advance)
    unreadable = tuple(bad for decoded in splits.values() for bad in decoded.unreadable)
    refuse_many(unreadable, total, limit=max_unreadable)
    if unreadable:
        names = listing([f"{bad.path} ({bad.reason})" for bad in unreadable], most=3)
        reporter.line(f"left out {len(unreadable):,} unreadable images: {names}")
    return Prepared(splits, with_statistics(record, splits["train"]), unreadable)


def with_statistics(record: Preprocessing, training: Decoded) -> Preprocessing:
    """The record with mean and deviation per channel of up to `SAMPLE` training images."""
    count = len(training.manifest)
    places = np.linspace(0, count - 1, min(SAMPLE, count)).astype(int)
    if training.images is not None:
        pixels = training.images[places]
    else:
        read = contents(training.manifest)
        pixels = np.stack([decode(read(place), record) for place in places.tolist()])
    values = pixels.reshape(-1, record.channels)
    mean = values.mean(axis=0, dtype=np.float64) / 255
    # A channel without contrast must not be divided by zero; one level of 255 is the floor.
    deviation = np.maximum(values.std(axis=0, dtype=np.float64), 1) / 255
    return replace(
        record,
        mean=tuple(round(float(value), 6) for value in mean),
        deviation=tuple(round(float(value), 6) for value in deviation),
    )


def _counts_line(data: str | Path, divided: Manifest, stated: Manifest) -> str:
    """What was understood: images, classes, splits, and whether validation was drawn."""
    counts = Counter(divided.splits.tolist())
    is_drawn = counts["val"] > 0 and not (stated.splits == "val").any()
    parts = [
        f"{name} {counts[name]:,}{' (drawn from train)' if name == 'val' and is_drawn else ''}"
        for name in ("train", "val", "test")
        if counts[name]
    ]
    names = listing(list(divided.classes), most=6)
    return (
        f"{data}: {len(divided):,} images of {len(divided.classes)} classes ({names}); "
        + ", ".join(parts)
    )
