"""The one declared way from a picture to what a network sees, stored with every model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal, get_args

from PIL import Image

from striate.errors import BundleError
from striate.files import Json

VERSION = 1

ResizeRule = Literal["shorter-side", "stretch"]
Interpolation = Literal["bilinear", "bicubic"]

_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What is done to every image before the network, in the order of the fields.

    has_orientation: the EXIF orientation is applied first.
    sixteen_bit: how 16-bit grey becomes 8-bit; `divide-by-257` maps 65535 to 255.
    background: colour behind transparent pixels, red, green and blue in 0..255.
    channels: 1 (grey by ITU-R 601 luma) or 3 (RGB; grey is repeated).
    resize: `shorter-side` scales until the image covers the crop; `stretch` ignores the aspect.
    crop_share: side of the centre crop over the side after resizing, above 0 and at most 1.
    interpolation: always antialiased, as pillow does it: the kernel grows with the reduction.
    height, width: of the centre crop, in pixels; what the network takes.
    mean, deviation: per channel, of values in 0..1; subtracted, then divided by.
    """

    height: int
    width: int
    channels: int
    mean: tuple[float, ...] = (0.5,)
    deviation: tuple[float, ...] = (0.25,)
    resize: ResizeRule = "shorter-side"
    crop_share: float = 1.0
    interpolation: Interpolation = "bilinear"
    background: tuple[int, int, int] = (255, 255, 255)
    has_orientation: Literal[True] = True
    has_antialias: Literal[True] = True
    sixteen_bit: Literal["divide-by-257"] = "divide-by-257"
    version: int = VERSION

    def resized(self, image: Image.Image) -> Image.Image:
        """The centre crop of `height`×`width`, scaled by the rule; untouched if it fits already."""
        if image.size == (self.width, self.height) and self.crop_share == 1.0:
            return image
        box = self._box(*image.size)
        return image.resize((self.width, self.height), _FILTERS[self.interpolation], box=box)

    def _box(self, width: int, height: int) -> tuple[float, float, float, float]:
        """The part of the picture that the crop shows: left, top, right, bottom in its pixels."""
        across, down = self.crop_share * width, self.crop_share * height
        if self.resize == "shorter-side":
            scale = min(width / self.width, height / self.height) * self.crop_share
            across, down = scale * self.width, scale * self.height
        left, top = (width - across) / 2, (height - down) / 2
        return (left, top, left + across, top + down)

    def to_json(self) -> dict[str, Json]:
        """Everything, as plain values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Json]) -> Preprocessing:
        """The record that `to_json` wrote.

        Raises:
            BundleError: another version, or fields missing, unknown or out of range.
        """
        if values.get("version") != VERSION:
            raise BundleError.of(
                "preprocessing-version",
                f"the preprocessing record is of version {values.get('version')!r}; "
                f"this striate reads version {VERSION}",
                "load it with the striate that wrote it, or train again",
            )
        known = {field.name for field in fields(cls)}
        given = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        if set(given) != known:
            odd = ", ".join(sorted(known.symmetric_difference(given)))
            raise _damaged(f"missing or unknown: {odd}")
        record = cls(**given)  # type: ignore[arg-type]
        record._verify()
        return record

    def _verify(self) -> None:
        """Refuse what a damaged or hand-edited file may hold."""
        if not all(_is_number(size, 1, 65536) for size in (self.height, self.width)):
            raise _damaged(f"height {self.height!r}, width {self.width!r}")
        if self.channels not in (1, 3):
            raise _damaged(f"channels {self.channels!r}; 1 and 3 are known")
        for name, values in (("mean", self.mean), ("deviation", self.deviation)):
            if not _numbers(values, self.channels):
                raise _damaged(f"{name} {values!r}; {self.channels} numbers are expected")
        if min(self.deviation) <= 0:
            raise _damaged(f"deviation {self.deviation!r} must be above 0")
        if not _numbers(self.background, 3):
            raise _damaged(f"background {self.background!r}")
        if not _is_number(self.crop_share, 1e-6, 1):
            raise _damaged(f"crop_share {self.crop_share!r}; above 0 and at most 1 is expected")
        for value, kind in ((self.resize, ResizeRule), (self.interpolation, Interpolation)):
            if value not in get_args(kind):
                raise _damaged(f"{value!r}; known are {', '.join(get_args(kind))}")
        constants: tuple[object, ...] = (self.has_orientation, self.has_antialias, self.sixteen_bit)
        if constants != (True, True, "divide-by-257"):
            raise _damaged("has_orientation, has_antialias or sixteen_bit are not as in version 1")


def _numbers(values: object, count: int) -> bool:
    """Whether `values` is a tuple of `count` numbers, none negative."""
    return (
        isinstance(values, tuple)
        and len(values) == count
        and all(_is_number(value, 0, 255) for value in values)
    )


def _is_number(value: object, lowest: float, highest: float) -> bool:
    return isinstance(value, int | float) and lowest <= value <= highest


def _damaged(what: str) -> Exception:
    return BundleError.of(
        "preprocessing-damaged",
        f"the preprocessing record cannot be used: {what}",
        "restore the file from where it came; it is not meant to be edited",
    )
