"""What the head of an image file says, and what is done to any stored picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from striate.data.preprocessing import Preprocessing
from striate.data.unreadable import UnreadableImageError

ORIENTATION = 0x0112
# Values of the EXIF tag for which rows of the file are columns of the picture.
LYING = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class Header:
    """What the head of an image file says; nothing is decoded.

    height, width: in pixels, once turned upright.
    channels: that are in the file: 1 grey, 2 with alpha, 3 colour (a palette too), 4 with alpha
        or CMYK, more.
    mode: pillow's word, such as `RGB` or `P`; `bands` for arrays.
    bit_depth: bits per channel, of the file.
    orientation: the EXIF tag, 1 to 8; 1 is upright.
    format: pillow's word for the kind of file, such as `JPEG`; `NPY` for numpy's.
    is_animated: more than one frame or page; the first is what is decoded.
    has_alpha: some pixels may be transparent.
    """

    height: int
    width: int
    channels: int
    mode: str
    bit_depth: int
    orientation: int
    format: str
    is_animated: bool = False
    has_alpha: bool = False

    @property
    def is_colour(self) -> bool:
        """Whether there may be more than grey."""
        return self.channels > 2


def exif_orientation(exif: bytes) -> int | None:
    """The orientation in the first directory of EXIF data; None where it is not there or damaged.

    Source: CIPA DC-008, "Exif 2.32", 2019, section 4.6: the layout of TIFF.
    """
    data = exif.removeprefix(b"Exif\0\0")
    order: Literal["little", "big"] = "little" if data.startswith(b"II") else "big"
    start = int.from_bytes(data[4:8], order)
    for entry in range(int.from_bytes(data[start : start + 2], order)):
        place = start + 2 + 12 * entry
        field = data[place : place + 12]
        if len(field) < 12:
            return None
        if int.from_bytes(field[:2], order) == ORIENTATION:
            is_long = int.from_bytes(field[2:4], order) == 4
            return int.from_bytes(field[8:12] if is_long else field[8:10], order)
    return None


def upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """A stored picture h×w×C turned as the EXIF tag says; its memory in one piece."""
    if orientation in LYING:
        array = array.swapaxes(0, 1)
    # After the exchange of axes: which of them run backwards.
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def in_colour(array: np.ndarray, record: Preprocessing, name: str) -> np.ndarray:
    """A picture h×w×C of 8 bits in the record's colours.

    Raises:
        UnreadableImageError: it has another number of bands than the record takes.
    """
    found = array.shape[2]
    if found == record.channels:
        return array
    if record.colour == "rgb" and found == 1:
        return array.repeat(3, axis=2)
    if record.colour == "grey" and found == 3:
        return np.asarray(Image.fromarray(array).convert("L"))[:, :, None]
    wanted = {"grey": "grey or colour is", "rgb": "grey or colour is"}
    expected = wanted.get(record.colour, f"{record.channels} are")
    bands = "1 band" if found == 1 else f"{found} bands"
    raise UnreadableImageError(name, f"{bands}, where {expected} expected")


def scaled_to_eight_bits(values: np.ndarray, depth: int, record: Preprocessing) -> np.ndarray:
    """Values of `depth` bits, 9 to 16, as bytes, by the record's rule."""
    if record.sixteen_bit == "divide-by-257" and depth == 16:
        return np.round(values / 257.0).astype(np.uint8)
    return (values >> (depth - 8)).astype(np.uint8)
