"""How right `striate fit` is on few photos of two classes with no option given, and how soon.

    python bench/finetuning.py [--pairs 5] [--photos 120] [--data DIR]

Pairs are CIFAR-10's classes in their order, two and two: airplane or automobile, bird or cat, deer
or dog, frog or horse, ship or truck. Of each class so many training pictures, enlarged to 96 px,
are written to a folder, and `striate fit` and `striate eval` run on it as processes of their own:
the time is that of `fit` from start to end. Judged by all 2,000 test pictures of the two classes.

These pictures hold 32 px, less than any photo. DIR holds `cifar10`. Writes a line for each pair to
bench/results/finetuning.jsonl. Needs the extra `pretrained`.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from PIL import Image

from striate.data import Manifest, contents, index

SIDE = 96
SCORES = ("accuracy", "accuracy_low", "accuracy_high", "log_loss")
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5, choices=range(1, 6))
    parser.add_argument("--photos", type=int, default=120, help="of each class, to train on")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    manifest = index(asked.data / "cifar10")
    head = {
        "hardware": f"{os.cpu_count()} cores",
        "versions": {tool: version(tool) for tool in ("striate", "torch")},
        "photos": asked.photos,
    }
    print(json.dumps(head))
    rows = []
    for first in range(0, 2 * asked.pairs, 2):
        with tempfile.TemporaryDirectory() as place:
            rows.append(measured(manifest, first, asked.photos, Path(place)))
        print(json.dumps(rows[-1]), flush=True)
    print(f"mean accuracy {fmean(row['accuracy'] for row in rows):.4f}")
    RESULTS.mkdir(exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in [head, *rows])
    (RESULTS / "finetuning.jsonl").write_text(lines, encoding="utf-8")


def measured(manifest: Manifest, first: int, photos: int, place: Path) -> dict[str, Any]:
    """One training on the class numbered `first` and the next, and how it is judged."""
    write(manifest, first, photos, place / "photos")
    began = time.perf_counter()
    striate("fit", str(place / "photos"), "--out", str(place / "run"))
    seconds = time.perf_counter() - began
    scores = json.loads(striate("eval", str(place / "run"), "--json"))
    kept = {name: round(scores[name], 4) for name in SCORES}
    pair = " or ".join(manifest.classes[first : first + 2])
    return {"pair": pair, "fit_s": round(seconds, 1), "images": scores["images"], **kept}


def write(manifest: Manifest, first: int, photos: int, folder: Path) -> None:
    """Class folders `train`, of so many pictures of each class, and `test`, of all there are."""
    read, chance = contents(manifest), np.random.default_rng(0)
    for label in (first, first + 1):
        of_label = manifest.labels == label
        for split in ("train", "test"):
            places = np.flatnonzero(of_label & (manifest.splits == split))
            drawn = chance.permutation(places)[: photos if split == "train" else None]
            target = folder / split / manifest.classes[label]
            target.mkdir(parents=True)
            for at in drawn.tolist():
                small = Image.open(io.BytesIO(read(at)))
                large = small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
                large.save(target / f"{at}.png")


def striate(*words: str) -> str:
    """What a command of the program writes to stdout."""
    command = [sys.executable, "-m", "striate", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
