"""The second look at pictures whose hashes are near."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from striate.data import index
from striate.data.audit.looks import confirmed
from striate.data.audit.pairs import Pairs
from tests.data.audit.looking import scanned, scene, scene_files


def recoloured(image: Image.Image) -> Image.Image:
    """A picture of nearly the same brightness everywhere, in other colours."""
    grey = np.asarray(image.convert("L"), np.float64)[:, :, None]
    ramp = np.linspace(-1, 1, image.width)[None, :, None] * np.array([160.0, -96.0, 60.0])
    return Image.fromarray(np.clip(0.4 * grey + 76 + ramp, 0, 255).astype(np.uint8))


def test_copies_stay_pairs_and_what_only_has_the_same_outline_does_not(tmp_path: Path) -> None:
    picture = scene(0)
    files = {
        "a/0.png": picture,
        "a/1.png": picture.resize((40, 30)),
        "a/2.png": ImageOps.mirror(picture),
        "a/3.png": picture.convert("L"),
        "b/4.png": picture.crop((3, 1, 80, 58)),
        "b/5.png": recoloured(picture),
        "b/6.png": scene(1),
    }
    manifest = index(scene_files(tmp_path, files))
    first, second = np.zeros(6, np.int64), np.arange(1, 7)
    assert confirmed(manifest, Pairs(first, second)).second.tolist() == [1, 2, 3, 4]


def test_what_cannot_be_read_any_more_stays_as_the_hashes_say(tmp_path: Path) -> None:
    manifest = index(scene_files(tmp_path / "p", {"a/0.png": scene(0), "b/1.png": scene(1)}))
    pairs = Pairs(np.array([0]), np.array([1]))
    assert len(confirmed(manifest, pairs).first) == 0
    (tmp_path / "p" / "b" / "1.png").unlink()
    assert confirmed(manifest, pairs).second.tolist() == [1]
    assert confirmed(replace(manifest, root=str(tmp_path / "q")), pairs).second.tolist() == [1]


def test_a_scan_joins_a_grey_copy_with_its_original(tmp_path: Path) -> None:
    files = {"a/0.png": scene(0), "a/1.png": scene(1), "b/2.png": scene(0).convert("L")}
    assert scanned(scene_files(tmp_path, files)).near.tolist() == [0, 1, 0]
