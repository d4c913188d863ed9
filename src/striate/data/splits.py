"""Which images are held out: drawn once, with a seed, equally from every class, and stored."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from striate.data.allocation import Images, folds_of, held_out, portions
from striate.data.manifest import Manifest
from striate.files import Json


def stratified(labels: np.ndarray, *, share: float, seed: int) -> np.ndarray:
    """Which images are held out, as booleans: the share of all, rounded up, equally by class.

    Every class with two images or more gives at least one and keeps at least one; a class with a
    single image gives none.
    """
    chance = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), dtype=bool)
    names, counts = np.unique(labels, return_counts=True)
    for label, wanted in zip(names, portions(share * counts, counts - 1), strict=True):
        places = chance.permutation(np.flatnonzero(labels == label))
        chosen[places[:wanted]] = True
    return chosen


def drawn(
    manifest: Manifest,
    shares: Mapping[str, float],
    *,
    seed: int,
    units: np.ndarray | None = None,
) -> Manifest:
    """The same manifest with splits drawn from its training images; those stated are kept.

    shares: for `val` and `test`, of the images that are drawn from; what a class has too few
    images for goes to `val` before `test`. units: images of one number stay in one split.
    """
    chance = np.random.default_rng(seed)
    splits = manifest.splits
    images = _images(manifest, units)
    rows = np.flatnonzero(splits == "train")
    counts = np.bincount(images.labels_of(rows), minlength=images.classes)
    for name in ("val", "test"):
        if share := shares.get(name, 0.0):
            chosen = held_out(images, rows, share * counts, chance)
            splits[chosen] = name
            rows = np.setdiff1d(rows, chosen, assume_unique=True)
    rule: dict[str, Json] = {"rule": "drawn", "seed": seed, **shares}
    return manifest.with_splits(splits, {**rule, "units": units is not None})


def folds(
    manifest: Manifest, count: int, *, seed: int, units: np.ndarray | None = None
) -> list[Manifest]:
    """As many manifests as folds: in each, another fold of the training images is `val`.

    Every training image is in `val` once; test images stay in `test`. units: see `drawn`.
    """
    rows = np.flatnonzero(manifest.splits == "train")
    places = folds_of(_images(manifest, units), rows, count, np.random.default_rng(seed))
    made = []
    for fold in range(count):
        splits = manifest.splits
        splits[rows[places == fold]] = "val"
        rule: dict[str, Json] = {"rule": "fold", "seed": seed, "folds": count, "fold": fold + 1}
        made.append(manifest.with_splits(splits, {**rule, "units": units is not None}))
    return made


def kept_together(manifest: Manifest, duplicates: np.ndarray | None = None) -> np.ndarray | None:
    """A number per image, the same for those of one group and for copies; None if all are alone.

    duplicates: a number per image, the same for copies of one picture.
    """
    rows = np.arange(len(manifest))
    links = [] if duplicates is None else [(rows, duplicates)]
    groups = manifest.table["group"].combine_chunks().dictionary_encode()
    if groups.null_count < len(rows):
        is_in = groups.is_valid().to_numpy(zero_copy_only=False)
        links.append((rows[is_in], groups.indices.drop_null().to_numpy()))
    units = _joined(len(rows), links)
    return units if len(np.unique(units)) < len(rows) else None


def _joined(count: int, links: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """A number per image, the same for all that hang together.

    Each link names some images and gives each the number of a set that it is in.
    """
    units = np.arange(count)
    while True:
        before = units
        for rows, sets in links:
            lowest = np.full(sets.max(initial=0) + 1, count)
            np.minimum.at(lowest, sets, units[rows])
            units = units.copy()
            units[rows] = lowest[sets]
        units = np.minimum(units, units[units])
        if (units == before).all():
            return units


def with_validation(manifest: Manifest, *, share: float, seed: int) -> Manifest:
    """The same manifest, with a validation split drawn from training where it states none.

    Groups that it states, and copies of one picture if it was scanned, are not torn apart.
    """
    if share == 0 or (manifest.splits == "val").any():
        return manifest
    return drawn(manifest, {"val": share}, seed=seed, units=known_units(manifest))


def known_units(manifest: Manifest) -> np.ndarray | None:
    """What must stay together by what the manifest knows: its groups, and its hashes if scanned."""
    if manifest.table["content_hash"].null_count == len(manifest):
        return kept_together(manifest)
    from striate.data.audit.duplicates import duplicate_groups

    return kept_together(manifest, duplicate_groups(manifest))


def redrawable(manifest: Manifest) -> Manifest:
    """The same images, all of them for training: what was stated or drawn is forgotten."""
    return manifest.with_splits(["train"] * len(manifest))


def default_share(images: int, classes: int) -> float:
    """Share of the training images that validation takes: a tenth, but not more than it needs.

    2,500 images give an accuracy near 90 % to within 1.2 points; 25 per class, a usable table.
    """
    return min(0.1, max(2500, 25 * classes) / max(images, 1))


def _images(manifest: Manifest, units: np.ndarray | None) -> Images:
    values, counts = manifest.label_values()
    alone = np.arange(len(manifest)) if units is None else units
    return Images(values, counts, alone, len(manifest.classes))
