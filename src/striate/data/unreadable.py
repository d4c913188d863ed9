"""Images that cannot be decoded: what stops a decoder, and how it is told."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import shorten
from tokenize import TokenError
from typing import Literal

from PIL import Image, UnidentifiedImageError

from striate.errors import DataError, Diagnostic

# Above this an image is refused before it is decoded: a few kilobytes can unfold to gigabytes.
PIXEL_LIMIT = 89_478_485
# Values of all channels together: what as many pixels in red, green, blue and alpha have.
VALUE_LIMIT = 4 * PIXEL_LIMIT
# Bytes of a file: nothing that is decoded takes more, 16 bits a value and not compressed.
BYTE_LIMIT = 2 * VALUE_LIMIT + 2**24

Kind = Literal["unreadable", "missing", "empty", "no-image", "too-large", "truncated", "damaged"]

# What pillow's decoders are known to raise on damaged files; not all of it is an OSError.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    OverflowError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    ZeroDivisionError,
    struct.error,
    zlib.error,
    TokenError,  # numpy reads the head of an array with the parser of Python
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    UserWarning,
)

LONGEST_QUOTE = 120  # characters of what a decoder says
# How decoders put it that a file ends too early.
_TRUNCATED = (
    *("truncat", "premature end", "broken data stream"),
    *("unexpected end", "ends early", "eof: "),
)

# Files that people take for images, by how they open.
_OTHERS = {
    b"%PDF": "a PDF file",
    b"%!PS": "a PostScript file",
    b"PK\x03\x04": "a zip file",
    b"\x1f\x8b": "a gzip file",
    b"<svg": "a drawing in SVG",
    b"<!DO": "a web page",
    b"<htm": "a web page",
    b"8BPS": "a Photoshop file",
}


class UnreadableImageError(DataError):
    """An image that cannot be decoded; `reason` says why, without the name of the file.

    kind: the sort of reason, for counting.
    """

    def __init__(self, name: str, reason: str, kind: Kind = "unreadable") -> None:
        super().__init__(
            Diagnostic(
                "unreadable-image",
                f"{name}: {reason}",
                help=("replace or remove the file, or convert it to PNG or JPEG",),
            )
        )
        self.name = name
        self.reason = reason
        self.kind = kind

    def __reduce__(self) -> tuple[type[UnreadableImageError], tuple[str, str, Kind]]:
        """By its parts, so that it comes out of a child process."""
        return type(self), (self.name, self.reason, self.kind)


@contextmanager
def refusing(content: bytes, name: str) -> Iterator[None]:
    """Within it, what decoders raise becomes an `UnreadableImageError`."""
    try:
        yield
    except DAMAGE as damage:
        raise _refused(content, name, damage) from damage


def check_size(name: str, height: int, width: int, channels: int = 1) -> None:
    """Refuse a picture that would take too much memory; called before any decoding.

    Raises:
        UnreadableImageError: more pixels than `PIXEL_LIMIT`, or values than `VALUE_LIMIT`; or none.
    """
    pixels = height * width
    if pixels <= 0 or channels <= 0:
        raise UnreadableImageError(name, f"{width}x{height} pixels", "damaged")
    if pixels > PIXEL_LIMIT:
        reason = f"{pixels:,} pixels are more than the {PIXEL_LIMIT:,} that are decoded"
        raise UnreadableImageError(name, reason, "too-large")
    if pixels * channels > VALUE_LIMIT:
        reason = f"{pixels:,} pixels of {channels} bands are more than can be decoded"
        raise UnreadableImageError(name, reason, "too-large")


def check_bytes(name: str, size: int) -> None:
    """Refuse a file that is longer than any image may be; called before it is read.

    Raises:
        UnreadableImageError: more bytes than `BYTE_LIMIT`.
    """
    if size > BYTE_LIMIT:
        reason = f"{size:,} bytes are more than the {BYTE_LIMIT:,} that an image may have"
        raise UnreadableImageError(name, reason, "too-large")


def check_whole(content: bytes) -> None:
    """Refuse files whose first bytes state that there are more; their decoders are not so plain.

    Raises:
        EOFError: a WebP shorter than it says, or a TIFF without its directory.
    """
    ends = len(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        ends = 7 + int.from_bytes(content[4:8], "little")  # the last byte may be padding
    elif content[:4] in (b"II*\0", b"MM\0*"):
        order: Literal["little", "big"] = "little" if content[:1] == b"I" else "big"
        start = int.from_bytes(content[4:8], order)
        # A number of fields, and twelve bytes for each.
        ends = start + 2 + 12 * int.from_bytes(content[start : start + 2], order)
    if ends > len(content):
        raise EOFError("the file ends early")


def _refused(content: bytes, name: str, damage: BaseException) -> UnreadableImageError:
    text = shorten(str(damage), LONGEST_QUOTE, placeholder=" ...") or type(damage).__name__
    if not content:
        return UnreadableImageError(name, "the file is empty", "empty")
    if isinstance(damage, Image.DecompressionBombError | Image.DecompressionBombWarning):
        reason = f"more than the {PIXEL_LIMIT:,} pixels that are decoded"
        return UnreadableImageError(name, reason, "too-large")
    if isinstance(damage, UnidentifiedImageError):
        return UnreadableImageError(name, _unidentified(content), "no-image")
    if any(word in text.lower() for word in _TRUNCATED):
        return UnreadableImageError(name, f"truncated ({text})", "truncated")
    return UnreadableImageError(name, f"damaged ({text})", "damaged")


def _unidentified(content: bytes) -> str:
    """What the first bytes say of a file that pillow does not take for an image."""
    head = content.lstrip()[:4]
    if head in _OTHERS:
        return f"not an image but {_OTHERS[head]}"
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        return "HEIC, which cannot be read here; save it as JPEG"
    if content[:2] == b"\xff\xd8":
        return "a JPEG with a damaged head, or of a kind that cannot be read (12 bits, lossless)"
    return "not an image, or of a kind pillow cannot read"
