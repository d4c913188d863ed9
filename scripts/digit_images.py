"""Writes a few held-out handwritten digits as PNG files: scripts/digit_images.py FOLDER [COUNT]."""

import sys
from pathlib import Path

import numpy as np

from striate.data import contents, index


def write(folder: Path, count: int) -> None:
    """The first `count` digits of the test split, each named after the digit it shows."""
    manifest = index("digits")
    read = contents(manifest)
    held_out = np.flatnonzero(manifest.splits == "test")
    folder.mkdir(parents=True, exist_ok=True)
    for place in held_out[:count].tolist():
        file = folder / f"a-{manifest.classes[manifest.labels[place]]}-number-{place}.png"
        file.write_bytes(read(place))


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 8)
