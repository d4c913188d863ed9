"""What is to happen to a batch, and what chance decides about it: numbers, no pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np

from striate.data.augment.moves import Edges
from striate.data.augment.trivial import STEPS, Kind
from striate.data.chance import uniforms
from striate.errors import UsageError
from striate.files import Json

# Zhong et al. 2020, section 4.2: share of the area, and shape, of what is erased.
ERASED_AREA = (0.02, 0.4)
ERASED_SHAPE = 0.3
TRIES = 10


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is done to every batch of training images, in the order of the fields.

    padding: pixels of random shift each way, cut to the side less one. edges: what enters then, and
    when images are turned or slanted. flip: mirror left and right by chance. rotate: degrees that
    images are turned at most, either way. trivial_augment: one of 14 operations per image, of any
    strength. jitter: brightness, contrast and (in RGB) saturation by a factor from 1-x to 1+x.
    erase: share of images of which a rectangle is blanked out. mixup, cutmix: both parameters of
    the beta distribution that shares come from; where both are given, each step takes one of them.
    """

    padding: int = 0
    edges: Edges = "mirror"
    flip: bool = False
    rotate: float = 0.0
    trivial_augment: bool = False
    jitter: float = 0.0
    erase: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0

    @property
    def is_mixing(self) -> bool:
        """Whether images of a batch are mixed, so that targets are shares of classes."""
        return self.mixup > 0 or self.cutmix > 0

    def check(self, channels: int) -> None:
        """Refuse what makes no sense for images of so many channels.

        Raises:
            UsageError: TrivialAugment of images that are neither grey nor in colour.
        """
        if self.trivial_augment and channels not in (1, 3):
            raise UsageError.of(
                "augmentation-channels",
                f"--trivial-augment is for images of 1 or 3 channels, these have {channels}",
                "its colour operations mean nothing for other bands",
                "--rotate, --jitter, --erase, --mixup and --cutmix take any number of channels",
            )


@dataclass(frozen=True, slots=True)
class Mix:
    """How the images of a batch are mixed with others of it.

    partners: int64, N, a permutation. share: of each image itself, 0..1; the rest is its partner's.
    box: rows and columns that are the partner's, as top, left, bottom, right; for cutmix.
    """

    kind: Literal["mixup", "cutmix"]
    partners: np.ndarray
    share: float
    box: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Draws:
    """What chance decided for the N images of a batch; None for what is not done at all.

    shifts: int64, N×2. flips: bool, N. angles: float64, N, degrees against the clock. kinds,
    strengths: int64 and float64, N, see `trivial`. factors: float64, N×3, of brightness, contrast
    and saturation. holes: int64, N×4 as top, left, bottom, right; empty where nothing is erased.
    """

    shifts: np.ndarray | None = None
    flips: np.ndarray | None = None
    angles: np.ndarray | None = None
    kinds: np.ndarray | None = None
    strengths: np.ndarray | None = None
    factors: np.ndarray | None = None
    holes: np.ndarray | None = None
    mix: Mix | None = None

    def told(self, image: int) -> dict[str, Json]:
        """What was done to one image of the batch, as plain values; only what changed it."""
        told: dict[str, Json] = {}
        if self.shifts is not None and self.shifts[image].any():
            told["shift_px"] = [int(value) for value in self.shifts[image]]
        if self.flips is not None and self.flips[image]:
            told["flip"] = True
        if self.angles is not None:
            told["rotate_degrees"] = round(float(self.angles[image]), 1)
        if self.kinds is not None and self.strengths is not None:
            name = Kind(self.kinds[image]).name.lower().replace("_", "-")
            told["trivial_augment"] = [name, round(float(self.strengths[image]), 3)]
        if self.factors is not None:
            names = ("brightness", "contrast", "saturation")
            values = zip(names, self.factors[image], strict=True)
            told["jitter"] = {name: round(float(value), 3) for name, value in values}
        if self.holes is not None and self.holes[image].any():
            told["erase"] = [int(value) for value in self.holes[image]]
        if self.mix is not None and self.mix.partners[image] != image:
            told[self.mix.kind] = {
                "partner": int(self.mix.partners[image]),
                "share": round(self.mix.share, 3),
            }
        return told


class _Stream(IntEnum):
    """Every operation draws from a stream of its own: adding one does not change the others.

    From 1 on: 0 is as good as none, which is what the loader's views draw from.
    """

    MOVE = 1
    ROTATE = 2
    TRIVIAL = 3
    JITTER = 4
    ERASE = 5
    MIX = 6
    FLIP = 7


def draw(
    plan: Augmentation,
    *,
    seed: int,
    step: int,
    shape: tuple[int, int, int],
    places: np.ndarray | None = None,
) -> Draws:
    """What happens in one step to images of `shape`, N×H×W; depends on the arguments only.

    places: of the images in their manifest, int64, N; without them, their numbers in the batch.
    What is drawn for an image depends on its own place, not on what else is in the batch, so that
    it is the same however many processes share a step. How the batch is mixed depends on the step.
    """
    images, height, width = shape
    whose = np.arange(images) if places is None else places

    def chance(stream: _Stream, count: int) -> np.ndarray:
        return uniforms(seed, step, stream, places=whose, count=count)

    limits = [min(plan.padding, height - 1), min(plan.padding, width - 1)]
    kinds, strengths = _trivial(chance(_Stream.TRIVIAL, 3)) if plan.trivial_augment else _NONE
    return Draws(
        shifts=_only(plan.padding, lambda: _shifts(limits, chance(_Stream.MOVE, 2))),
        flips=_only(plan.flip, lambda: chance(_Stream.FLIP, 1)[:, 0] < 0.5),
        angles=_only(plan.rotate, lambda: plan.rotate * (2 * chance(_Stream.ROTATE, 1)[:, 0] - 1)),
        kinds=kinds,
        strengths=strengths,
        factors=_only(plan.jitter, lambda: 1 + plan.jitter * (2 * chance(_Stream.JITTER, 3) - 1)),
        holes=_only(
            plan.erase,
            lambda: _holes(plan.erase, (height, width), chance(_Stream.ERASE, 1 + 4 * TRIES)),
        ),
        mix=_mix(plan, shape, _mixing(seed, step)) if plan.is_mixing else None,
    )


_NONE = (None, None)


def _only(wanted: float, draws: Callable[[], np.ndarray]) -> np.ndarray | None:
    return draws() if wanted else None


def _mixing(seed: int, step: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed, step], spawn_key=(_Stream.MIX,)))


def _whole(chance: np.ndarray, count: int | np.ndarray) -> np.ndarray:
    """Whole numbers from 0 to below `count`, all equally likely, of numbers from 0 to below 1."""
    return (chance * count).astype(np.int64)


def _shifts(limits: list[int], chance: np.ndarray) -> np.ndarray:
    most = np.array(limits)
    shifts: np.ndarray = _whole(chance, 2 * most + 1) - most
    return shifts


def _trivial(chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An operation for each image, and its strength from -1 to 1 in equal steps both ways."""
    signs = np.where(chance[:, 1] < 0.5, -1, 1)
    return _whole(chance[:, 0], len(Kind)), signs * _whole(chance[:, 2], STEPS + 1) / STEPS


def _holes(share: float, size: tuple[int, int], chance: np.ndarray) -> np.ndarray:
    """What is erased of each image; nothing where no try fits into it."""
    height, width = size
    holes = np.zeros((len(chance), 4), np.int64)
    lowest, highest = ERASED_AREA
    for image in np.flatnonzero(chance[:, 0] < share):
        for area, shape, above, beside in chance[image, 1:].reshape(TRIES, 4):
            pixels = height * width * (lowest + (highest - lowest) * area)
            ratio = ERASED_SHAPE ** (2 * shape - 1)
            down, across = round(math.sqrt(pixels * ratio)), round(math.sqrt(pixels / ratio))
            if 0 < down < height and 0 < across < width:
                top, left = int(above * (height - down + 1)), int(beside * (width - across + 1))
                holes[image] = (top, left, top + down, left + across)
                break
    return holes


def _mix(plan: Augmentation, shape: tuple[int, int, int], chance: np.random.Generator) -> Mix:
    """Partners and shares of a batch; a step has one share, as in both papers.

    Partners come last: processes that share a step may have batches of different sizes.
    """
    images, height, width = shape
    is_cut = plan.mixup == 0 or (plan.cutmix > 0 and chance.random() < 0.5)
    alpha = plan.cutmix if is_cut else plan.mixup
    share = float(chance.beta(alpha, alpha))
    if not is_cut:
        return Mix("mixup", chance.permutation(images), share)
    down, across = height * math.sqrt(1 - share), width * math.sqrt(1 - share)
    middle_y, middle_x = chance.uniform(0, height), chance.uniform(0, width)
    top, bottom = _clipped(middle_y, down, height)
    left, right = _clipped(middle_x, across, width)
    # What the box loses at the edges counts for the image itself.
    share = 1 - (bottom - top) * (right - left) / (height * width)
    return Mix("cutmix", chance.permutation(images), share, (top, left, bottom, right))


def _clipped(middle: float, length: float, side: int) -> tuple[int, int]:
    return max(0, round(middle - length / 2)), min(side, round(middle + length / 2))
