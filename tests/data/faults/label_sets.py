"""Data sets whose labels or splits are odd."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tests.data.faults.written import saved
from tests.data.pictures import noise, png, write


def photo(seed: int, side: int = 96) -> np.ndarray:
    """A smooth random picture, side×side×3: what a photo is to a perceptual hash."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    large = Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(large)


def folders(root: Path, counts: Mapping[str, int]) -> Path:
    """So many pictures in each of these folders; no two are alike."""
    seed = 0
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            write(root / name / f"{number}.png", png(noise(seed)))
            seed += 1
    return root


def copies(root: Path) -> Path:
    """Train and val of two classes; the pictures 0 to 3 of train/a come again, changed.

    In val/a: 0 as it is, 1 half as large, 2 as a JPEG, 3 mirrored. In train/b: 0 as it is.
    """
    for place, name in enumerate(("train/a", "train/b", "val/a", "val/b")):
        for number in range(6):
            write(root / name / f"{number}.png", png(photo(100 * place + number)))
    first = [photo(number) for number in range(4)]
    half = Image.fromarray(first[1]).resize((48, 48), Image.Resampling.LANCZOS)
    write(root / "val/a/exact.png", png(first[0]))
    write(root / "val/a/resized.png", saved(half, "PNG"))
    write(root / "val/a/encoded.jpg", saved(first[2], "JPEG", quality=75))
    write(root / "val/a/flipped.png", png(np.ascontiguousarray(first[3][:, ::-1])))
    write(root / "train/b/other-class.png", png(first[0]))
    return root


def parquet(path: Path, labels: Sequence[int | None], names: Sequence[str] | None = None) -> Path:
    """A table in the Hugging Face layout; `names` are stated in its metadata."""
    rows = [{"bytes": png(noise(number)), "path": f"{number}.png"} for number in range(len(labels))]
    table = pa.table({"image": rows, "label": pa.array(labels, pa.int64())})
    if names is not None:
        quoted = ", ".join(f'"{name}"' for name in names)
        feature = f'{{"label": {{"names": [{quoted}], "_type": "ClassLabel"}}}}'
        table = table.replace_schema_metadata(
            {"huggingface": f'{{"info": {{"features": {feature}}}}}'}
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def csv_file(root: Path, lines: Sequence[str], name: str = "labels.csv") -> Path:
    """A table of paths and labels, with a head line."""
    return write(root / name, "\n".join(["path,label", *lines, ""]).encode())


def tar_file(path: Path, members: Mapping[str, bytes], links: Mapping[str, str] = {}) -> Path:
    """A tar of these files, with symbolic links from name to target."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name, target in links.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return path
