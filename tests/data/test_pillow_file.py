"""Image files as pillow and libjpeg-turbo read them."""

from __future__ import annotations

import io
import itertools
import zlib

import numpy as np
import pytest
from PIL import Image

from striate.data import Preprocessing, UnreadableImageError, decode, header, picture
from tests.data.pictures import encoded, noise, png

SIZES = list(itertools.product((1, 7, 16, 33, 64), (1, 8, 17, 50)))


def smooth(height: int, width: int, channels: int = 3) -> Image.Image:
    """A picture that JPEG keeps well."""
    small = Image.fromarray(noise(1, height=4, width=5, channels=channels))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def drafted(content: bytes, step: int) -> np.ndarray:
    """As pillow decodes a JPEG reduced."""
    with Image.open(io.BytesIO(content)) as image:
        image.draft(None, (max(image.width // step, 1), max(image.height // step, 1)))
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    "options",
    [{}, {"subsampling": 0}, {"subsampling": 1}, {"progressive": True}, {"quality": 30}],
    ids=str,
)
def test_jpeg_has_the_pixels_of_pillow_in_full_and_reduced(options: dict[str, int]) -> None:
    for height, width in SIZES:
        for image in (smooth(height, width), smooth(height, width, channels=1)):
            content = encoded(image, "JPEG", **options)
            for step in (1, 2, 4, 8):
                if step > min(height, width):
                    continue
                at_least = (height / step, width / step)
                found = picture(content, Preprocessing(1, 1, 3), at_least=at_least)
                np.testing.assert_array_equal(found.array, drafted(content, step))
                assert (found.height, found.width) == (height, width)


def test_a_reduced_jpeg_is_never_smaller_than_was_asked() -> None:
    content = encoded(smooth(100, 80), "JPEG")
    for asked, step in (((50, 40), 2), ((50.1, 40), 1), ((12, 11), 4), ((1, 1), 8), ((99, 1), 1)):
        found = picture(content, Preprocessing(1, 1, 3), at_least=asked).array
        assert found.shape == (-(-100 // step), -(-80 // step), 3)


def test_only_jpeg_is_reduced() -> None:
    found = picture(png(noise(1, height=64, width=64)), Preprocessing(1, 1, 3), at_least=(8, 8))
    assert found.array.shape == (64, 64, 3)


def test_jpeg_without_the_change_to_luma_and_chroma_keeps_its_colours() -> None:
    """The marker of Adobe says that red, green and blue are stored as they are."""
    content = encoded(smooth(16, 16), "JPEG", keep_rgb=True, quality=95)
    shown = decode(content, Preprocessing(16, 16, 3)).astype(int)
    assert np.abs(shown - np.asarray(smooth(16, 16))).max() < 20


def test_inks_stay_their_colours_with_and_without_the_change_to_luma() -> None:
    """Four inks, stored inverted; with transform 2, the first three as luma and chroma."""
    content = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    assert content.count(b"Adobe") == 1
    red = decode(content, Preprocessing(16, 16, 3))
    assert (red[..., 0] > 200).all()
    assert (red[..., 1:] < 60).all()
    # Red's inks are (0, 255, 255), as a colour that is cyan: Y 179, Cb 171, Cr 0 (BT.601).
    place = content.index(b"Adobe") + 11
    inks = Image.new("CMYK", (16, 16), (255 - 179, 255 - 171, 255 - 0, 0))
    stored = encoded(inks, "JPEG", quality=95)
    luma = stored[:place] + b"\2" + stored[place + 1 :]
    red = decode(luma, Preprocessing(16, 16, 3))
    assert (red[..., 0] > 200).all()
    assert (red[..., 1:] < 60).all()


def test_inks_have_the_pixels_of_pillow() -> None:
    inks = Image.fromarray(noise(6, height=33, width=50, channels=4), "CMYK")
    content = encoded(inks, "JPEG", quality=90)
    for step in (1, 2, 4):
        at_least = (33 / step, 50 / step)
        found = picture(content, Preprocessing(1, 1, 3), at_least=at_least).array
        np.testing.assert_array_equal(found, drafted(content, step))
    with Image.open(io.BytesIO(content)) as image:
        bands = picture(content, Preprocessing(1, 1, 4)).array
        np.testing.assert_array_equal(bands, np.asarray(image))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_that_was_cut_and_closed_again_is_no_half_grey_picture(mode: str) -> None:
    whole = encoded(Image.fromarray(noise(4, height=64, width=64)).convert(mode), "JPEG")
    with pytest.raises(UnreadableImageError) as caught:
        decode(whole[: len(whole) // 2] + b"\xff\xd9", Preprocessing(8, 8, 3))
    assert caught.value.kind == "truncated"


def test_bytes_too_many_before_the_end_of_a_jpeg_do_no_harm() -> None:
    whole = encoded(smooth(16, 16), "JPEG")
    longer = whole[:-2] + b"\0\0\0\0\0" + whole[-2:] + b"more"
    record = Preprocessing(16, 16, 3)
    np.testing.assert_array_equal(decode(longer, record), decode(whole, record))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *(("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("GIF", {}), ("BMP", {})),
        *(("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("PPM", {}), ("WEBP", {})),
        ("WEBP", {"lossless": True}),
    ],
    ids=str,
)
def test_what_was_cut_is_called_truncated(
    kind: str, options: dict[str, object], share: float
) -> None:
    whole = encoded(smooth(120, 160), kind, **options)
    with pytest.raises(UnreadableImageError) as caught:
        decode(whole[: int(share * len(whole))], Preprocessing(8, 8, 3))
    assert caught.value.kind == "truncated"


def test_an_orientation_is_found_where_programs_put_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    raw = exif.tobytes().removeprefix(b"Exif\0\0")
    plain = png(noise(1, height=5, width=7))
    xmp = b'<x:xmpmeta tiff:Orientation="6"/>'
    end = plain.index(b"IDAT") - 4
    magick = f"\nexif\n{len(raw) + 6:8}\n{(b'Exif' + bytes(2) + raw).hex()}\n".encode()
    for content in (
        encoded(Image.fromarray(noise(1, height=5, width=7)), exif=exif),
        plain[:-12] + chunk(b"eXIf", raw) + plain[-12:],
        plain[:end] + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp) + plain[end:],
        plain[:end]
        + chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(magick))
        + plain[end:],
        encoded(smooth(5, 7), "JPEG", xmp=xmp),
        encoded(smooth(5, 7), "WEBP", exif=exif, lossless=True),
        encoded(smooth(5, 7), "TIFF", exif=exif),
    ):
        head = header(content)
        assert (head.height, head.width, head.orientation) == (7, 5, 6), head.format
        assert decode(content, Preprocessing(7, 5, 3)).shape == (7, 5, 3)


def test_a_damaged_orientation_is_upright() -> None:
    for tail in (b"", b"II*\0", b"MM\0*\0\0\xff\xff", b"II*\0\x08\0\0\0\xff\xff\x12\x01"):
        content = encoded(smooth(5, 7), "JPEG", exif=b"Exif\0\0" + tail)
        assert header(content).orientation == 1


@pytest.mark.parametrize(
    ("image", "kind", "facts"),
    [
        (Image.new("RGB", (3, 2)), "JPEG", (3, "RGB", 8, False)),
        (Image.new("L", (3, 2)), "PNG", (1, "L", 8, False)),
        (Image.new("1", (3, 2)), "PNG", (1, "1", 1, False)),
        (Image.new("LA", (3, 2)), "PNG", (2, "LA", 8, True)),
        (Image.new("RGBA", (3, 2)), "PNG", (4, "RGBA", 8, True)),
        (Image.new("CMYK", (3, 2)), "TIFF", (4, "CMYK", 8, False)),
        (Image.fromarray(np.zeros((2, 3), np.uint16)), "PNG", (1, "I;16", 16, False)),
        (Image.fromarray(np.zeros((2, 3), np.uint16)), "TIFF", (1, "I;16", 16, False)),
        (Image.new("P", (3, 2)), "GIF", (3, "P", 8, False)),
    ],
)
def test_a_head_says_what_is_in_the_file(
    image: Image.Image, kind: str, facts: tuple[int, str, int, bool]
) -> None:
    head = header(encoded(image, kind))
    assert (head.channels, head.mode, head.bit_depth, head.has_alpha) == facts
    assert (head.height, head.width, head.format) == (2, 3, kind)
    assert head.is_colour == (facts[0] > 2)
    assert not head.is_animated


def test_of_an_animation_the_first_frame_is_shown_and_the_head_says_so() -> None:
    frames = [Image.fromarray(noise(number)) for number in (1, 2)]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        options = {"lossless": True} if kind == "WEBP" else {}
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert header(content).is_animated
        shown = decode(content, Preprocessing(8, 8, 3)).astype(int)
        assert np.abs(shown - noise(1)).max() <= (60 if kind == "GIF" else 0)


def test_a_head_is_read_without_decoding() -> None:
    whole = encoded(Image.fromarray(noise(1, height=300, width=300)), "PNG")
    assert header(whole[:2000]).height == 300


def test_programs_are_not_started_for_a_picture() -> None:
    """Pillow would hand PostScript to an interpreter."""
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    with pytest.raises(UnreadableImageError, match="not an image but a PostScript file"):
        decode(script, Preprocessing(8, 8, 3))


def chunk(kind: bytes, body: bytes) -> bytes:
    """A part of a PNG file."""
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
