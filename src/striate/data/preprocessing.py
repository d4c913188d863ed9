"""The one declared way from a picture to what a network sees, stored with every model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal, NamedTuple, cast, get_args

from striate.errors import BundleError
from striate.files import Json

VERSION = 2

Colour = Literal["grey", "rgb", "bands"]
ResizeRule = Literal["shorter-side", "stretch"]
Interpolation = Literal["bilinear", "bicubic"]
SixteenBit = Literal["high-byte", "divide-by-257"]

# A record with more is damaged: hyperspectral cameras have a few hundred.
MOST_CHANNELS = 4096
_BY_CHANNELS = cast("Colour", "by-channels")
# The names that version 1 had for what is called otherwise now, and their only values.
_FIRST_VERSION = {"has_orientation": True, "has_antialias": True, "sixteen_bit": "divide-by-257"}


class Box(NamedTuple):
    """A part of a picture, in pixels from its upper left corner; edges may fall within pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def scaled(self, down: float, across: float) -> Box:
        """The same part of the picture scaled by two factors."""
        return Box(self.left * across, self.top * down, self.right * across, self.bottom * down)


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What is done to every image before the network.

    In this order: decoding (at `reducing_gap`), `orientation`, `sixteen_bit`, `background`,
    `colour`, `box` (`resize`, `crop_share`), `interpolation`, then `mean` and `deviation`.

    height, width, channels: what the network takes, in pixels.
    mean, deviation: per channel, of values in 0..1; subtracted, then divided by. One number
        stands for all channels.
    colour: `grey` by ITU-R 601 luma; `rgb`, where grey is repeated; `bands` as they are in the
        file, alpha and CMYK among them. Left out, it follows from the channels: 1, 3, other.
    resize: `shorter-side` scales until the image covers the crop; `stretch` ignores the aspect.
    crop_share: side of the centre crop over the side after resizing, above 0 and at most 1.
    interpolation: the filter; antialiased as `pillow` does it, its kernel growing with the
        reduction; each channel on its own.
    background: colour behind transparent pixels, red, green and blue in 0..255.
    reducing_gap: pillow's word; a JPEG may be decoded at 1/2, 1/4 or 1/8 if what is left has so
        many times the pixels, along both axes, that it is then scaled to. None: all of it.
    orientation: turned upright as the EXIF tag says.
    sixteen_bit: how 16 bits become 8: the `high-byte` of all channels; or `divide-by-257`, which
        rounds grey and is that of version 1.
    """

    height: int
    width: int
    channels: int
    mean: tuple[float, ...] = (0.5,)
    deviation: tuple[float, ...] = (0.25,)
    colour: Colour = _BY_CHANNELS
    resize: ResizeRule = "shorter-side"
    crop_share: float = 1.0
    interpolation: Interpolation = "bilinear"
    background: tuple[int, int, int] = (255, 255, 255)
    reducing_gap: float | None = None
    orientation: Literal["exif"] = "exif"
    antialias: Literal["pillow"] = "pillow"
    sixteen_bit: SixteenBit = "high-byte"
    version: int = VERSION

    def __post_init__(self) -> None:
        """Fill in what follows from the channels."""
        if self.colour == _BY_CHANNELS:
            object.__setattr__(self, "colour", usual_colour(self.channels))
        for name in ("mean", "deviation"):
            values = getattr(self, name)
            if len(values) == 1:
                object.__setattr__(self, name, values * self.channels)

    def box(self, height: int, width: int) -> Box:
        """The part that the crop shows of an upright picture of `height`×`width` pixels."""
        across, down = self.crop_share * width, self.crop_share * height
        if self.resize == "shorter-side":
            scale = min(width / self.width, height / self.height) * self.crop_share
            # Not a rounding error more than there is.
            across, down = min(scale * self.width, width), min(scale * self.height, height)
        left, top = (width - across) / 2, (height - down) / 2
        return Box(left, top, left + across, top + down)

    def at_least(self, height: int, width: int, box: Box) -> tuple[float, float] | None:
        """Height and width that a picture must keep when it is decoded reduced to show `box`.

        None where the record wants all of it.
        """
        if self.reducing_gap is None:
            return None
        down = self.reducing_gap * self.height * height / (box.bottom - box.top)
        return down, self.reducing_gap * self.width * width / (box.right - box.left)

    def to_json(self) -> dict[str, Json]:
        """Everything, as plain values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Json]) -> Preprocessing:
        """The record that `to_json` wrote, of this version or the first.

        Raises:
            BundleError: another version, or fields missing, unknown or out of range.
        """
        if values.get("version") == 1:
            values = _from_first_version(values)
        elif values.get("version") != VERSION:
            raise BundleError.of(
                "preprocessing-version",
                f"the preprocessing record is of version {values.get('version')!r}; "
                f"this striate reads versions 1 and {VERSION}",
                "load it with the striate that wrote it, or train again",
            )
        known = {field.name for field in fields(cls)}
        if set(values) != known:
            odd = ", ".join(sorted(known.symmetric_difference(values)))
            raise _damaged(f"missing or unknown: {odd}")
        given = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        _verify(given)
        return cls(**given)  # type: ignore[arg-type]


def usual_colour(channels: int) -> Colour:
    """What images of so many channels are unless something else is said."""
    return "grey" if channels == 1 else "rgb" if channels == 3 else "bands"


def _from_first_version(values: Mapping[str, Json]) -> dict[str, Json]:
    """The same record in this version, which renamed two fields and added three."""
    later = {"colour", "reducing_gap", "orientation", "antialias"}
    if odd := later.intersection(values):
        raise _damaged(f"unknown in version 1: {', '.join(sorted(odd))}")
    if any(values.get(name) != value for name, value in _FIRST_VERSION.items()):
        raise _damaged("has_orientation, has_antialias or sixteen_bit are not as in version 1")
    channels = values.get("channels")
    if channels not in (1, 3):
        raise _damaged(f"channels {channels!r}; version 1 knows 1 and 3")
    kept = {key: value for key, value in values.items() if key not in _FIRST_VERSION}
    return {
        **kept,
        "colour": "grey" if channels == 1 else "rgb",
        "reducing_gap": None,
        "orientation": "exif",
        "antialias": "pillow",
        "sixteen_bit": "divide-by-257",
        "version": VERSION,
    }


def _verify(given: Mapping[str, object]) -> None:
    """Refuse what a damaged or hand-edited file may hold."""
    for name, most in (("height", 65536), ("width", 65536), ("channels", MOST_CHANNELS)):
        value = given[name]
        if type(value) is not int or not 1 <= value <= most:
            raise _damaged(f"{name} {value!r}; a whole number from 1 to {most} is expected")
    channels = cast("int", given["channels"])
    for name, count in (("mean", channels), ("deviation", channels), ("background", 3)):
        if not _are_numbers(given[name], count):
            raise _damaged(f"{name} {_short(given[name])}; {count} numbers are expected")
    if min(cast("tuple[float, ...]", given["deviation"])) <= 0:
        raise _damaged(f"deviation {_short(given['deviation'])} must be above 0")
    if not all(type(value) is int for value in cast("tuple[object, ...]", given["background"])):
        raise _damaged(f"background {given['background']!r}; whole numbers are expected")
    if not _is_number(given["crop_share"], 1e-6, 1):
        raise _damaged(f"crop_share {given['crop_share']!r}; above 0 and at most 1 is expected")
    gap = given["reducing_gap"]
    if gap is not None and not _is_number(gap, 1, 1e6):
        raise _damaged(f"reducing_gap {gap!r}; none, or a number from 1 is expected")
    for name, kind in _CHOICES.items():
        if given[name] not in get_args(kind):
            raise _damaged(f"{name} {given[name]!r}; known are {', '.join(get_args(kind))}")
    needed = {"grey": 1, "rgb": 3}.get(cast("str", given["colour"]), channels)
    if channels != needed:
        raise _damaged(f"colour {given['colour']!r} has {needed} channels, not {channels}")


_CHOICES: Mapping[str, object] = {
    "colour": Colour,
    "resize": ResizeRule,
    "interpolation": Interpolation,
    "orientation": Literal["exif"],
    "antialias": Literal["pillow"],
    "sixteen_bit": SixteenBit,
}


def _are_numbers(values: object, count: int) -> bool:
    """Whether `values` is a tuple of `count` numbers, none negative."""
    return (
        isinstance(values, tuple)
        and len(values) == count
        and all(_is_number(value, 0, 255) for value in values)
    )


def _is_number(value: object, lowest: float, highest: float) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and lowest <= value <= highest
    )


def _short(value: object) -> str:
    """For a message: a hundred means need not be shown."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _damaged(what: str) -> Exception:
    return BundleError.of(
        "preprocessing-damaged",
        f"the preprocessing record cannot be used: {what}",
        "restore the file from where it came; it is not meant to be edited",
    )
