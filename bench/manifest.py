"""Memory and time of a manifest of a million images.

Prints medians over runs of fresh processes, each of which opens, counts or reads one manifest; see
bench/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from striate.data.manifest import Manifest, manifest_table

CLASSES = 1000

# What a fresh process does; prints seconds of each step and bytes of memory that they took.
STEPS = """
import json, resource, sys, time
from pathlib import Path
import numpy, pyarrow.parquet, pyarrow.compute
from striate.data.contents import contents
from striate.data.stored import load_manifest

def resident():
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()

said, before = {}, resident()
def step(name, do):
    start, busy = time.perf_counter(), time.process_time()
    result = do()
    said[name] = time.perf_counter() - start
    said[name + ", CPU"] = time.process_time() - busy
    return result

found = step("open", lambda: load_manifest(Path(sys.argv[1])))
said["bytes open"] = (resident() - before) / len(found)
step("fingerprint", found.fingerprint)
step("counts", found.counts)
train = step("only train", lambda: found.only("train"))
del found
step("labels", lambda: train.labels)
read = step("contents", lambda: contents(train))
said["bytes table"] = train.table.nbytes / len(train)
print(json.dumps(said))
"""


def synthetic(images: int, root: Path) -> Manifest:
    """A manifest like that of a scanned ImageNet, with a patient for every ten images."""
    chance = np.random.default_rng(0)
    labels = chance.integers(0, CLASSES, images).astype(np.int32)
    hashes = pa.py_buffer(chance.bytes(16 * images))
    columns = {
        "path": [
            f"train/n{label:08d}/n{label:08d}_{number}.JPEG" for number, label in enumerate(labels)
        ],
        "place": np.full(images, -1),
        "bytes": chance.integers(1000, 500_000, images),
        "labels": labels,
        "split": np.where(chance.random(images) < 0.1, "val", "train").tolist(),
        "group": [f"patient-{number // 10}" for number in range(images)],
        "width": chance.integers(100, 900, images),
        "height": chance.integers(100, 900, images),
        "mode": ["RGB"] * images,
        "bit_depth": np.full(images, 8),
        "orientation": np.full(images, 1),
        "content_hash": pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), images, [None, hashes]),
        "perceptual_hash": chance.integers(0, 2**63, images).astype(np.uint64),
        "status": ["ok"] * images,
    }
    classes = tuple(f"n{label:08d}" for label in range(CLASSES))
    return Manifest(str(root), "folder", classes, manifest_table(columns))


def main() -> None:
    """Make a manifest, open it in fresh processes, print medians and spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "manifest.parquet"
        made = synthetic(arguments.images, Path(folder))
        start = time.perf_counter()
        made.save(file)
        saved = time.perf_counter() - start
        runs = [_run(file) for _ in range(arguments.runs)]
        size = file.stat().st_size
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, pyarrow {pa.__version__}; {arguments.images:,} images, "
        f"{arguments.runs} runs"
    )
    print(f"{'saved in':18} {saved:8.2f} s, {size / arguments.images:.0f} bytes an image on disk")
    for name in runs[0]:
        values = [run[name] for run in runs]
        unit = "bytes an image" if name.startswith("bytes") else "s"
        digits = 0 if name.startswith("bytes") else 3
        print(
            f"{name:18} {statistics.median(values):8.{digits}f} {unit} "
            f"({min(values):.{digits}f} to {max(values):.{digits}f})"
        )


def _run(file: Path) -> dict[str, float]:
    told = subprocess.run(
        [sys.executable, "-c", STEPS, str(file)], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(told.stdout)
    return found


if __name__ == "__main__":
    main()
