"""Files that are odd and right: every one of them holds a picture that a network should see."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from tests.data.faults.case import LOSSY, Case, legal
from tests.data.faults.drawn import (
    PALETTE,
    checked,
    grey_slope,
    places,
    slope,
)
from tests.data.faults.legal_colours import legal_colours
from tests.data.faults.written import (
    black_and_white,
    exif,
    indexed,
    indexed_image,
    jpeg,
    npy,
    png,
    png_of,
    saved,
    tiff,
    with_exif,
    with_segment,
)

# How the stored picture follows from the upright one, by the table of EXIF 2.3, section 4.6.4.
STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}


def legal_files() -> Iterator[Case]:
    """All of them."""
    yield from _suffixes()
    yield from _formats()
    yield from _tiffs()
    yield from _orientations()
    yield from _broken_exif()
    yield from legal_colours()
    yield from _sizes()
    yield from _extras()


def _suffixes() -> Iterator[Case]:
    kind = "suffix in capitals or seldom used: read"
    for name in ("plain.jpg", "upper.JPEG", "camera.JFIF", "old.jpe", "mixed.JpG"):
        yield legal(name, kind, jpeg(slope()), slope(), tolerance=LOSSY)
    kind = "another format than the suffix says: read by what is in it; the scan tells"
    yield legal("is-png.jpg", kind, saved(slope(), "PNG"), slope())
    yield legal("is-gif.jpg", kind, indexed("GIF"), PALETTE[places()])
    yield legal("is-webp.jpg", kind, saved(slope(), "WEBP", lossless=True), slope())
    yield legal("is-bmp.png", kind, saved(slope(), "BMP"), slope())
    yield legal("is-jpeg.png", kind, jpeg(slope()), slope(), tolerance=LOSSY)


def _formats() -> Iterator[Case]:
    kind = "WebP, BMP, PPM, GIF: read"
    yield legal("exact.webp", kind, saved(slope(), "WEBP", lossless=True), slope())
    lossy = saved(slope(), "WEBP", quality=98, method=0)
    yield legal("lossy.webp", kind, lossy, slope(), tolerance=2 * LOSSY)
    yield legal("colours.bmp", kind, saved(slope(), "BMP"), slope())
    yield legal("padded-32-bit.bmp", kind, _bmp32(slope()), slope())
    yield legal("colours.ppm", kind, saved(slope(), "PPM"), slope())
    yield legal("grey.pgm", kind, saved(grey_slope(), "PPM"), grey_slope())
    yield legal("still.gif", kind, indexed("GIF"), PALETTE[places()])
    kind = "several frames or pages in a file: the first is read"
    options: dict[str, Any] = {"save_all": True, "duration": 50}
    frames = [slope()[::-1].copy(), slope()[:, ::-1].copy()]
    more = {**options, "append_images": [Image.fromarray(frame) for frame in frames]}
    yield legal("animated.webp", kind, saved(slope(), "WEBP", lossless=True, **more), slope())
    yield legal("animated.png", kind, saved(slope(), "PNG", **more), slope())
    yield legal("pages.tif", kind, saved(slope(), "TIFF", **more), slope())
    other = indexed_image(places()[::-1])
    film = saved(indexed_image(places()), "GIF", **{**options, "append_images": [other]})
    yield legal("animated.gif", kind, film, PALETTE[places()])
    pair = [Image.fromarray(frames[0])]
    stereo = saved(slope(), "MPO", save_all=True, append_images=pair, quality=95, subsampling=0)
    yield legal("stereo.mpo.jpg", kind, stereo, slope(), tolerance=LOSSY)


def _tiffs() -> Iterator[Case]:
    kind = "TIFF of any layout (tiles, planes, big-endian, compressed, white is zero): read"
    big = tiff(slope(), byteorder=">")
    assert big[:2] == b"MM"
    yield legal("plain.tif", kind, tiff(slope()), slope())
    yield legal("big-endian.tiff", kind, big, slope())
    yield legal("lzw.TIF", kind, saved(slope(), "TIFF", compression="tiff_lzw"), slope())
    yield legal("deflate.tif", kind, tiff(slope(), compression="zlib", predictor=2), slope())
    yield legal("tiles.tif", kind, tiff(slope(), tile=(16, 16)), slope())
    yield legal("strips.tif", kind, tiff(slope(), rowsperstrip=5), slope())
    planes = tiff(slope().transpose(2, 0, 1).copy(), planarconfig="separate")
    yield legal("planes.tif", kind, planes, slope())
    white_is_0 = tiff(255 - grey_slope(), photometric="miniswhite")
    yield legal("white-is-zero.tif", kind, white_is_0, grey_slope())
    yield legal("two-colours.tif", kind, saved(black_and_white(), "TIFF"), checked())


def _orientations() -> Iterator[Case]:
    for number, stored in STORED.items():
        picture = np.ascontiguousarray(stored(slope()))
        kind = (
            "EXIF orientation 1 to 8 in JPEG, PNG, WebP and TIFF: turned upright, all eight alike"
        )
        turned = with_exif(jpeg(picture), exif(number))
        yield legal(f"turned-{number}.jpg", kind, turned, slope(), tolerance=LOSSY)
        block = (b"eXIf", exif(number))
        yield legal(f"turned-{number}.png", kind, png(picture, 2, extra=[block]), slope())
        webp = saved(picture, "WEBP", lossless=True, exif=b"Exif\0\0" + exif(number))
        yield legal(f"turned-{number}.webp", kind, webp, slope())
        tagged = saved(picture, "TIFF", tiffinfo={0x0112: number})
        yield legal(f"turned-{number}.tif", kind, tagged, slope())


def _broken_exif() -> Iterator[Case]:
    kind = "EXIF block that is broken or states no such orientation: read as stored"
    plain = jpeg(slope())
    thumbnail_alone = b"II*\0" + struct.pack("<IHI", 8, 0, 14) + exif(6)[8:]
    blocks = {
        "no-tiff": b"not an EXIF block at all",
        "empty": b"",
        "cut": exif(6)[:15],
        "far-away": b"II*\0" + struct.pack("<I", 2**31),
        "orientation-0": exif(0),
        "orientation-9": exif(9),
        "orientation-text": exif(6, kind=2),
        "of-the-thumbnail": thumbnail_alone,
    }
    for name, block in blocks.items():
        yield legal(f"exif-{name}.jpg", kind, with_exif(plain, block), slope(), tolerance=LOSSY)
    yield legal("exif-cut.png", kind, png(slope(), 2, extra=[(b"eXIf", exif(6)[:15])]), slope())


def _sizes() -> Iterator[Case]:
    kind = "one pixel, or one pixel wide: read and scaled like any other; the scan tells"
    dot = np.array([[[200, 100, 50]]], np.uint8)
    yield legal("1x1.png", kind, png(dot, 2), dot)
    yield legal("1x1.jpg", kind, jpeg(dot), dot, tolerance=LOSSY)
    line = np.linspace(0, 255, 5000).astype(np.uint8)
    yield legal("1x5000.png", kind, png(line[None], 0), line[None])
    yield legal("5000x1.png", kind, png(line[:, None], 0), line[:, None])
    yield legal(
        "5000x1.jpg", kind, saved(line[:, None], "JPEG", quality=95), line[:, None], tolerance=LOSSY
    )


def _extras() -> Iterator[Case]:
    kind = "bytes after the end of the image: read"
    tail = b"left over by a card reader" * 20
    yield legal("tail.jpg", kind, jpeg(slope()) + tail, slope(), tolerance=LOSSY)
    yield legal("tail.png", kind, png(slope(), 2) + tail, slope())
    kind = "colour profile, gamma: not applied; the numbers in the file are used"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profiled = jpeg(slope(), icc_profile=profile)
    yield legal("profile.jpg", kind, profiled, slope(), tolerance=LOSSY)
    yield legal("profile.png", kind, saved(slope(), "PNG", icc_profile=profile), slope())
    broken = with_segment(jpeg(slope()), 0xE2, b"ICC_PROFILE\0\1\1" + b"nonsense")
    yield legal("profile-broken.jpg", kind, broken, slope(), tolerance=LOSSY)
    gamma = (b"gAMA", struct.pack(">I", 100000))
    yield legal("gamma.png", kind, png(slope(), 2, extra=[gamma]), slope())
    # It ought to be refused; no decoder in use here can tell without unpacking it twice.
    kind = (
        "PNG whose pixels end properly, but before the rows its head states: read, the "
        "missing rows black; only unpacking it twice would tell"
    )
    rows = np.where(np.arange(24)[:, None, None] < 5, slope(), 0).astype(np.uint8)
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows[:5]))
    yield legal("too-few-rows.png", kind, png_of((16, 24), packed, 2), rows)
    kind = "numpy array of three channels: read"
    yield legal("colours.npy", kind, npy(slope()), slope())
    kind = (
        "four or more bands in TIFF or numpy: all of them read by a network of as many "
        "channels, left out by others"
    )
    for bands in (4, 6):
        stack = np.stack([grey_slope() + 5 * band for band in range(bands)], axis=2)
        options: dict[str, Any] = {"photometric": "minisblack", "planarconfig": "contig"}
        for name, content in (
            (f"{bands}-bands.tif", tiff(stack, **options)),
            (f"{bands}-bands.npy", npy(stack)),
        ):
            yield Case(name, kind, content, bands=stack, reason="band|channel")


def _bmp32(picture: np.ndarray) -> bytes:
    """A BMP of 32 bits a pixel whose fourth byte is padding, zero, not an alpha."""
    height, width = picture.shape[:2]
    rows = np.zeros((height, width, 4), np.uint8)
    rows[:, :, :3] = picture[::-1, :, ::-1]
    body = rows.tobytes()
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 32, 0, len(body), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(body), 0, 0, 54) + info + body
