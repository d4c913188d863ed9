"""What is known about one image once it has been decoded; computed in child processes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from striate.data.audit.hashing import SIDE, perceptual_hash
from striate.data.decode import UnreadableImageError, decode, header
from striate.data.preprocessing import Preprocessing
from striate.files import Json

OK = "ok"
CRASHED, TOO_SLOW, TOO_LARGE = "crashed", "too-slow", "too-large"

# Columns of the manifest that the scan fills, and two that only its findings need.
FACTS = pa.schema(
    [
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("mode", pa.string()),
        ("bit_depth", pa.int8()),
        ("orientation", pa.int8()),
        ("content_hash", pa.binary(16)),
        ("perceptual_hash", pa.uint64()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("bytes", pa.int64()),
        ("format", pa.string()),  # pillow's word for the kind of file: JPEG
        ("is_animated", pa.bool_()),
        ("has_alpha", pa.bool_()),
    ]
)

# The way to the small grey picture is the one of all pictures; a JPEG is decoded in full depth of
# its code, but reduced, which is where damage shows as well.
_GLANCE = Preprocessing(SIDE, SIDE, 1, colour="grey", resize="stretch", reducing_gap=2.0)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one image; None is not known.

    width, height: of the upright picture, in pixels.
    status: `ok`, or the code of what is wrong; `reason` says it in words.
    content_hash: of the bytes of the file, 16 bytes in hexadecimal.
    """

    status: str
    reason: str | None = None
    bytes: int | None = None
    content_hash: str | None = None
    width: int | None = None
    height: int | None = None
    mode: str | None = None
    bit_depth: int | None = None
    orientation: int | None = None
    format: str | None = None
    is_animated: bool | None = None
    has_alpha: bool | None = None
    perceptual_hash: int | None = None

    def to_json(self) -> dict[str, Json]:
        """All of them as plain values."""
        return {name: getattr(self, name) for name in FACTS.names}


def describe(content: bytes, name: str, *, max_pixels: int) -> Facts:
    """Everything about one image; decodes it. What is wrong with it is among the facts."""
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    facts = Facts(OK, bytes=len(content), content_hash=digest)
    try:
        head = header(content, name=name)
        facts = replace(
            facts,
            width=head.width,
            height=head.height,
            mode=head.mode,
            bit_depth=head.bit_depth,
            orientation=head.orientation,
            format=head.format,
            is_animated=head.is_animated,
            has_alpha=head.has_alpha,
        )
        if (pixels := head.width * head.height) > max_pixels:
            reason = f"{pixels:,} pixels are more than the {max_pixels:,} that are decoded"
            return replace(facts, status=TOO_LARGE, reason=reason)
        grey = _grey(content, name, head.channels if head.mode == "bands" else 1)
    except UnreadableImageError as bad:
        return replace(facts, status=bad.kind, reason=bad.reason)
    return replace(facts, perceptual_hash=perceptual_hash(grey))


def _grey(content: bytes, name: str, bands: int) -> np.ndarray:
    """The picture as 32×32 values of grey; of several bands, their mean."""
    record = _GLANCE
    if bands > 1:
        record = Preprocessing(SIDE, SIDE, bands, colour="bands", resize="stretch")
    return np.asarray(decode(content, record, name=name).mean(axis=2))


def to_row(facts: Mapping[str, Json]) -> dict[str, object]:
    """Facts as a row of a table of `FACTS`."""
    row: dict[str, object] = {name: facts[name] for name in FACTS.names}
    digest = facts["content_hash"]
    row["content_hash"] = bytes.fromhex(str(digest)) if digest else None
    return row
