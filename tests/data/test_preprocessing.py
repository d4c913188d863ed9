"""The preprocessing record: the same picture for training, evaluation and prediction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from striate.data import Preprocessing, network_input, resampled
from striate.errors import BundleError
from striate.files import Json
from tests.data.pictures import noise

RECORD = Preprocessing(8, 8, 3, mean=(0.5, 0.4, 0.3), deviation=(0.2, 0.25, 0.3))


def shown_of(pixels: np.ndarray, record: Preprocessing = RECORD) -> np.ndarray:
    """What a record shows of a picture."""
    return resampled(pixels, record.box(*pixels.shape[:2]), record)


def areas(pixels: np.ndarray, side: int) -> np.ndarray:
    """Means of the squares that fall on each pixel of a picture `side` times smaller."""
    height, width, channels = pixels.shape
    squares = pixels.reshape(height // side, side, width // side, side, channels)
    return np.asarray(squares.mean(axis=(1, 3)))


def test_writing_and_reading_gives_the_same_record() -> None:
    assert Preprocessing.from_json(RECORD.to_json()) == RECORD


@pytest.mark.parametrize("rule", ["shorter-side", "stretch"])
@pytest.mark.parametrize("size", [(64, 64), (64, 32), (24, 40), (5, 3)])
def test_the_result_has_the_size_of_the_record(rule: str, size: tuple[int, int]) -> None:
    record = replace(RECORD, resize=rule)  # type: ignore[arg-type]
    assert shown_of(np.zeros((*size, 3), np.uint8), record).shape == (8, 8, 3)


def test_shorter_side_shows_the_middle_of_a_wide_picture() -> None:
    wide = np.zeros((16, 48, 3), np.uint8)
    wide[:, 16:32] = 255
    shown = shown_of(wide)
    assert (shown[:, 1:-1] == 255).all()  # the outermost see a little beyond the crop
    assert (shown > 127).all()


def test_stretch_shows_all_of_it() -> None:
    wide = np.zeros((16, 48, 3), np.uint8)
    wide[:, 24:] = 255
    shown = shown_of(wide, replace(RECORD, resize="stretch"))
    assert (shown[:, :3] == 0).all()
    assert (shown[:, 5:] == 255).all()


def test_a_crop_share_leaves_out_the_edges() -> None:
    framed = np.zeros((32, 32, 3), np.uint8)
    framed[8:24, 8:24] = 255
    shown = shown_of(framed, replace(RECORD, crop_share=0.5))
    assert (shown[1:-1, 1:-1] == 255).all()
    assert (shown > 127).all()


def test_shrinking_is_antialiased() -> None:
    """Every second pixel white is mid grey from afar; picking single pixels would give stripes."""
    fine = np.zeros((64, 64, 3), np.uint8)
    fine[:, ::2] = 255
    shown = shown_of(fine).astype(float)
    assert np.abs(shown - 127.5).max() < 5


def test_shrinking_is_near_the_mean_of_what_falls_on_a_pixel() -> None:
    smooth = np.linspace(0, 255, 64)[None, :, None].repeat(64, 0).repeat(3, 2).astype(np.uint8)
    shown = shown_of(smooth)[:, 1:-1].astype(float)
    assert np.abs(shown - areas(smooth, 8)[:, 1:-1]).max() <= 1


def test_pixels_become_numbers_by_mean_and_deviation() -> None:
    images = np.stack([noise(1), noise(2)])
    entered = network_input(torch.from_numpy(images), RECORD)
    mean, deviation = np.array(RECORD.mean), np.array(RECORD.deviation)
    expected = ((images / 255.0 - mean) / deviation).transpose(0, 3, 1, 2)
    assert entered.dtype == torch.float32
    assert entered.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(entered.numpy(), expected, atol=1e-5)  # float32 rounding


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("height", 0, "height 0"),
        ("width", "wide", "width 'wide'"),
        ("channels", 4, "mean (0.5, 0.4, 0.3); 4 numbers are expected"),
        ("mean", [0.5], "3 numbers are expected"),
        ("deviation", [0.5, 0.0, 0.5], "must be above 0"),
        ("crop_share", 2.0, "crop_share 2.0"),
        ("resize", "lanczos", "'lanczos'; known are shorter-side, stretch"),
        ("interpolation", "nearest", "'nearest'; known are bilinear, bicubic"),
        ("background", [0, 0], "background (0, 0)"),
        ("orientation", "none", "'none'; known are exif"),
        ("colour", "blue", "'blue'; known are grey, rgb, bands"),
        ("hue", 1, "missing or unknown: hue"),
    ],
)
def test_a_record_that_was_tampered_with_is_refused(key: str, value: Json, told: str) -> None:
    with pytest.raises(BundleError) as caught:
        Preprocessing.from_json({**RECORD.to_json(), key: value})
    assert told in str(caught.value)
    assert caught.value.code == "preprocessing-damaged"


def test_a_record_of_another_version_is_refused() -> None:
    with pytest.raises(BundleError) as caught:
        Preprocessing.from_json({**RECORD.to_json(), "version": 3})
    assert str(caught.value) == (
        "error: the preprocessing record is of version 3; this striate reads versions 1 and 2"
        "  [preprocessing-version]\n"
        "   = help: load it with the striate that wrote it, or train again"
    )
