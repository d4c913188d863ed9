"""Bytes of an image file to an upright 8-bit picture in the wanted colours."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from striate.data.transforms import Preprocessing
from striate.errors import DataError, Diagnostic

# Above this an image is refused before it is decoded: a few kilobytes can unfold to gigabytes.
PIXEL_LIMIT = 89_478_485

# What pillow's decoders are known to raise on damaged files; not all of it is an OSError.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class UnreadableImageError(DataError):
    """An image that cannot be decoded; `reason` says why, without the name of the file."""

    def __init__(self, name: str, reason: str) -> None:
        text = f"{name}: {reason}"
        super().__init__(
            Diagnostic(
                "unreadable-image",
                text,
                help=("replace or remove the file, or convert it to PNG or JPEG",),
            )
        )
        self.reason = reason


def decode(content: bytes, record: Preprocessing, *, name: str = "image") -> np.ndarray:
    """The image as the network sees it, before scaling: uint8, H×W×C.

    The only way from a file to a network: validation, evaluation and prediction all come here.

    Raises:
        UnreadableImageError: `content` is not a whole image, or one too large; the message opens
            with `name`.
    """
    picture = record.resized(_upright(content, record, name))
    return np.asarray(picture, dtype=np.uint8).reshape(record.height, record.width, record.channels)


def picture_size(content: bytes, *, name: str = "image") -> tuple[int, int, bool]:
    """Height and width in pixels after turning upright, and whether there is colour; no decoding.

    Raises:
        UnreadableImageError: the head of the file is not that of an image.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            has_colour = image.mode not in ("1", "L", "LA", "I", "F") and image.mode[:2] != "I;"
    except DAMAGE as damage:
        raise UnreadableImageError(name, _explained(content, damage)) from damage
    return (width, height, has_colour) if turned else (height, width, has_colour)


def _upright(content: bytes, record: Preprocessing, name: str) -> Image.Image:
    """The decoded image, turned as its EXIF tag says, in mode `L` or `RGB`."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            pixels = image.width * image.height
            if pixels > PIXEL_LIMIT:
                raise UnreadableImageError(
                    name, f"{pixels:,} pixels are more than the {PIXEL_LIMIT:,} that are decoded"
                )
            image.load()
            upright = ImageOps.exif_transpose(image)
    except DAMAGE as damage:
        raise UnreadableImageError(name, _explained(content, damage)) from damage
    return _coloured(upright, record, name)


def _coloured(image: Image.Image, record: Preprocessing, name: str) -> Image.Image:
    mode = "L" if record.channels == 1 else "RGB"
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        image = _eight_bit(image, name)
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        above = image.convert("RGBA")
        image = Image.new("RGBA", image.size, (*record.background, 255))
        image.alpha_composite(above)
    return image.convert(mode)


def _eight_bit(image: Image.Image, name: str) -> Image.Image:
    """A 16-bit grey image scaled to 8 bits: 65535 becomes 255, not everything above 255."""
    values = np.asarray(image)
    if values.dtype.kind == "f" or values.min() < 0 or values.max() > 65535:
        raise UnreadableImageError(
            name, f"pixels from {values.min():g} to {values.max():g}; 0 to 65535 can be read"
        )
    return Image.fromarray(np.round(values / 257.0).astype(np.uint8))


def _explained(content: bytes, damage: BaseException) -> str:
    if not content:
        return "the file is empty"
    if isinstance(damage, UnidentifiedImageError):
        return "not an image, or of a kind pillow cannot read"
    if isinstance(damage, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"more than the {PIXEL_LIMIT:,} pixels that are decoded"
    return f"damaged ({' '.join(str(damage).split()) or type(damage).__name__})"
