"""Image files that pillow reads; plain JPEG, once pillow knows its head, by libjpeg-turbo."""

from __future__ import annotations

import io
import logging
import re
import warnings
from functools import cache

import numpy as np
import simplejpeg
from PIL import Image

from striate.data._head import (
    LYING,
    ORIENTATION,
    Header,
    exif_orientation,
    in_colour,
    scaled_to_eight_bits,
    upright,
)
from striate.data.preprocessing import Preprocessing
from striate.data.unreadable import UnreadableImageError, check_size

# Pillow would also read kinds that start other programs (EPS) or take any file for theirs (TGA).
FORMATS = (
    *("JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF"),
    *("AVIF", "DIB", "ICO", "JPEG2000", "MPO", "PCX", "QOI", "SGI"),
)
WIDTH, HEIGHT, BITS, PHOTOMETRIC, SAMPLES, PLANAR = 256, 257, 258, 262, 277, 284
PARTS = ((273, 279), (324, 325))  # where strips or tiles begin, and how long each is

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Warnings of libjpeg after which a part of the picture is grey; pillow does not pass them on.
_LOSSES = ("premature end", "bad huffman", "instead of rst", "bad arithmetic")
_JPEG = ("JPEG", "MPO")
_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}

# Our own limit, which is the same, refuses such a picture in our own words; and pillow warns of
# damaged metadata, which do not matter to the picture.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())


class PillowFile:
    """An image file whose head pillow has read; not larger than what is decoded.

    height, width: in pixels, once turned upright.
    """

    def __init__(self, content: bytes, name: str) -> None:
        self._content = content
        self._name = name
        self._image = Image.open(io.BytesIO(content), formats=_formats())
        width, height = self._stored_size()
        check_size(name, height, width)
        self.orientation = _orientation(self._image, content)
        turned = self.orientation in LYING
        self.height, self.width = (width, height) if turned else (height, width)

    def header(self) -> Header:
        """What the head says."""
        image = self._image
        mode = image.mode
        has_alpha = mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
        return Header(
            self.height,
            self.width,
            channels=_bands(image),
            mode=mode,
            bit_depth=_bit_depth(image, self._content),
            orientation=self.orientation,
            format=image.format or "",
            # Many phones put a second picture, for depth, behind the one that is shown.
            is_animated=image.format != "MPO" and bool(getattr(image, "is_animated", False)),
            has_alpha=has_alpha,
        )

    def decoded(
        self, record: Preprocessing, at_least: tuple[float, float] | None = None
    ) -> np.ndarray:
        """The upright picture in the record's colours, uint8 h×w×C.

        at_least: height and width; a JPEG is decoded at the smallest of 1, 1/2, 1/4 and 1/8 of its
            size that is not below.
        """
        if self._image.format in _JPEG:
            reduction = self._reduction(at_least)
            stored = self._by_simplejpeg(reduction, record)
            if stored is not None:
                return in_colour(upright(stored, self.orientation), record, self._name)
            width, height = self._image.size
            self._image.draft(None, (width // reduction, height // reduction))
        return in_colour(self._by_pillow(record), record, self._name)

    def _by_pillow(self, record: Preprocessing) -> np.ndarray:
        """The upright picture, h×w×C, in the record's colours where it has alpha or a palette."""
        image, orientation = self._image, self.orientation
        if image.format == "TIFF" and image.tile and image.tile[0][0] == "libtiff":
            self._check_parts()
        image.load()
        # What is in an ICO may be larger than its head says.
        check_size(self._name, image.height, image.width)
        if image.format == "TIFF":
            # Newer pillows turn it while loading, and then say that it is upright.
            orientation = image.getexif().get(ORIENTATION, 1)
        eight_bit = _eight_bit(image, self._content, record, self._name)
        return upright(_pixels(_coloured(eight_bit, record)), orientation)

    def is_misread(self) -> bool:
        """Whether it is a TIFF of which pillow drops bands or mixes up planes of 16 bits."""
        if self._image.format != "TIFF":
            return False
        tags = self._image.tag_v2  # type: ignore[attr-defined]
        samples = tags.get(SAMPLES, 1)
        is_planar = samples > 1 and tags.get(PLANAR, 1) == 2
        return (is_planar and max(tags.get(BITS, (1,))) > 8) or (
            self._image.mode != "P" and samples != len(self._image.getbands())
        )

    def _stored_size(self) -> tuple[int, int]:
        if self._image.format == "TIFF":
            # Newer pillows exchange the sides of one that lies.
            tags = self._image.tag_v2  # type: ignore[attr-defined]
            return tags[WIDTH], tags[HEIGHT]
        return self._image.size

    def _check_parts(self) -> None:
        """Refuse a TIFF some of whose pixels lie behind its end; libtiff tells it to the terminal.

        Raises:
            EOFError: there are such.
        """
        tags = self._image.tag_v2  # type: ignore[attr-defined]
        for offsets, lengths in PARTS:
            for offset, length in zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=False):
                if offset + length > len(self._content):
                    raise EOFError("the file ends early")

    def _reduction(self, at_least: tuple[float, float] | None) -> int:
        """1, 2, 4 or 8, by the rule of pillow's `draft`."""
        if at_least is None:
            return 1
        most = min(self.height / max(at_least[0], 1), self.width / max(at_least[1], 1))
        return next((step for step in (8, 4, 2) if step <= most), 1)

    def _by_simplejpeg(self, reduction: int, record: Preprocessing) -> np.ndarray | None:
        """The stored picture of a JPEG, h×w×C; None where pillow should try."""
        width, height = self._image.size
        if self._image.mode not in _SPACES:
            return None
        try:
            array: np.ndarray = simplejpeg.decode_jpeg(
                self._content,
                _SPACES[self._image.mode],
                # The exact ways, which pillow takes too: the pixels are the same.
                fastdct=False,
                fastupsample=False,
                min_height=-(-height // reduction),
                min_width=-(-width // reduction),
                min_factor=reduction,
            )
        except ValueError as warning:
            if any(loss in str(warning).lower() for loss in _LOSSES):
                raise
            return None
        if self._image.mode != "CMYK":
            return array
        # Inks are stored inverted, as Adobe does; pillow takes all of them to be.
        inks = Image.frombytes("CMYK", array.shape[1::-1], (~array).tobytes())
        return _pixels(_coloured(inks, record))


@cache
def _formats() -> tuple[str, ...]:
    """Those of `FORMATS` that this pillow has."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _orientation(image: Image.Image, content: bytes) -> int:
    """The EXIF tag, or that of XMP; 1 where there is none or it has no meaning.

    Read here, since pillow warns of damaged EXIF, and decodes a PNG to the end to find it.
    """
    if image.format == "TIFF":
        stated = image.tag_v2.get(ORIENTATION)  # type: ignore[attr-defined]
    else:
        exif = image.info.get("exif") or _raw_profile(image) or _late_chunk(image, content)
        stated = exif_orientation(exif) if isinstance(exif, bytes) else None
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
        if stated is None and xmp:
            text = xmp if isinstance(xmp, bytes) else str(xmp).encode()
            found = re.search(rb'tiff:Orientation(="|>)([0-9])', text)
            stated = int(found[2]) if found else None
    return stated if stated in _TURNS else 1


def _raw_profile(image: Image.Image) -> bytes | None:
    """EXIF as ImageMagick writes it into a PNG."""
    text = image.info.get("Raw profile type exif")
    if not isinstance(text, str):
        return None
    try:
        return bytes.fromhex("".join(text.split("\n")[3:]))
    except ValueError:
        return None


def _late_chunk(image: Image.Image, content: bytes) -> bytes | None:
    """EXIF that stands after the pixels of a PNG."""
    place = content.rfind(b"eXIf") if image.format == "PNG" else -1
    if place < 4:
        return None
    length = int.from_bytes(content[place - 4 : place], "big")
    return content[place + 4 : place + 4 + length]


def _bands(image: Image.Image) -> int:
    """Channels that `bands` would have."""
    if image.mode == "P":
        return 4 if "transparency" in image.info else 3
    if image.mode == "PA":
        return 4
    if image.format == "TIFF":
        return int(image.tag_v2.get(SAMPLES, 1))  # type: ignore[attr-defined]
    return len(image.getbands())


def _bit_depth(image: Image.Image, content: bytes) -> int:
    """Bits per channel in the file."""
    if image.format == "PNG":
        return content[24]
    if image.format == "TIFF":
        return int(max(image.tag_v2.get(BITS, (1,))))  # type: ignore[attr-defined]
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        return 16
    return {"1": 1, "I": 32, "F": 32}.get(image.mode, 8)


def _eight_bit(image: Image.Image, content: bytes, record: Preprocessing, name: str) -> Image.Image:
    """The loaded image with at most 8 bits per channel: 65535 becomes 255, not all above 255."""
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    depth = _bit_depth(image, content)
    # An old pillow gives `I` for a PNG of 16 bits.
    if image.mode == "F" or (image.mode == "I" and image.format not in ("PNG", "PPM")):
        kind = (
            "floating-point numbers" if image.mode == "F" else "numbers of 32 bits or with a sign"
        )
        raise UnreadableImageError(
            name, f"{kind}, whose black and white are not known; save it with 8 or 16 bits"
        )
    values = np.asarray(image)
    if image.format == "TIFF" and image.tag_v2.get(PHOTOMETRIC) == 0:  # type: ignore[attr-defined]
        values = (1 << depth) - 1 - values  # zero is white, which pillow minds for 8 bits only
    scaled = scaled_to_eight_bits(values, depth, record)
    key = image.info.get("transparency")
    if isinstance(key, int) and record.colour != "bands":
        return Image.fromarray(np.dstack([scaled, np.where(values == key, 0, 255).astype("u1")]))
    return Image.fromarray(scaled)


def _pixels(image: Image.Image) -> np.ndarray:
    """An image as an array h×w×C."""
    array = np.asarray(image)
    return array if array.ndim == 3 else array[:, :, None]


def _coloured(image: Image.Image, record: Preprocessing) -> Image.Image:
    """The image in mode `L` or `RGB`, with the background behind it; or with all its bands."""
    is_keyed = "transparency" in image.info
    if record.colour == "bands":
        modes = {"1": "L", "P": "RGBA" if is_keyed else "RGB", "PA": "RGBA", "YCbCr": "RGB"}
        return image.convert(modes[image.mode]) if image.mode in modes else image
    if image.mode in ("La", "RGBa"):
        image = image.convert("LA" if image.mode == "La" else "RGBA")
    if image.mode in ("LA", "PA", "RGBA") or is_keyed:
        above = image.convert("RGBA")
        image = Image.new("RGBA", image.size, (*record.background, 255))
        image.alpha_composite(above)
    return image.convert("L" if record.colour == "grey" else "RGB")
