"""Small pictures for a page, made in child processes and held as `data:` addresses."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence

from PIL import Image

from striate.data.audit.scan import CHILD_BYTES, PIXEL_BYTES, Limits
from striate.data.audit.workers import Job, in_children
from striate.data.contents import contents
from striate.data.decode import UnreadableImageError, decode, header
from striate.data.manifest import Manifest
from striate.data.preprocessing import Preprocessing
from striate.files import Json

SIDE = 112  # of the longer side, in pixels
QUALITY = 70


def thumbnails(
    manifest: Manifest, rows: Sequence[int], limits: Limits, advance: Callable[[int], None]
) -> dict[int, str]:
    """Addresses that hold the pictures of these images; none for those that cannot be decoded."""
    if not rows:
        return {}
    job = Job(
        thumbnail,
        contents(manifest),
        seconds=limits.seconds,
        memory_bytes=CHILD_BYTES + PIXEL_BYTES * limits.max_pixels,
    )
    made: dict[int, str] = {}
    names = [""] * len(rows)
    with in_children(rows, names, job, workers=limits.crew) as answers:
        for answer in answers:
            if answer.said and answer.said["address"]:
                made[answer.place] = str(answer.said["address"])
            advance(1)
    return made


def thumbnail(content: bytes, name: str, options: Mapping[str, Json]) -> dict[str, Json]:
    """The picture as a child process sends it: see `small_picture`."""
    return {"address": small_picture(lambda: content, name=name)}


def small_picture(read: Callable[[], bytes], *, name: str = "", side: int = SIDE) -> str:
    """A picture as a small JPEG in a `data:` address; an empty one where there is none.

    side: of the longer side, in pixels, at most.
    """
    try:
        return f"data:image/jpeg;base64,{_small(read(), name, side)}"
    except UnreadableImageError:
        return ""


def _small(content: bytes, name: str, side: int) -> str:
    head = header(content, name=name)
    scale = min(1.0, side / max(head.height, head.width))
    height, width = max(1, round(scale * head.height)), max(1, round(scale * head.width))
    bands = head.channels if head.mode == "bands" else 3
    record = Preprocessing(
        height,
        width,
        bands,
        colour="bands" if head.mode == "bands" else "rgb",
        resize="stretch",
        reducing_gap=2.0,
    )
    pixels = decode(content, record, name=name)
    if bands != 3:
        pixels = pixels.mean(axis=2).round().astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
