"""An explanation as one picture: the image, the map over it, and what a unit sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from striate.data.lettering import write_line
from striate.data.names import shown
from striate.explain.explanation import Explanation
from striate.explain.fields import Square

# A panel is about so wide; small images are shown by whole multiples of their pixels.
PANEL_PX = 336
GAP_PX, BORDER_PX = 16, 20
TITLE_PX, NOTE_PX = 17, 13
LINE_PX = NOTE_PX + 6
BAR_PX = 200
GROUND, INK, FAINT, BAR = "#ffffff", "#1c1c1c", "#666666", "#3f78b5"
COULD, DOES = (255, 150, 40), (80, 220, 255)
# Colours of the map from cold to hot; also how much of the image they hide.
STOPS = np.array(
    [
        (0.0, 20, 20, 120, 0.00),
        (0.25, 60, 20, 150, 0.25),
        (0.5, 200, 40, 100, 0.50),
        (0.75, 250, 130, 20, 0.62),
        (1.0, 255, 240, 80, 0.70),
    ]
)


@dataclass(frozen=True, slots=True)
class _Panel:
    """A picture with lines of words below it: what it is, then smaller ones."""

    picture: Image.Image
    title: str
    notes: tuple[str, ...]


def drawn(explanation: Explanation) -> Image.Image:
    """The image as the network sees it, the map over it, the receptive fields, the top classes."""
    panels = _panels(explanation)
    width, height = panels[0].picture.size
    notes = max(len(panel.notes) for panel in panels)
    top = BORDER_PX + TITLE_PX + GAP_PX
    below = top + height + 8 + LINE_PX * (1 + notes) + GAP_PX
    size = (
        2 * BORDER_PX + len(panels) * width + (len(panels) - 1) * GAP_PX,
        below + LINE_PX * len(explanation.guesses) + BORDER_PX,
    )
    sheet = Image.new("RGB", size, GROUND)
    pen = ImageDraw.Draw(sheet)
    inner = size[0] - 2 * BORDER_PX
    write_line(
        pen, (BORDER_PX, BORDER_PX), shown(explanation.file), size=TITLE_PX, width=inner, ink=INK
    )
    for number, panel in enumerate(panels):
        left = BORDER_PX + number * (width + GAP_PX)
        sheet.paste(panel.picture, (left, top))
        for line, words in enumerate((panel.title, *panel.notes)):
            place = (left, top + height + 8 + line * LINE_PX)
            ink = INK if line == 0 else FAINT
            write_line(pen, place, words, size=NOTE_PX, width=width, ink=ink)
    for number, (name, probability) in enumerate(explanation.guesses):
        _bar(pen, below + number * LINE_PX, name, probability, inner)
    return sheet


def _panels(explanation: Explanation) -> list[_Panel]:
    pixels, layer = explanation.pixels, explanation.layer
    height, width = pixels.shape[:2]
    colours = _as_colours(pixels)
    sees = explanation.sight
    could = "not known" if sees.could is None else _size(sees.could)
    if sees.could is not None and _is_all(sees.could, height, width):
        could += ", all of the image"
    is_cold = not explanation.heat.any()
    told = "nothing here speaks for it" if is_cold else f"by the layer {layer}"
    return [
        _Panel(_enlarged(colours), "as the network sees it", (f"{width}x{height} pixels",)),
        _Panel(
            _enlarged(heated(colours, explanation.heat)),
            f"what speaks for {shown(explanation.target)}",
            (told,),
        ),
        _Panel(
            _fields(colours, explanation),
            f"what the middle position of {layer.name} sees",
            (
                f"orange: what it could see, {could}",
                f"blue: where half of its effect comes from, {_size(sees.does)}",
            ),
        ),
    ]


def heated(colours: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """The image under the colours of a map, H×W of 0..1: uint8, H×W×3; cold parts stay as they are.

    The image is made grey, so that its colours are not taken for those of the map.
    """
    grey = colours.astype(np.float64).mean(axis=2, keepdims=True).repeat(3, axis=2)
    tint = np.stack([np.interp(heat, STOPS[:, 0], STOPS[:, k]) for k in (1, 2, 3)], axis=2)
    share = np.interp(heat, STOPS[:, 0], STOPS[:, 4])[..., None]
    return np.asarray(np.round(grey * (1 - share) + tint * share).astype(np.uint8))


def _fields(colours: np.ndarray, explanation: Explanation) -> Image.Image:
    """The image, dark where it has no effect on the unit, with the squares of both fields."""
    sees = explanation.sight
    weight = np.sqrt(sees.weight / max(float(sees.weight.max()), 1e-300))
    picture = _enlarged(colours)
    mask = Image.fromarray(np.round(255 * weight).astype(np.uint8)).resize(picture.size)
    mask = mask.filter(ImageFilter.GaussianBlur(picture.width / 60))
    light = np.asarray(mask, np.float64) / max(float(np.asarray(mask).max()), 1)
    dimmed = np.asarray(picture, np.float64) * (0.25 + 0.75 * light[..., None])
    picture = Image.fromarray(np.round(dimmed).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    scale = picture.width / colours.shape[1], picture.height / colours.shape[0]
    if sees.could is not None:
        _outline(pen, sees.could, scale, COULD)
    _outline(pen, sees.does, scale, DOES)
    return picture


def _outline(
    pen: ImageDraw.ImageDraw, square: Square, scale: tuple[float, float], colour: tuple[int, ...]
) -> None:
    """The edges of a square; those outside of the picture are not seen."""
    across, down = scale
    corners = [
        (round(square.left * across), round(square.top * down)),
        (round((square.right + 1) * across) - 1, round((square.bottom + 1) * down) - 1),
    ]
    pen.rectangle(corners, outline=colour, width=2)


def _enlarged(colours: np.ndarray) -> Image.Image:
    """The picture about as wide as a panel."""
    picture = Image.fromarray(colours)
    longest = max(picture.size)
    if 2 * longest <= PANEL_PX:
        times = PANEL_PX // longest
        size = (picture.width * times, picture.height * times)
        return picture.resize(size, Image.Resampling.NEAREST)
    scale = PANEL_PX / longest
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BICUBIC)


def _bar(pen: ImageDraw.ImageDraw, top: int, name: str, probability: float, width: int) -> None:
    """A line with the probability of a class as a bar, as a number, and its name."""
    end = BORDER_PX + round(BAR_PX * probability)
    pen.rectangle([(BORDER_PX, top + 2), (BORDER_PX + BAR_PX, top + NOTE_PX + 1)], fill="#e8ebef")
    if end > BORDER_PX:
        pen.rectangle([(BORDER_PX, top + 2), (end, top + NOTE_PX + 1)], fill=BAR)
    place = (BORDER_PX + BAR_PX + 10, top)
    write_line(pen, place, f"{100 * probability:5.1f} %", size=NOTE_PX, width=70, ink=INK)
    place = (BORDER_PX + BAR_PX + 80, top)
    write_line(pen, place, shown(name), size=NOTE_PX, width=width - BAR_PX - 80, ink=INK)


def _as_colours(pixels: np.ndarray) -> np.ndarray:
    """Grey three times; of more than three bands the first three; of two the second twice."""
    bands = [min(band, pixels.shape[2] - 1) for band in range(3)]
    return np.ascontiguousarray(pixels[:, :, bands])


def _is_all(square: Square, height: int, width: int) -> bool:
    is_high = square.top <= 0 and square.bottom >= height - 1
    return is_high and square.left <= 0 and square.right >= width - 1


def _size(square: Square) -> str:
    return f"{square.size[1]}x{square.size[0]} px"
