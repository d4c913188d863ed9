"""Bytes of image files to pixels."""

from __future__ import annotations

import io
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import striate
from striate.data import Preprocessing, UnreadableImageError, decode, header
from tests.data.pictures import encoded, noise, png

GREY = Preprocessing(4, 6, 1)
COLOUR = Preprocessing(4, 6, 3)

# What each EXIF orientation asks a viewer to do, as numpy writes it.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_all_eight_orientations_are_turned_upright(orientation: int) -> None:
    stored = noise(1, height=5, width=7)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(stored), exif=exif)
    expected = UPRIGHT[orientation](stored)
    height, width = expected.shape[:2]
    head = header(content)
    assert (head.height, head.width, head.orientation) == (height, width, orientation)
    np.testing.assert_array_equal(decode(content, Preprocessing(height, width, 3)), expected)


def test_an_image_of_the_right_size_is_left_as_it_is() -> None:
    pixels = noise(2, height=4, width=6)
    np.testing.assert_array_equal(decode(png(pixels), COLOUR), pixels)


def test_grey_is_repeated_for_a_colour_network() -> None:
    pixels = noise(3, height=4, width=6, channels=1)
    np.testing.assert_array_equal(decode(png(pixels), COLOUR), np.stack([pixels] * 3, axis=2))


def test_colour_becomes_luma_for_a_grey_network() -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = 200, 100, 50
    luma = 0.299 * 200 + 0.587 * 100 + 0.114 * 50  # ITU-R BT.601
    assert np.abs(decode(png(pixels), GREY) - luma).max() <= 1


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 24).astype(np.uint16).reshape(4, 6)
    decoded = decode(png(ramp), GREY)[..., 0].reshape(-1).astype(int)
    np.testing.assert_array_equal(decoded, ramp.reshape(-1) // 256)
    assert (np.diff(decoded) > 0).all()


def test_transparent_pixels_show_the_background() -> None:
    pixels = np.zeros((4, 6, 4), np.uint8)
    pixels[..., 0] = 255  # red that must not be seen
    pixels[2:, :, 3] = 255
    decoded = decode(png(pixels), COLOUR)
    assert (decoded[:2] == (255, 255, 255)).all()
    assert (decoded[2:] == (255, 0, 0)).all()


def test_a_transparent_palette_entry_shows_the_background() -> None:
    image = Image.new("P", (6, 4), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    decoded = decode(encoded(image, transparency=0), COLOUR)
    assert (decoded == 255).all()


def test_cmyk_red_stays_red() -> None:
    image = Image.new("CMYK", (6, 4), (0, 255, 255, 0))
    decoded = decode(encoded(image, "JPEG", quality=95), COLOUR).astype(int)
    assert (decoded[..., 0] > 200).all()
    assert (decoded[..., 1:] < 60).all()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_jpeg_is_refused_with_its_name(share: float) -> None:
    whole = encoded(Image.fromarray(noise(4, height=64, width=64)), "JPEG")
    with pytest.raises(UnreadableImageError) as caught:
        decode(whole[: int(len(whole) * share)], COLOUR, name="cat/7.jpg")
    assert str(caught.value).startswith("error: cat/7.jpg: truncated (")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello", "not an image, or of a kind pillow cannot read"),
    ],
)
def test_what_is_no_image_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImageError) as caught:
        decode(content, COLOUR, name="x.png")
    assert str(caught.value) == (
        f"error: x.png: {reason}  [unreadable-image]\n"
        "   = help: replace or remove the file, or convert it to PNG or JPEG"
    )


def test_a_decompression_bomb_is_refused_before_it_is_decoded() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        sum_ = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + sum_

    side = (20_000).to_bytes(4, "big")
    head = chunk(b"IHDR", side + side + bytes([8, 0, 0, 0, 0]))
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + head
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(UnreadableImageError, match="more than the 89,478,485 pixels"):
        decode(bomb, COLOUR)


def test_a_float_image_outside_sixteen_bits_is_refused() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 6), -1.5, np.float32)).save(buffer, "TIFF")
    with pytest.raises(UnreadableImageError, match="floating-point numbers, whose black"):
        decode(buffer.getvalue(), GREY)


def test_photos_decode_as_pillow_shows_them(shared: Path) -> None:
    file = min((shared / "data" / "imagenet200").glob("*.JPEG"))
    with Image.open(file) as image:
        expected = np.asarray(image.convert("RGB"))
    height, width, _ = expected.shape
    record = Preprocessing(height, width, 3)
    np.testing.assert_array_equal(decode(file.read_bytes(), record), expected)


def test_nothing_else_opens_images() -> None:
    """One way to decode: a second one would differ in some orientation, some day."""
    opens = re.compile(r"Image\.open|imread|imdecode|decode_jpeg|tifffile|np\.load\(")
    root = Path(striate.__file__).parent
    found = {
        file.relative_to(root).as_posix()
        for file in root.rglob("*.py")
        if opens.search(file.read_text("utf-8"))
    }
    known = {"data/_pillow_file.py", "data/_array_file.py", "data/reference.py"}
    assert found >= known
    # These read tables of their own with numpy, no images.
    assert found - known <= {"data/_segment.py", "data/cache.py"}
