"""The file that goes with an exported model: a second way to the same numbers."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import striate.data.reference as reference
from striate.data import Preprocessing, decode, network_input
from tests.data.faults.corpus import corpus
from tests.data.pictures import encoded, noise

# Zero as white, and one of 65,536 greys as the transparent one.
LEFT_OUT = {"ramp16-white-is-zero.tif", "key16.png"}
KINDS = [
    Preprocessing(24, 20, 3, (0.5, 0.4, 0.3), (0.2, 0.2, 0.3), crop_share=0.875),
    Preprocessing(9, 14, 1, (0.4,), (0.2,), resize="stretch", interpolation="bicubic"),
    Preprocessing(24, 16, 3),  # the size of most
    Preprocessing(8, 8, 3, background=(0, 128, 255), sixteen_bit="divide-by-257"),
]


def entered(content: bytes, record: Preprocessing) -> np.ndarray:
    """What a network is fed by striate's own code."""
    image = torch.from_numpy(decode(content, record).copy())
    return network_input(image[None], record).numpy()


def test_it_is_short_and_needs_numpy_and_pillow_only() -> None:
    text = Path(reference.__file__).read_text("utf-8")
    assert len(text.splitlines()) < 60
    imported = {
        name
        for node in ast.walk(ast.parse(text))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {"io", "pathlib", "typing", "numpy", "PIL"}


@pytest.mark.parametrize("record", KINDS, ids=["colour", "grey", "as it is", "background"])
def test_odd_files_enter_a_network_alike(record: Preprocessing, tmp_path: Path) -> None:
    cases = [case for case in corpus().values() if case.pixels is not None]
    compared = 0
    for case in cases:
        if case.name in LEFT_OUT:
            continue
        file = tmp_path / f"{compared}{Path(case.name).suffix}"
        file.write_bytes(case.content)
        found = reference.network_input(record.to_json(), str(file))
        assert found.dtype == np.float32
        assert np.abs(found - entered(case.content, record)).max() < 1e-3, case.name
        compared += 1
    assert compared > 100


def test_bands_enter_a_network_alike(tmp_path: Path) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (20, 30, 5)).astype(np.uint16)
    np.save(tmp_path / "deep.npy", deep)
    np.save(tmp_path / "two.npy", noise(2, channels=2))
    Image.fromarray(noise(3, channels=4), "RGBA").save(tmp_path / "alpha.png")
    Image.fromarray(noise(4, channels=4), "CMYK").save(tmp_path / "inks.tif")
    np.save(tmp_path / "grey.npy", noise(5, channels=1))
    Image.fromarray(deep[:1, :, 0]).save(tmp_path / "line.png")
    for name, channels in (
        ("deep.npy", 5),
        ("two.npy", 2),
        ("alpha.png", 4),
        ("inks.tif", 4),
        ("grey.npy", 3),
        ("line.png", 3),
    ):
        record = Preprocessing(9, 7, channels)
        file = tmp_path / name
        found = reference.network_input(record.to_json(), str(file))
        assert np.abs(found - entered(file.read_bytes(), record)).max() < 1e-3, name


@pytest.mark.parametrize("gap", [None, 1.0, 2.0])
@pytest.mark.parametrize("size", [(224, 224), (60, 100), (20, 16)])
def test_photos_enter_a_network_alike(
    gap: float | None, size: tuple[int, int], shared: Path
) -> None:
    record = Preprocessing(*size, 3, reducing_gap=gap, crop_share=0.9, interpolation="bicubic")
    for file in sorted((shared / "data" / "imagenet200").glob("*.JPEG"))[::25]:
        found = reference.network_input(record.to_json(), str(file))
        assert np.abs(found - entered(file.read_bytes(), record)).max() < 1e-3, file.name


@pytest.mark.parametrize("orientation", range(1, 9))
def test_reduced_photos_lie_alike_on_every_side(orientation: int, tmp_path: Path) -> None:
    """Sizes that 8 does not divide, so that a reduced picture ends within a pixel."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    smooth = Image.fromarray(noise(5, height=12, width=9)).resize((335, 451), 3)
    content = encoded(smooth, "JPEG", exif=exif, quality=90)
    (tmp_path / "photo.jpg").write_bytes(content)
    for gap in (1.0, 2.0, 4.0):
        record = Preprocessing(24, 16, 3, reducing_gap=gap)
        found = reference.network_input(record.to_json(), str(tmp_path / "photo.jpg"))
        np.testing.assert_allclose(found, entered(content, record), atol=1e-5)
