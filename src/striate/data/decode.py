"""Bytes of an image file to what a network sees; nothing else in striate opens images.

Training, validation, prediction, the check of an export and the server all come here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from PIL import Image, UnidentifiedImageError

from striate.data._array_file import NPY, TIFF, NpyFile, TiffFile
from striate.data._head import Header
from striate.data._pillow_file import PillowFile
from striate.data.preprocessing import Box, Preprocessing
from striate.data.unreadable import PIXEL_LIMIT, UnreadableImageError, check_whole, refusing

__all__ = [
    "PIXEL_LIMIT",
    "Header",
    "Picture",
    "UnreadableImageError",
    "decode",
    "header",
    "picture",
    "resampled",
    "shown_part",
]

_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
_File: TypeAlias = "PillowFile | NpyFile | TiffFile"


class Picture(NamedTuple):
    """A decoded picture, perhaps reduced, and how large it is in its file.

    array: uint8 h×w×C, upright, in the colours of a record; it may not be written to.
    height, width: of the whole file, in pixels, upright.
    """

    array: np.ndarray
    height: int
    width: int

    def scaled(self, box: Box) -> Box:
        """A part of the whole file, in pixels of `array`."""
        height, width = self.array.shape[:2]
        return box.scaled(height / self.height, width / self.width)


def header(content: bytes, *, name: str = "image") -> Header:
    """Size, colours and the like, from the head of a file; nothing is decoded.

    Raises:
        UnreadableImageError: it is not that of an image, or of one too large to decode.
    """
    with refusing(content, name):
        return _opened(content, name).header()


def picture(
    content: bytes,
    record: Preprocessing,
    *,
    name: str = "image",
    at_least: tuple[float, float] | None = None,
) -> Picture:
    """The whole picture, upright and in the record's colours, not yet scaled.

    at_least: height and width; a JPEG is decoded at 1/2, 1/4 or 1/8 as long as what it has there
        is not below. Other files, and without it all, are decoded in full.

    Raises:
        UnreadableImageError: `content` is not a whole image, or one too large, or has other bands
            than the record takes; the message opens with `name`.
    """
    with refusing(content, name):
        file = _opened(content, name)
        return Picture(file.decoded(record, at_least), file.height, file.width)


def decode(
    content: bytes,
    record: Preprocessing,
    *,
    name: str = "image",
    view: Callable[[int, int], Box] | None = None,
) -> np.ndarray:
    """The image as the network sees it, before mean and deviation: uint8, H×W×C.

    view: says which part is shown of a picture of that height and width; else the record does.

    Raises:
        UnreadableImageError: as `picture`.
    """
    array, box = shown_part(content, record, name=name, view=view)
    return resampled(array, box, record)


def shown_part(
    content: bytes,
    record: Preprocessing,
    *,
    name: str = "image",
    view: Callable[[int, int], Box] | None = None,
) -> tuple[np.ndarray, Box]:
    """The picture, decoded as far as the part that is shown needs it, and that part in its pixels.

    Raises:
        UnreadableImageError: as `picture`.
    """
    with refusing(content, name):
        file = _opened(content, name)
        box = (view or record.box)(file.height, file.width)
        at_least = record.at_least(file.height, file.width, box)
        seen = Picture(file.decoded(record, at_least), file.height, file.width)
        return seen.array, seen.scaled(box)


def resampled(array: np.ndarray, box: Box, record: Preprocessing) -> np.ndarray:
    """A part of a picture scaled to what the network takes: uint8 h×w×C to H×W×C.

    box: in pixels of `array`.

    Antialiased as pillow does it, each channel on its own; a picture that fits is left as it is.
    """
    height, width, channels = array.shape
    inside = Box(max(box.left, 0), max(box.top, 0), min(box.right, width), min(box.bottom, height))
    whole = Box(0, 0, width, height)
    if inside == whole and (height, width) == (record.height, record.width):
        return array
    size, kind = (record.width, record.height), _FILTERS[record.interpolation]
    if channels == 3:
        return np.asarray(Image.fromarray(array).resize(size, kind, box=inside))
    # In images of four channels pillow would take the last for alpha.
    planes = (Image.fromarray(array[:, :, channel]) for channel in range(channels))
    return np.dstack([np.asarray(plane.resize(size, kind, box=inside)) for plane in planes])


def _opened(content: bytes, name: str) -> _File:
    """The file with its head read, by the library that reads it right."""
    check_whole(content)
    if content.startswith(NPY):
        return NpyFile(content, name)
    if not content.startswith(TIFF):
        return PillowFile(content, name)
    try:
        simple = PillowFile(content, name)
    except UnidentifiedImageError:
        return TiffFile(content, name)
    if not simple.is_misread():
        return simple
    full = TiffFile(content, name)
    return simple if full.is_packed else full
