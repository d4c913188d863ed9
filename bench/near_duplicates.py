"""Which share of altered copies the perceptual hash finds, and how many pairs it mistakes.

Copies: each of the 200 photos in ../shared/data/imagenet200, altered. Mistakes: pairs among the
different photos, and among 10,000 CIFAR-10 test pictures, each compared with all others and all
others mirrored. Of the CIFAR pairs some are copies indeed; those of two classes hardly.

    python bench/near_duplicates.py

Source of the number to compare with: B. Barz, J. Denzler, "Do We Train on Test Data? Purging CIFAR
of Near-Duplicates", 2020, table 1: 3.25 % of the CIFAR-10 test pictures have a copy among the
training pictures.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image, ImageOps

from striate.data.audit.duplicates import near_pairs
from striate.data.audit.facts import describe
from striate.data.audit.hashing import distance, mirrored

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
BITS = (2, 4, 6, 8, 10, 12)
Alter = Callable[[Image.Image], bytes]


def encoded(image: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    """An image as the content of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def cut(image: Image.Image, share: float) -> Image.Image:
    """So much less of the width and height, more of it on one side than on the other."""
    across, down = share * image.width, share * image.height
    box = (0.7 * across, 0.3 * down, image.width - 0.3 * across, image.height - 0.7 * down)
    return image.crop(tuple(map(round, box)))  # type: ignore[arg-type]


COPIES: dict[str, Alter] = {
    "half size": lambda image: encoded(image.resize((image.width // 2, image.height // 2))),
    "64×64": lambda image: encoded(image.resize((64, 64))),
    "JPEG quality 30": lambda image: encoded(image, "JPEG", quality=30),
    "JPEG quality 10": lambda image: encoded(image, "JPEG", quality=10),
    "grey": lambda image: encoded(image.convert("L")),
    "mirrored": lambda image: encoded(ImageOps.mirror(image)),
    "mirrored, quality 30": lambda image: encoded(ImageOps.mirror(image), "JPEG", quality=30),
    "brighter by 30 %": lambda image: encoded(image.point(lambda level: min(255, 1.3 * level))),
    "2 % cut off": lambda image: encoded(cut(image, 0.02)),
    "5 % cut off": lambda image: encoded(cut(image, 0.05)),
    "10 % cut off": lambda image: encoded(cut(image, 0.1)),
}


def hashes(contents: list[bytes]) -> np.ndarray:
    """Perceptual hashes; a picture without contrast is an error here."""
    values = [describe(content, "", max_pixels=10**9).perceptual_hash for content in contents]
    assert None not in values
    return np.array(values, np.uint64)


def main() -> None:
    """Print both tables."""
    files = sorted((SHARED / "imagenet200").glob("*.JPEG"))
    photos = [Image.open(file).convert("RGB") for file in files]
    originals = hashes([file.read_bytes() for file in files])
    print("share of copies found, by bits that may differ".ljust(50), *BITS, sep="\t")
    for name, alter in COPIES.items():
        copies = hashes([alter(photo) for photo in photos])
        away = np.minimum(distance(originals, copies), distance(mirrored(originals), copies))
        print(name.ljust(50), *(f"{(away <= bits).mean():.1%}" for bits in BITS), sep="\t")
    print("pairs of different photos".ljust(50), *counts(originals, None), sep="\t")
    table = pq.read_table(SHARED / "cifar10" / "test.parquet")
    images = table["image"].combine_chunks().field("bytes").to_pylist()
    labels = table["label"].to_numpy()
    values = hashes(images)
    print("pairs of CIFAR-10 test pictures".ljust(50), *counts(values, None), sep="\t")
    print("of these, of two classes".ljust(50), *counts(values, labels), sep="\t")
    many = np.random.default_rng(0).integers(0, 2**64, 100_000, dtype=np.uint64)
    start = time.process_time()
    near_pairs(many)
    print(f"pairs among 100,000 hashes: {time.process_time() - start:.1f} s of one core")


def counts(values: np.ndarray, labels: np.ndarray | None) -> list[int]:
    """Pairs within each number of bits; only those of different labels, if labels are given."""
    found = [near_pairs(values, bits) for bits in BITS]
    if labels is None:
        return [len(pairs.first) for pairs in found]
    return [int((labels[pairs.first] != labels[pairs.second]).sum()) for pairs in found]


if __name__ == "__main__":
    main()
