"""Which images a network is scored on, with labels by its own class list."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from striate.data import SPLITS, Manifest, index, load_manifest
from striate.data.manifest import Split
from striate.deploy.bundle import Bundle
from striate.errors import UsageError, did_you_mean
from striate.train import MANIFEST
from striate.weights import imagenet_classes, imagenet_names

ALL = "all images"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may differ between the data and the network, and where the data may lie."""

    missing: bool = False
    unknown: bool = False
    links: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """How many images the network has met before: in training, and when its best was chosen."""

    trained_on: int
    validated_on: int


def held_out(
    bundle: Bundle, data: str | None, split: str | None, allowed: Allowed
) -> tuple[str, Manifest]:
    """The images to score, with labels by the bundle's class list, and what to call them.

    Without `data`, those of the run. Without `split`, test if there is one, else val; where data
    have neither, all of them.

    Raises:
        UsageError, DataError: there are none, or they do not fit the network.
    """
    if split is not None and split not in SPLITS:
        raise UsageError.of(
            "unknown-split",
            f"there is no split '{split}'{did_you_mean(split, SPLITS)}",
            "the splits are train, val and test",
        )
    manifest = _manifest(bundle, data, allowed)
    present = [name for name in SPLITS if (manifest.splits == name).any()]
    wanted = split or next((name for name in ("test", "val") if name in present), None)
    if wanted is None:
        if data is None:
            raise UsageError.of(
                "nothing-held-out",
                f"{bundle.folder} held out no images",
                f"name other images: striate eval {bundle.folder} DATA; or add --split train",
            )
        return ALL, manifest.with_classes(
            bundle.classes, allow_missing=allowed.missing, drop_unknown=allowed.unknown
        )
    part = next((manifest.only(name) for name in present if name == wanted), None)
    if part is None:
        raise UsageError.of(
            "empty-split",
            f"{data or bundle.folder} has no images in the split '{wanted}'",
            f"it has: {', '.join(present)}",
        )
    # The run's own splits may lack a rare class: that is known since the training.
    allow = allowed.missing or data is None
    return wanted, part.with_classes(
        bundle.classes, allow_missing=allow, drop_unknown=allowed.unknown
    )


def seen_before(bundle: Bundle, manifest: Manifest) -> Seen:
    """How many of these images the run was trained and validated on, found by path or content."""
    if bundle.folder is None or not (bundle.folder / MANIFEST).exists():
        return Seen(0, 0)
    known = load_manifest(bundle.folder / MANIFEST)
    places, hashes = _places(manifest), _hashes(manifest)

    def met(split: Split) -> int:
        part = known.only(split)
        by_place, by_content = set(_places(part)), set(_hashes(part)) - {None}
        pairs = zip(places, hashes, strict=True)
        return sum(place in by_place or content in by_content for place, content in pairs)

    return Seen(met("train"), met("val"))


def _manifest(bundle: Bundle, data: str | None, allowed: Allowed) -> Manifest:
    if data is not None:
        found = index(data, follow_links=allowed.links, allow_empty=allowed.missing)
        return _by_known_names(found, bundle)
    if bundle.folder is not None:
        return load_manifest(bundle.folder / MANIFEST)
    raise UsageError.of(
        "data-needed",
        f"{bundle.network.name} was trained elsewhere and holds out no images",
        f"name some: striate eval {bundle.network.name} DATA",
    )


def _by_known_names(manifest: Manifest, bundle: Bundle) -> Manifest:
    """The same images, under the names that a network of ImageNet's classes has for them."""
    if bundle.classes != imagenet_classes():
        return manifest
    known = imagenet_names()
    return replace(manifest, classes=tuple(known.get(name, name) for name in manifest.classes))


def _places(manifest: Manifest) -> list[tuple[str, int]]:
    """Where each image is: the file, and the place in it."""
    root = os.path.realpath(manifest.root) if manifest.is_on_disk else manifest.root
    paths = manifest.table["path"].to_pylist()
    inner = manifest.table["place"].to_pylist()
    return [(f"{root}/{path}", place) for path, place in zip(paths, inner, strict=True)]


def _hashes(manifest: Manifest) -> list[bytes | None]:
    """What is in each file, None where the data were not scanned."""
    return list(manifest.table["content_hash"].to_pylist())
