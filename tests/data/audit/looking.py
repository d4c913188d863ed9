"""Scans of small folders within the process of the tests, and pictures worth telling apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from striate.data import Manifest, contents, index
from striate.data.audit.facts import FACTS, describe, to_row
from striate.data.audit.finding import Found, Scanned
from striate.data.audit.scan import as_scanned, check_all
from tests.data.pictures import encoded, write


def scene(seed: int, *, height: int = 60, width: int = 80) -> Image.Image:
    """A picture of soft blobs, different for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def scene_files(root: Path, files: Mapping[str, Image.Image]) -> Path:
    """A folder with these pictures as PNG files."""
    for name, image in files.items():
        write(root / name, encoded(image))
    return root


def scanned(data: Path | Manifest, *, max_pixels: int = 10**6) -> Scanned:
    """What a scan knows, without child processes."""
    manifest = data if isinstance(data, Manifest) else index(data, allow_empty=True)
    read = contents(manifest)
    facts = [
        to_row(describe(read(place), "", max_pixels=max_pixels).to_json())
        for place in range(len(manifest))
    ]
    return as_scanned(manifest, pa.Table.from_pylist(facts, schema=FACTS))


def found_in(data: Path | Manifest) -> dict[str, Found]:
    """The findings of a folder, by code."""
    return {found.kind.code: found for found in check_all(scanned(data))}


def named(found: Found, manifest: Manifest) -> set[frozenset[str]]:
    """Groups of images by their names."""
    return {frozenset(map(manifest.name, group)) for group in found.hits.groups}
