"""Small pictures and folders of them, made for tests."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def png(pixels: np.ndarray) -> bytes:
    """An array as the content of a PNG file."""
    return encoded(Image.fromarray(pixels))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """An image as the content of a file."""
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def noise(seed: int, *, height: int = 8, width: int = 8, channels: int = 3) -> np.ndarray:
    """A random picture, H×W×C, or H×W for one channel."""
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def stripes(seed: int, *, is_upright: bool, side: int = 8) -> np.ndarray:
    """A noisy picture of stripes, H×W×3: two classes that a small network tells apart."""
    wave = np.where(np.arange(side) % 4 < 2, 200, 50)
    plane = np.tile(wave, (side, 1)) if is_upright else np.tile(wave[:, None], (1, side))
    shaken = plane[:, :, None] + np.random.default_rng(seed).integers(-40, 40, (side, side, 3))
    return np.clip(shaken, 0, 255).astype(np.uint8)


def write(path: Path, content: bytes) -> Path:
    """A file with this content; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def stripe_folder(root: Path, images: int = 12, side: int = 8) -> Path:
    """`root/across` and `root/upright` with so many pictures each."""
    for name in ("across", "upright"):
        for number in range(images):
            pixels = stripes(number, is_upright=name == "upright", side=side)
            write(root / name / f"{number}.png", png(pixels))
    return root


def table(
    path: Path, labels: list[int] | list[str], *, image: str = "image", label: str = "label"
) -> Path:
    """A Parquet file in the Hugging Face layout, without its metadata."""
    rows = [{"bytes": png(noise(number)), "path": f"{number}.png"} for number in range(len(labels))]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({image: rows, label: labels}), path)
    return path
