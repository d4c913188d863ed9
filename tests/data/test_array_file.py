"""Pictures of any number of bands: numpy's arrays, and TIFF that pillow cannot read right."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from striate.data import Preprocessing, UnreadableImageError, decode, header
from tests.data.pictures import encoded, noise


def npy(array: np.ndarray) -> bytes:
    """The content of a `.npy` file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def tiff(array: np.ndarray, **options: Any) -> bytes:
    """The content of a TIFF."""
    buffer = io.BytesIO()
    usual = {"photometric": "minisblack", "planarconfig": "contig"}
    tifffile.imwrite(buffer, array, **{**usual, **options})
    return buffer.getvalue()


def deep(seed: int, channels: int) -> np.ndarray:
    """A random picture 5×7 of 16 bits."""
    return np.random.default_rng(seed).integers(0, 65536, (5, 7, channels)).astype(np.uint16)


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_of_many_bands_is_taken_as_it_is(order: str) -> None:
    pixels = noise(1, height=5, width=7, channels=9)
    content = npy(np.asarray(pixels, order=order))  # type: ignore[call-overload]
    np.testing.assert_array_equal(decode(content, Preprocessing(5, 7, 9)), pixels)
    head = header(content)
    assert (head.height, head.width, head.channels, head.format) == (5, 7, 9, "NPY")


def test_of_sixteen_bits_the_upper_eight_are_kept() -> None:
    pixels = deep(1, 6)
    record = Preprocessing(5, 7, 6)
    expected = (pixels // 256).astype(np.uint8)
    for content in (npy(pixels), npy(pixels.astype(">u2")), tiff(pixels)):
        np.testing.assert_array_equal(decode(content, record), expected)
        assert header(content).bit_depth == 16


def test_arrays_of_one_or_three_channels_are_grey_or_colour() -> None:
    grey, colour = noise(1, channels=1), noise(2)
    np.testing.assert_array_equal(
        decode(npy(grey), Preprocessing(8, 8, 3)), np.stack([grey] * 3, axis=2)
    )
    np.testing.assert_array_equal(
        decode(npy(colour), Preprocessing(8, 8, 1)),
        decode(encoded(Image.fromarray(colour)), Preprocessing(8, 8, 1)),
    )


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("channels", [2, 4, 6, 13])
@pytest.mark.parametrize("is_deep", [False, True])
def test_tiff_of_many_bands(
    channels: int, planes: str, compression: str | None, is_deep: bool
) -> None:
    pixels = deep(1, channels) if is_deep else noise(1, height=5, width=7, channels=channels)
    stored = pixels if planes == "contig" else pixels.transpose(2, 0, 1)
    content = tiff(stored, photometric="minisblack", planarconfig=planes, compression=compression)
    expected = (pixels >> 8).astype(np.uint8) if is_deep else pixels
    np.testing.assert_array_equal(
        decode(content, Preprocessing(5, 7, channels, colour="bands")), expected
    )
    assert header(content).channels == channels


def test_planes_of_sixteen_bits_are_not_mixed_up() -> None:
    pixels = deep(2, 3)
    content = tiff(pixels.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    shown = decode(content, Preprocessing(5, 7, 3))
    np.testing.assert_array_equal(shown, (pixels >> 8).astype(np.uint8))


def test_bands_behind_colours_are_left_out_of_a_colour_picture() -> None:
    pixels = noise(3, height=5, width=7, channels=5)
    content = tiff(pixels, photometric="rgb", extrasamples=("unspecified", "unspecified"))
    np.testing.assert_array_equal(decode(content, Preprocessing(5, 7, 3)), pixels[:, :, :3])
    np.testing.assert_array_equal(decode(content, Preprocessing(5, 7, 5)), pixels)


def test_tiff_of_many_bands_is_turned_upright() -> None:
    pixels = noise(1, height=5, width=7, channels=6)
    content = tiff(pixels, extratags=[(274, "H", 1, 6, True)])
    head = header(content)
    assert (head.height, head.width, head.orientation) == (7, 5, 6)
    shown = decode(content, Preprocessing(7, 5, 6))
    np.testing.assert_array_equal(shown, np.rot90(pixels, -1))


def test_transparency_is_a_band_where_all_bands_are_asked_for() -> None:
    pixels = noise(1, channels=4)
    for kind in ("PNG", "TIFF"):
        content = encoded(Image.fromarray(pixels, "RGBA"), kind)
        np.testing.assert_array_equal(decode(content, Preprocessing(8, 8, 4)), pixels)


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (npy(np.zeros((4, 4, 3), np.float32)), "unreadable", "an array of float32"),
        (npy(np.zeros(4, np.uint8)), "unreadable", r"shape \(4,\)"),
        (npy(np.array([{}], object)), "unreadable", "an array of object"),
        (npy(np.zeros((4, 0, 3), np.uint8)), "damaged", "0x4 pixels"),
        (npy(np.zeros((9, 9, 3), np.uint8))[:-5], "truncated", "the file ends early"),
        (npy(np.zeros((9, 9, 3), np.uint8))[:60], "truncated", "truncated"),
        (tiff(np.zeros((5, 7, 6), np.float32)), "unreadable", "pixels of float32"),
        (tiff(noise(1, channels=6))[:-40], "truncated", "the file ends early"),
        (tiff(noise(1, channels=6)), "unreadable", "6 bands, where grey or colour is expected"),
    ],
)
def test_other_arrays_are_refused(content: bytes, kind: str, reason: str) -> None:
    with pytest.raises(UnreadableImageError, match=reason) as caught:
        decode(content, Preprocessing(8, 8, 3))
    assert caught.value.kind == kind


def test_a_head_that_lies_about_the_size_takes_no_memory() -> None:
    """Before anything is made: each states far more than its hundred bytes hold."""
    whole = npy(np.zeros((1, 1, 1), np.uint8))
    for shape in ("(99999, 99999, 3)", "(9000, 9000, 99)"):
        with pytest.raises(UnreadableImageError, match="pixels") as caught:
            decode(whole.replace(b"(1, 1, 1)", shape.encode()), Preprocessing(8, 8, 3))
        assert caught.value.kind == "too-large"
    with pytest.raises(UnreadableImageError, match="the file ends early"):
        decode(whole.replace(b"(1, 1, 1)", b"(8000, 8000, 3)"), Preprocessing(8, 8, 3))
