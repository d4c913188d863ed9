"""The preprocessing record: the same picture for training, evaluation and prediction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from striate.data import Preprocessing, decode, network_input, resampled
from striate.errors import BundleError
from striate.files import Json
from tests.data.pictures import noise, png

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


FIRST_VERSION: dict[str, Json] = {
    "height": 8,
    "width": 6,
    "channels": 3,
    "mean": [0.5, 0.4, 0.3],
    "deviation": [0.2, 0.25, 0.3],
    "resize": "stretch",
    "crop_share": 0.875,
    "interpolation": "bicubic",
    "background": [0, 10, 255],
    "has_orientation": True,
    "has_antialias": True,
    "sixteen_bit": "divide-by-257",
    "version": 1,
}
"""As striate wrote it before records had colours."""


def test_a_record_of_the_first_version_keeps_its_meaning() -> None:
    record = Preprocessing.from_json(FIRST_VERSION)
    assert record == Preprocessing(
        8,
        6,
        3,
        (0.5, 0.4, 0.3),
        (0.2, 0.25, 0.3),
        colour="rgb",
        resize="stretch",
        crop_share=0.875,
        interpolation="bicubic",
        background=(0, 10, 255),
        reducing_gap=None,
        sixteen_bit="divide-by-257",
    )
    assert Preprocessing.from_json(record.to_json()) == record
    ramp = np.linspace(0, 65535, 48).astype(np.uint16).reshape(8, 6)
    shown = decode(png(ramp), replace(record, crop_share=1.0))[..., 0]
    assert np.abs(shown - ramp / 257).max() <= 0.5  # rounded


@pytest.mark.parametrize(
    ("key", "value"),
    [("has_antialias", False), ("channels", 4), ("colour", "rgb"), ("sixteen_bit", "high-byte")],
)
def test_a_damaged_record_of_the_first_version_is_refused(key: str, value: Json) -> None:
    with pytest.raises(BundleError) as caught:
        Preprocessing.from_json({**FIRST_VERSION, key: value})
    assert caught.value.code == "preprocessing-damaged"


@pytest.mark.parametrize(
    ("channels", "colour"), [(1, "grey"), (3, "rgb"), (2, "bands"), (4, "bands"), (12, "bands")]
)
def test_colours_follow_from_the_channels_unless_they_are_stated(
    channels: int, colour: str
) -> None:
    record = Preprocessing(8, 8, channels)
    assert record.colour == colour
    assert len(record.mean) == len(record.deviation) == channels
    assert Preprocessing.from_json(record.to_json()) == record
    assert Preprocessing(8, 8, 3, colour="bands").colour == "bands"


def test_the_box_is_the_centre_crop_in_pixels_of_the_picture() -> None:
    assert RECORD.box(16, 48) == (16, 0, 32, 16)
    assert replace(RECORD, resize="stretch").box(16, 48) == (0, 0, 48, 16)
    # Half of the shorter side of 40: 20 pixels around the middle of 60.
    assert replace(RECORD, crop_share=0.5).box(60, 40) == (10, 20, 30, 40)
    assert replace(RECORD, width=16).box(30, 30) == (0, 7.5, 30, 22.5)


@pytest.mark.parametrize("size", [(375, 500), (500, 333), (7, 7), (1, 900)])
def test_the_box_never_leaves_the_picture(size: tuple[int, int]) -> None:
    for share in (0.875, 1.0):
        box = Preprocessing(224, 299, 3, crop_share=share).box(*size)
        assert min(box) >= 0
        assert box.right <= size[1]
        assert box.bottom <= size[0]


def test_a_reduced_picture_keeps_the_gap() -> None:
    """A crop of 100 pixels that becomes 8, twice over: 16 of 100 must be left of each side."""
    record = replace(RECORD, reducing_gap=2.0)
    assert record.at_least(100, 200, record.box(100, 200)) == (16, 32)
    assert RECORD.at_least(100, 200, RECORD.box(100, 200)) is None


def test_bands_are_scaled_each_on_its_own() -> None:
    """An image library takes a fourth channel for transparency, and weighs the others with it."""
    pixels = noise(1, height=16, width=16, channels=6)
    pixels[:, :, 3] = 0
    record = Preprocessing(8, 8, 6)
    shown = shown_of(pixels, record)
    for band in range(6):
        alone = shown_of(pixels[:, :, band : band + 1], Preprocessing(8, 8, 1))
        np.testing.assert_array_equal(shown[:, :, band], alone[:, :, 0])


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
        ("colour", "grey", "'grey' has 1 channels, not 3"),
        ("reducing_gap", 0.5, "reducing_gap 0.5"),
        ("reducing_gap", True, "reducing_gap True"),
        ("height", 8.0, "height 8.0; a whole number"),
        ("height", True, "height True"),
        ("mean", [0.5, float("nan"), 0.5], "mean (0.5, nan, 0.5)"),
        ("mean", {"red": 0.5}, "mean {'red': 0.5}"),
        ("deviation", [0.5, 10**400, 0.5], "3 numbers are expected"),
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
