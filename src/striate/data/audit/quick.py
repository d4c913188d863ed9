"""What a look at the heads of the images says, in a second: for the start of a training."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from striate.data.audit.counts import counts_line
from striate.data.audit.findings.similar_names import look_alikes
from striate.data.audit.findings.tiny_class import FEWEST
from striate.data.audit.findings.unbalanced import MOST
from striate.data.contents import contents
from striate.data.decode import Header, UnreadableImageError, header
from striate.data.manifest import Manifest
from striate.data.names import shown
from striate.errors import listing

# Heads that are read, spread over all images; a tenth of them give a share to 0.3 points.
HEADS = 2000
LINES = 10


@dataclass(frozen=True, slots=True)
class QuickAudit:
    """What is understood of a data set before it is decoded.

    lines: at most ten, for the reader.
    height, width: of the commonest size, upright, in pixels; 224 where no head can be read.
    share: of the images looked at, how many have that size.
    channels: that the commonest kind of image has; 1 only where all are grey.
    bands: every number of channels that is in the files.
    unreadable: names of the images whose heads cannot be read, of those looked at, and why.
    """

    lines: tuple[str, ...]
    height: int
    width: int
    share: float
    channels: int
    bands: frozenset[int]
    unreadable: tuple[tuple[str, str], ...]

    @property
    def is_colour(self) -> bool:
        """Whether some image looked at has more than grey."""
        return self.channels > 1


def quick_audit(manifest: Manifest, *, most: int = HEADS, drawn: str | None = None) -> QuickAudit:
    """What the heads of up to `most` images say, and the names and counts of all; decodes nothing.

    Size, share and channels are those of the training images. drawn: the split that was drawn from
    `train`.

    Raises:
        DataError: the images are gone.
    """
    places = np.unique(np.linspace(0, len(manifest) - 1, min(most, len(manifest))).astype(int))
    heads, bad = _heads(manifest, places)
    is_training = manifest.splits[places] == "train"
    training = [head for head, chosen in zip(heads, is_training, strict=True) if head and chosen]
    known = [head for head in heads if head]
    sizes = Counter((head.height, head.width) for head in training or known)
    (height, width), count = sizes.most_common(1)[0] if sizes else ((224, 224), 0)
    share = count / max(sizes.total(), 1)
    lines = [
        counts_line(manifest, drawn=drawn),
        *_pictures(known, len(places), len(manifest)),
        *_unreadable(bad, len(places)),
        *_names(manifest),
        *_sizes_of_classes(manifest),
        *manifest.notices,
    ]
    channels = _channels(training or known)
    bands = frozenset(head.channels for head in training or known)
    return QuickAudit(_cut(lines), height, width, share, channels, bands, tuple(bad))


def _heads(
    manifest: Manifest, places: np.ndarray
) -> tuple[list[Header | None], list[tuple[str, str]]]:
    """The heads at these places, None where there is none; and why."""
    read = contents(manifest)
    bad: list[tuple[str, str]] = []

    def look(place: int) -> Header | None:
        try:
            return header(read(place), name="")
        except UnreadableImageError as reason:
            bad.append((manifest.name(place), reason.reason))
            return None

    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        return list(pool.map(look, places.tolist())), sorted(bad)


def _channels(heads: Sequence[Header]) -> int:
    """Channels that a network for these images should take."""
    arrays = Counter(head.channels for head in heads if head.mode == "bands")
    if arrays and arrays.total() == len(heads):
        return arrays.most_common(1)[0][0]
    return 3 if not heads or any(head.is_colour for head in heads) else 1


def _pictures(heads: Sequence[Header], looked: int, images: int) -> list[str]:
    """Sizes, and kinds of file and colour, of the images looked at."""
    if not heads:
        return []
    sizes = Counter((head.width, head.height) for head in heads)
    (width, height), count = sizes.most_common(1)[0]
    of = "" if looked == images else f" (of {looked:,} looked at)"
    told = f"all are {width}x{height}"
    if len(sizes) > 1:
        shorter = sorted(min(size) for size in sizes.elements())
        told = (
            f"{len(sizes):,} sizes, the shorter side {shorter[0]} to {shorter[-1]}, "
            f"median {shorter[len(shorter) // 2]}; {count / len(heads):.0%} are {width}x{height}"
        )
    kinds = Counter(f"{head.format} {head.mode}" for head in heads)
    lines = [f"size in pixels: {told}{of}", f"kinds: {_shares(kinds)}"]
    special = {
        "turned by EXIF": sum(head.orientation > 1 for head in heads),
        "of 16 bits": sum(head.bit_depth > 8 for head in heads),
        "with transparency": sum(head.has_alpha for head in heads),
        "with several pictures, of which the first counts": sum(head.is_animated for head in heads),
    }
    if any(special.values()):
        counted = [f"{number:,} {what}" for what, number in special.items() if number]
        lines.append("among them: " + ", ".join(counted))
    return lines


def _shares(counted: Counter[str]) -> str:
    total = counted.total()
    words = [f"{word} {_percent(number / total)}" for word, number in counted.most_common()]
    return listing(words, most=5)


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _unreadable(bad: Sequence[tuple[str, str]], looked: int) -> list[str]:
    if not bad:
        return []
    names = listing([f"{name} ({reason})" for name, reason in bad], most=2)
    return [f"no images by their heads: {len(bad):,} of {looked:,} looked at: {names}"]


def _names(manifest: Manifest) -> list[str]:
    alike = look_alikes(manifest.classes)
    return [f"class names that look alike: {listing(alike, most=3)}"] if alike else []


def _sizes_of_classes(manifest: Manifest) -> list[str]:
    counts = manifest.only("train").counts()
    lines = []
    few = [
        f"{shown(manifest.classes[place])} {counts[place]}"
        for place in np.argsort(counts, kind="stable").tolist()
        if counts[place] < FEWEST
    ]
    if few:
        lines.append(f"fewer than {FEWEST} images to train on: {listing(few, most=6)}")
    present = counts[counts > 0]
    if len(present) and present.max() > MOST * present.min():
        lines.append(
            f"classes of very different size: {present.min():,} to {present.max():,} images"
        )
    return lines


def _cut(lines: Sequence[str]) -> tuple[str, ...]:
    if len(lines) <= LINES:
        return tuple(lines)
    rest = len(lines) - LINES + 1
    return (*lines[: LINES - 1], f"and {rest} more: striate scan tells all")
