"""What is drawn of a data set and what is kept of what it states, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from striate.data.manifest import SPLITS, Manifest, Split
from striate.data.splits import default_share, drawn, folds, kept_together, redrawable
from striate.errors import DataError, UsageError
from striate.files import Json

HELD_OUT: tuple[Split, ...] = ("val", "test")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for; None is left to the data.

    val, test: shares of the images, 0 up to 1. folds: how many times another part is `val`.
    redraw: forget what the data state.
    """

    val: float | None = None
    test: float | None = None
    folds: int | None = None
    redraw: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Division:
    """What came of it.

    manifests: one, or one a fold. is_drawn: whether anything was; else all is as the data state it.
    tied_images, units: how many images were kept together, in how many units.
    """

    manifests: tuple[Manifest, ...]
    is_drawn: bool
    tied_images: int = 0
    units: int = 0

    def without(self, split: Split) -> list[str]:
        """Classes of training images that a split, of some fold, has no image of."""
        lacking = np.zeros(len(self.manifests[0].classes), bool)
        for each in self.manifests:
            lacking |= (each.only("train").counts() > 0) & (each.only(split).counts() == 0)
        classes = self.manifests[0].classes
        return [name for name, lacks in zip(classes, lacking, strict=True) if lacks]

    def to_json(self) -> dict[str, Json]:
        """Numbers of images, and what to know of them."""
        first = self.manifests[0]
        present = [name for name in HELD_OUT if len(first.only(name))]
        return {
            "images": len(first),
            "classes": list(first.classes),
            "splits": [{name: len(each.only(name)) for name in SPLITS} for each in self.manifests],
            "is_drawn": self.is_drawn,
            "kept_together": {"images": self.tied_images, "units": self.units},
            "classes_without": {name: list[Json](self.without(name)) for name in present},
        }


def wanted_shares(manifest: Manifest, wishes: Wishes) -> dict[str, float]:
    """The shares of what is to be drawn: what was asked for, and what the data do not state.

    Raises:
        UsageError: what was asked for is stated already, or leaves nothing to train on.
    """
    stated = set() if wishes.redraw else set(manifest.splits.tolist()) & set(HELD_OUT)
    given = {"val": wishes.val, "test": wishes.test}
    for name in sorted(stated):
        if given[name] is not None:
            raise UsageError.of(
                "split-stated",
                f"--{name} {given[name]:g} is to be drawn, but the data state {name} already",
                f"leave --{name} out, or draw everything anew with --redraw",
            )
    if wishes.folds is not None:
        _refuse_val_beside_folds(wishes, stated)
    usual = default_share(len(manifest), len(manifest.classes))
    # Who states what is tested on, or asks for folds alone, has thought about it.
    default = {"val": usual, "test": 0.0 if stated or wishes.folds else usual}
    shares = {
        name: default[name] if share is None else share
        for name, share in given.items()
        if name not in stated and (name != "val" or wishes.folds is None)
    }
    if sum(shares.values()) >= 1:
        raise UsageError.of(
            "shares",
            f"{' and '.join(shares)} take {sum(shares.values()):.0%} of the images",
            "leave some for training: shares go from 0 up to 1, and below 1 together",
        )
    return shares


def divide(
    manifest: Manifest,
    shares: Mapping[str, float],
    wishes: Wishes,
    *,
    duplicates: np.ndarray | None = None,
) -> Division:
    """Splits drawn from the training images, equally by class; groups and copies are kept whole.

    duplicates: a number per image, the same for copies of one picture.

    Raises:
        DataError: too few training images for so many folds.
    """
    found = redrawable(manifest) if wishes.redraw else manifest
    if wishes.folds is None and not any(shares.values()):
        return Division((found,), is_drawn=False)
    units = kept_together(found, duplicates)
    sizes = np.ones(0, np.int64) if units is None else np.unique(units, return_counts=True)[1]
    tied = sizes[sizes > 1]
    if any(shares.values()):
        found = drawn(found, shares, seed=wishes.seed, units=units)
    manifests: tuple[Manifest, ...] = (found,)
    if wishes.folds is not None:
        _refuse_few(found, wishes.folds)
        manifests = tuple(folds(found, wishes.folds, seed=wishes.seed, units=units))
    return Division(manifests, True, int(tied.sum()), len(tied))


def _refuse_val_beside_folds(wishes: Wishes, stated: set[str]) -> None:
    if wishes.val is not None:
        raise UsageError.of(
            "folds-and-val",
            f"--val {wishes.val:g} beside --folds {wishes.folds}: every fold is val once",
            "leave --val out",
        )
    if "val" in stated:
        raise UsageError.of(
            "folds-and-val",
            f"--folds {wishes.folds}, but the data state val already",
            "draw everything anew with --redraw",
        )


def _refuse_few(found: Manifest, count: int) -> None:
    training = len(found.only("train"))
    if training < 2 * count:
        raise DataError.of(
            "few-images",
            f"{count} folds of {training:,} training images; {2 * count:,} or more are needed",
            "ask for fewer --folds",
        )
