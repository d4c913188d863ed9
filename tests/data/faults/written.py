"""Writers of files, byte by byte where a library would not write what a fault needs."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from tests.data.faults.drawn import PALETTE, checked, places

PNG_SIGN = b"\x89PNG\r\n\x1a\n"

# Adam7: the first row, the first column, and the steps of both, of each pass.
ADAM7 = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)


def saved(image: Image.Image | np.ndarray, kind: str, **options: object) -> bytes:
    """An image as pillow writes it."""
    buffer = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG file with its check sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    samples: np.ndarray,
    colour: int,
    *,
    depth: int = 8,
    interlaced: bool = False,
    extra: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """A PNG file of samples H×W or H×W×C.

    colour: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. extra: chunks before the pixels.
    """
    height, width = samples.shape[:2]
    parts = [samples]
    if interlaced:
        parts = [samples[row::down, column::across] for row, column, down, across in ADAM7]
    packed = zlib.compress(b"".join(_rows(part, depth) for part in parts if part.size))
    return png_of((width, height), packed, colour, depth=depth, interlaced=interlaced, extra=extra)


def png_of(
    size: tuple[int, int],
    packed: bytes,
    colour: int = 0,
    *,
    depth: int = 8,
    interlaced: bool = False,
    extra: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """A PNG file whose head says what is given, true or not, around packed rows.

    size: width and height.
    """
    head = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlaced)
    before = b"".join(chunk(kind, body) for kind, body in extra)
    return PNG_SIGN + chunk(b"IHDR", head) + before + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def packed_zeros(count: int) -> bytes:
    """So many zero bytes, as zlib packs them; made in no time, whatever the count."""
    block = 1 << 20
    packer = zlib.compressobj(wbits=-15)
    one = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(wbits=-15)
    rest = last.compress(bytes(count % block)) + last.flush()
    adler = (count % 65521) << 16 | 1  # RFC 1950: of zeros only the second sum grows
    return b"\x78\x9c" + one * (count // block) + rest + struct.pack(">I", adler)


def _rows(samples: np.ndarray, depth: int) -> bytes:
    """Unfiltered rows, packed to the depth, each after its filter byte."""
    flat = samples.reshape(len(samples), -1)
    if depth == 16:
        packed = flat.astype(">u2").view(np.uint8)
    elif depth == 8:
        packed = flat.astype(np.uint8)
    else:
        bits = np.unpackbits(flat.astype(np.uint8)[:, :, None], axis=2)[:, :, 8 - depth :]
        packed = np.packbits(bits.reshape(len(flat), -1), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in packed)


def exif(orientation: int, *, kind: int = 3) -> bytes:
    """An EXIF block with nothing but an orientation: a TIFF head and one entry."""
    value = struct.pack("<HH", orientation, 0) if kind == 3 else b"six\0"
    count = 1 if kind == 3 else 4
    return b"II*\0" + struct.pack("<IHHHI", 8, 1, 0x0112, kind, count) + value + bytes(4)


def with_exif(jpeg: bytes, block: bytes) -> bytes:
    """A JPEG file with an EXIF block as its first segment."""
    return with_segment(jpeg, 0xE1, b"Exif\0\0" + block)


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """A JPEG file with one more segment, the first of all."""
    assert jpeg[:2] == b"\xff\xd8"
    return jpeg[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def without_segment(jpeg: bytes, marker: int) -> bytes:
    """A JPEG file without its first segment of this kind."""
    start = jpeg.index(bytes([0xFF, marker]))
    length = struct.unpack_from(">H", jpeg, start + 2)[0]
    return jpeg[:start] + jpeg[start + 2 + length :]


def with_size(jpeg: bytes, height: int, width: int) -> bytes:
    """A JPEG file whose frame header states another size."""
    start = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:start] + struct.pack(">HH", height, width) + jpeg[start + 4 :]


def npy(array: np.ndarray) -> bytes:
    """An array as numpy writes it."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def jpeg(picture: np.ndarray, **options: object) -> bytes:
    """A JPEG file of good quality, colour in full resolution."""
    return saved(picture, "JPEG", **{"quality": 95, "subsampling": 0, **options})


def tiff(samples: np.ndarray, **options: Any) -> bytes:
    """A TIFF file as tifffile writes it."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, samples, **{"photometric": "rgb", "metadata": None, **options})
    return buffer.getvalue()


def indexed_image(where: np.ndarray) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(where), "P")
    image.putpalette(PALETTE.tobytes())
    return image


def indexed(kind: str, **options: object) -> bytes:
    return saved(indexed_image(places()), kind, **options)


def black_and_white() -> Image.Image:
    return Image.fromarray(checked()).convert("1", dither=Image.Dither.NONE)
