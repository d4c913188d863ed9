"""What a kept picture was made from, as two numbers that change with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from striate.data.manifest import Manifest


def picture_keys(manifest: Manifest) -> tuple[np.ndarray, np.ndarray]:
    """Two hashes of what each image is made from: path, place in it, size and times of the file.

    Labels, splits and class names are not among it.
    """
    paths = manifest.table["path"].combine_chunks().dictionary_encode()
    hashes = b"".join(_file_hash(manifest, path) for path in paths.dictionary.to_pylist())
    pairs = np.frombuffer(hashes, "<u8").reshape(-1, 2)[np.asarray(paths.indices)]
    inner = np.asarray(manifest.table["place"]).astype(np.uint64) + np.uint64(2)
    return _mixed(pairs[:, 0] + inner * _GOLDEN), _mixed(pairs[:, 1] ^ (inner * _GOLDEN))


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mixed(values: np.ndarray) -> np.ndarray:
    """Every bit of the result depends on every bit of the value.

    Source: the finalizer of SplitMix64; Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", 2014, figure 16, with Stafford's constants.
    """
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = values ^ (values >> np.uint64(31))
    return mixed


def _file_hash(manifest: Manifest, path: str) -> bytes:
    """16 bytes that change with the file; its change time too, since copies may keep the other."""
    times: tuple[int, ...] = (0,)
    if manifest.kind != "digits":
        try:
            facts = Path(manifest.root, path).stat()
            times = (facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        except OSError:
            times = (-1,)
    return hashlib.blake2b(f"{path}\0{times}".encode(), digest_size=16).digest()
