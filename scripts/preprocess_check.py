"""The Python file that goes with an exported model: does it give what striate itself gives?

    python scripts/preprocess_check.py [--net efficientnet_lite0] [--data FOLDER]

The network is exported with its published weights. Every image of the folder, and every odd file
of the tests (eight orientations, inks, 16 bits, transparency, palettes, grey), goes both ways: by
`striate.load(...).predict`, and by the exported file and onnxruntime, in a process that imports
nothing of striate. So do photos made so large that they are decoded reduced. Exit code 1 unless
the inputs agree to 1e-3 and at least 99.9 % of the labels are the same.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from striate.data import Preprocessing, decode, network_input
from striate.deploy import Bundle
from striate.deploy.export import export_onnx
from striate.deploy.pretrained import pretrained
from tests.data.faults.corpus import corpus

TOLERANCE = 1e-3
SHARE = 0.999
# What the first lines of the exported file say that it leaves out, and one kind more: one of 65,536
# greys as the transparent one.
LEFT_OUT = {"ramp16-white-is-zero.tif", "key16.png"}
LARGE = 12

PROGRAM = """
import json, sys
import numpy as np, onnxruntime
sys.path.insert(0, ".")
from model_preprocess import network_input
session = onnxruntime.InferenceSession("model.onnx")
record = json.loads(session.get_modelmeta().custom_metadata_map["preprocessing"])
inputs, labels = [], []
for file in json.loads(sys.stdin.read()):
    image = network_input(record, file)
    inputs.append(image[0])
    labels.append(int(session.run(None, {session.get_inputs()[0].name: image})[0].argmax()))
assert not any(name.split(".")[0] in ("striate", "torch") for name in sys.modules)
np.savez("found.npz", inputs=np.stack(inputs), labels=labels)
"""


def main() -> int:
    """Prints one line for each set of images."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--net", default="efficientnet_lite0")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/imagenet200"))
    asked = parser.parse_args()
    bundle = pretrained(asked.net)
    is_right = True
    with TemporaryDirectory() as name:
        folder = Path(name)
        photos = sorted(asked.data.glob("*.JPEG"))
        large = [_enlarged(photo, folder) for photo in photos[:: max(len(photos) // LARGE, 1)]]
        sets = {"photos": photos, "odd files": _odd_files(folder), "large photos": large}
        for kind, files in sets.items():
            for gap in (None, 2.0):
                record = replace(bundle.preprocessing, reducing_gap=gap)
                apart, same = _compared(replace(bundle, preprocessing=record), files, folder)
                is_right &= apart <= TOLERANCE and same >= SHARE * len(files)
                print(
                    f"{kind:13} reducing gap {gap or 'none':4}  inputs {apart:.1e} apart, "
                    f"{same} of {len(files)} labels the same"
                )
    return 0 if is_right else 1


def _compared(bundle: Bundle, files: Sequence[Path], folder: Path) -> tuple[float, int]:
    """Largest difference of the inputs, and how many labels agree."""
    if not files:
        return 0.0, 0
    model = folder / "model.onnx"
    export_onnx(
        bundle.network,
        bundle.module(),
        model,
        classes=bundle.classes,
        preprocessing=bundle.preprocessing,
    )
    assert any(one.key == "preprocessing" for one in onnx.load(model).metadata_props)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        cwd=folder,
        input=json.dumps([str(file.resolve()) for file in files]),
        text=True,
        check=True,
    )
    with np.load(folder / "found.npz") as found:
        inputs, labels = found["inputs"], found["labels"]
    said = bundle.predict(files, top=1)
    same = [bundle.classes[label] == one.best for label, one in zip(labels, said, strict=True)]
    apart = [
        np.abs(_entered(file, bundle.preprocessing) - image).max()
        for file, image in zip(files, inputs, strict=True)
    ]
    return float(max(apart)), sum(same)


def _entered(file: Path, record: Preprocessing) -> np.ndarray:
    """What the network is fed by striate itself, C×H×W."""
    image = torch.from_numpy(decode(file.read_bytes(), record).copy())
    return network_input(image[None], record)[0].numpy()


def _odd_files(folder: Path) -> list[Path]:
    files: list[Path] = []
    for case in corpus().values():
        if case.pixels is not None and case.name not in LEFT_OUT:
            files.append(folder / f"{len(files)}{Path(case.name).suffix}")
            files[-1].write_bytes(case.content)
    return files


def _enlarged(file: Path, folder: Path) -> Path:
    """The photo with twelve million pixels."""
    image = Image.open(io.BytesIO(file.read_bytes())).convert("RGB")
    target = folder / f"large-{file.stem}.jpg"
    image.resize((4000, 3000), Image.Resampling.BICUBIC).save(target, quality=90)
    return target


if __name__ == "__main__":
    raise SystemExit(main())
