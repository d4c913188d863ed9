"""Pictures that are arrays: numpy's `.npy`, and TIFF of a kind that pillow cannot read right."""

from __future__ import annotations

import io
import logging
import math

import numpy as np

from striate.data._head import LYING, Header, in_colour, scaled_to_eight_bits, upright
from striate.data.preprocessing import Preprocessing
from striate.data.unreadable import UnreadableImageError, check_size

NPY = b"\x93NUMPY"
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# None, deflate (two numbers) and packbits: what tifffile decodes without further libraries.
COMPRESSIONS = (1, 8, 32946, 32773)
RGB = 2
# Damaged files are told by name; the lines that tifffile logs about them name none.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


class NpyFile:
    """An array h×w or h×w×C of 8 or 16 bits in numpy's format."""

    def __init__(self, content: bytes, name: str) -> None:
        self._content = content
        self._name = name
        stream = io.BytesIO(content)
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        self._shape, _, self._dtype = read(stream)
        if self._dtype.kind != "u" or self._dtype.itemsize > 2 or len(self._shape) not in (2, 3):
            raise UnreadableImageError(
                name,
                f"an array of {self._dtype} and shape {self._shape}; uint8 or uint16 of height, "
                "width and channels are expected",
            )
        self.height, self.width = self._shape[:2]
        self._channels = self._shape[2] if len(self._shape) == 3 else 1
        check_size(name, self.height, self.width, self._channels)
        if len(content) - stream.tell() < math.prod(self._shape) * self._dtype.itemsize:
            raise EOFError("the file ends early")

    def header(self) -> Header:
        """What the head says."""
        depth = 8 * self._dtype.itemsize
        return Header(self.height, self.width, self._channels, "bands", depth, 1, "NPY")

    def decoded(
        self, record: Preprocessing, at_least: tuple[float, float] | None = None
    ) -> np.ndarray:
        """The picture in the record's colours, uint8 h×w×C; always all of it."""
        del at_least
        array = np.load(io.BytesIO(self._content), allow_pickle=False)
        return _finished(array, 1, record, self._name)


class TiffFile:
    """The first page of a TIFF, in 8 or 16 bits and any number of bands."""

    def __init__(self, content: bytes, name: str) -> None:
        from tifffile import TiffFile as Opened
        from tifffile import TiffPage

        self._name = name
        self._opened = Opened(io.BytesIO(content))
        page = self._opened.pages[0]
        assert isinstance(page, TiffPage)
        self._page = page
        if page.dtype is None or page.dtype.kind != "u" or page.dtype.itemsize > 2:
            raise UnreadableImageError(
                name, f"pixels of {page.dtype or 'an unknown type'}; save it with 8 or 16 bits"
            )
        if page.axes not in ("YX", "YXS", "SYX"):
            raise UnreadableImageError(name, f"a TIFF of axes {page.axes}, not one picture")
        check_size(name, page.imagelength, page.imagewidth, page.samplesperpixel)
        parts = zip(page.dataoffsets, page.databytecounts, strict=True)
        if max(offset + length for offset, length in parts) > len(content):
            raise EOFError("the file ends early")
        orientation = page.tags.get(274)
        self.orientation = orientation.value if orientation else 1
        height, width = page.imagelength, page.imagewidth
        turned = self.orientation in LYING
        self.height, self.width = (width, height) if turned else (height, width)

    @property
    def is_packed(self) -> bool:
        """Whether it is compressed in a way that tifffile alone cannot decode."""
        return self._page.compression not in COMPRESSIONS or self._page.bitspersample not in (8, 16)

    def header(self) -> Header:
        """What the head says."""
        page = self._page
        return Header(
            self.height,
            self.width,
            channels=page.samplesperpixel,
            mode="bands",
            bit_depth=page.bitspersample,
            orientation=self.orientation,
            format="TIFF",
            is_animated=len(self._opened.pages) > 1,
            has_alpha=bool({1, 2}.intersection(page.extrasamples)),
        )

    def decoded(
        self, record: Preprocessing, at_least: tuple[float, float] | None = None
    ) -> np.ndarray:
        """The picture in the record's colours, uint8 h×w×C; always all of it."""
        del at_least
        if self.is_packed:
            raise UnreadableImageError(
                self._name, "a TIFF with so many bands is read uncompressed or with deflate only"
            )
        array = self._page.asarray()
        if self._page.axes == "SYX":
            array = array.transpose(1, 2, 0)
        extra = len(self._page.extrasamples)
        if record.colour != "bands" and self._page.photometric == RGB and extra:
            # Extra bands of a colour picture are no part of what it shows.
            array = array[:, :, :3]
        return _finished(array, self.orientation, record, self._name)


def _finished(array: np.ndarray, orientation: int, record: Preprocessing, name: str) -> np.ndarray:
    """A stored array, h×w or h×w×C of 8 or 16 bits, upright and in the record's colours."""
    array = array if array.ndim == 3 else array[:, :, None]
    if array.dtype.itemsize == 2:
        array = scaled_to_eight_bits(array, 16, record)
    return in_colour(upright(array, orientation), record, name)
