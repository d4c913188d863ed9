"""Images of other than one or three channels, from training to prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.data import decode
from striate.deploy import fit
from striate.errors import StriateError
from striate.train import Silent
from tests.data.pictures import stripes, write

NET = "conv(8) -> bn -> relu -> gap -> fc(2)"


def fields(root: Path) -> Path:
    """Arrays of six bands in 16 bits, their stripes in the last one."""
    root.mkdir()
    for name in ("across", "upright"):
        (root / name).mkdir()
        for number in range(12):
            image = np.random.default_rng(number).integers(0, 65536, (8, 8, 6)).astype(np.uint16)
            shape = stripes(number, is_upright=name == "upright")[:, :, 0]
            image[:, :, 5] = shape.astype(np.uint16) * 257
            np.save(root / name / f"{number}.npy", image)
    return root


def test_six_bands_are_learned_from_and_predicted(tmp_path: Path) -> None:
    data = fields(tmp_path / "fields")
    run = fit(NET, data, out=tmp_path / "run", reporter=Silent(), epochs=2, batch=8)
    record = run.preprocessing
    assert run.network.input == (6, 8, 8)
    assert (record.channels, record.colour, len(record.mean)) == (6, "bands", 6)
    file = data / "across" / "3.npy"
    pixels = decode(file.read_bytes(), record)
    np.testing.assert_array_equal(pixels, np.load(file) >> 8)
    said = run.predict([file, write(tmp_path / "torn.npy", file.read_bytes()[:-9])])
    assert said[0].best in run.classes
    assert said[1].error == "truncated (the file ends early)"


def test_a_network_of_other_bands_than_the_images_is_refused_at_once(tmp_path: Path) -> None:
    data = fields(tmp_path / "fields")
    with pytest.raises(StriateError, match="takes 5x8x8, but the images have 6 channels"):
        fit(f"input(5, 8, 8) -> {NET}", data, out=tmp_path / "run", reporter=Silent())
