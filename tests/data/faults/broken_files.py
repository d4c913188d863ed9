"""Files that hold no whole image, or one that must not be decoded."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.data.faults.case import DAMAGED, EMPTY, NO_IMAGE, TOO_LARGE, Case, refused
from tests.data.faults.drawn import noise, ramp16, slope
from tests.data.faults.written import (
    PNG_SIGN,
    chunk,
    jpeg,
    npy,
    packed_zeros,
    png,
    png_of,
    saved,
    tiff,
    with_size,
)

FLOAT = "float|fraction"
HTML = b"<!DOCTYPE html><html><head><title>404 Not Found</title></head><body>nginx</body></html>"
EPS = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 24\n%%EndComments\n"
    b"1 0 0 setrgbcolor 0 0 16 24 rectfill\nshowpage\n%%EOF\n"
)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='16' height='24'><rect width='9'/></svg>"


def broken_files() -> Iterator[Case]:
    """All of them."""
    yield from _no_images()
    yield from _cut()
    yield from _damaged()
    yield from _bombs()
    yield from _no_stated_white()


def _no_images() -> Iterator[Case]:
    kind = "empty file: left out"
    yield refused("empty.jpg", kind, b"", EMPTY)
    yield refused("empty.png", kind, b"", EMPTY)
    yield refused("empty.npy", kind, b"", EMPTY)
    kind = (
        "text, a web page, an archive, PDF, SVG or PostScript with an image's suffix: "
        "left out; no other program is started"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cat.jpg", b"no")
    contents = {
        "text.jpg": b"this is a text\n",
        "page.png": HTML,
        "archive.jpg": buffer.getvalue(),
        "paper.jpg": b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n",
        "drawing.png": SVG,
        "postscript.jpg": EPS,
        "zeros.jpg": bytes(4096),
        "signature.png": PNG_SIGN[:4],
        "text.npy": b"1 2 3\n4 5 6\n",
    }
    for name, content in contents.items():
        yield refused(name, kind, content, NO_IMAGE)


def _cut() -> Iterator[Case]:
    kind = "cut short to 10, 50 or 99 % of its bytes: left out, in every format"
    wholes = {
        "jpg": saved(noise(), "JPEG", quality=90),
        "progressive.jpg": saved(noise(), "JPEG", quality=90, progressive=True),
        "png": saved(noise(), "PNG"),
        "webp": saved(noise(), "WEBP", lossless=True),
        "tif": tiff(noise(), compression="zlib"),
        "plain.tif": tiff(noise()),
        "gif": saved(noise(), "GIF"),
        "bmp": saved(noise(), "BMP"),
        "ppm": saved(noise(), "PPM"),
        "npy": npy(noise()),
    }
    for ending, whole in wholes.items():
        for share in (10, 50, 99):
            content = whole[: len(whole) * share // 100]
            yield refused(f"cut-{share}.{ending}", kind, content, f"{DAMAGED}|{NO_IMAGE}")
    yield refused("head-alone.jpg", kind, jpeg(slope())[:2], f"{DAMAGED}|{NO_IMAGE}")
    yield refused("signature-alone.png", kind, PNG_SIGN, f"{DAMAGED}|{NO_IMAGE}")


def _damaged() -> Iterator[Case]:
    kind = "wrong check sum, no pixels, a pickle in a numpy file: left out; nothing is unpickled"
    whole = bytearray(png(slope(), 2))
    whole[whole.index(b"IDAT") + 20] ^= 0x55
    yield refused("wrong-sum.png", kind, bytes(whole), DAMAGED)
    nothing = png_of((0, 24), zlib.compress(b""), 2)
    yield refused("no-width.png", kind, nothing, f"{DAMAGED}|{NO_IMAGE}")
    body = PNG_SIGN + png(slope(), 2)[8:33] + chunk(b"IEND", b"")
    yield refused("no-pixels.png", kind, body, DAMAGED)
    scan = jpeg(slope())
    scan = scan[: scan.index(b"\xff\xda")] + b"\xff\xd9"
    yield refused("no-scan.jpg", kind, scan, DAMAGED)
    objects = np.array([[{"a": 1}]], dtype=object)
    torn = npy(noise(8)).replace(b", }", b", (")  # numpy hands the head to Python's tokenizer
    yield refused("torn-head.npy", kind, torn, DAMAGED)
    yield refused("no-rows.npy", kind, npy(noise(8)[:0]), f"{DAMAGED}|0 pixels|8x0")
    yield refused("pickle.npy", kind, npy(objects), f"{DAMAGED}|{NO_IMAGE}|object")


def _bombs() -> Iterator[Case]:
    kind = (
        "decompression bomb (44 kB that unfold to 361 megapixels): left out before it "
        "is decoded, above 89,478,485 pixels"
    )
    side = 19_000
    packed = png_of((side, side), packed_zeros((side // 8 + 1) * side), depth=1)
    assert len(packed) < 100_000
    yield refused("361-megapixels.png", kind, packed, TOO_LARGE)
    # Above pillow's warning (89 megapixels), below its error (twice that).
    side = 12_000
    packed = png_of((side, side), packed_zeros((side // 8 + 1) * side), depth=1)
    yield refused("144-megapixels.png", kind, packed, TOO_LARGE)
    yield refused("65500x65500.jpg", kind, with_size(jpeg(slope()), 65500, 65500), TOO_LARGE)
    screen = saved(slope(), "GIF")
    screen = screen[:6] + struct.pack("<HH", 65535, 65535) + screen[10:]
    yield refused("65535x65535.gif", kind, screen, TOO_LARGE)
    yield refused("16383x16383.webp", kind, _large_webp(), TOO_LARGE)
    yield refused("200000x200000.tif", kind, _large_tiff(200_000), TOO_LARGE)
    yield refused("90000x90000.ppm", kind, b"P5 90000 90000 255\n" + bytes(99), TOO_LARGE)
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (90000, 90000, 3), }"
    head = head.ljust(117) + b"\n"
    lying = b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + bytes(99)
    yield refused("90000x90000.npy", kind, lying, TOO_LARGE)
    kind = "text that unfolds to a hundred megabytes beside a small image: left out"
    text = b"Comment\0\0" + packed_zeros(100_000_000)
    yield refused("text-bomb.png", kind, png(slope(), 2, extra=[(b"zTXt", text)]), DAMAGED)


def _no_stated_white() -> Iterator[Case]:
    kind = (
        "floats, negative numbers or 32 bits, which state no white: left out, with what "
        "to save instead; nothing is clipped"
    )
    small = ramp16().astype(np.float32) / 65535
    grey: dict[str, Any] = {"photometric": "minisblack"}
    yield refused("float.tif", kind, tiff(small, **grey), FLOAT)
    yield refused("float.npy", kind, npy(small), FLOAT)
    yield refused(
        "negative.tif", kind, tiff(ramp16().astype(np.int32) - 9, **grey), "sign|negative"
    )
    wide = ramp16().astype(np.uint32) * 3
    yield refused("32-bit.tif", kind, tiff(wide, **grey), "32")
    lost = small.copy()
    lost[3, 3] = np.nan
    yield refused("not-a-number.tif", kind, tiff(lost, **grey), FLOAT)


def _large_webp() -> bytes:
    """A WebP file whose canvas is 16383 pixels each way."""
    image = saved(slope(), "WEBP", lossless=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0")
    assert image[12:16] == b"VP8X"
    side = (16382).to_bytes(3, "little")
    return image[:24] + side + side + image[30:]


def _large_tiff(side: int) -> bytes:
    """A TIFF file whose tags state side×side pixels in one strip that is not there."""
    tags = [(256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (278, side)]
    tags += [(279, 64)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4 + 64)
