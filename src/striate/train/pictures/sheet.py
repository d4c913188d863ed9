"""Pictures with captions in a grid, as one picture to look at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from striate.data.lettering import wrapped, write_line

# Pictures are shown with their pixels, doubled and so on while they are smaller than this.
SMALLEST_PX = 144
LARGEST_PX = 320
GAP_PX = 10
BORDER_PX = 16
TITLE_PX, CAPTION_PX, NOTE_PX = 16, 14, 12
WIDEST_PX = 1400

GROUND, INK, FAINT, FRAME = "#ffffff", "#1c1c1c", "#6d6d6d", "#d4d4d4"


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture, uint8, H×W×3; a caption; and notes below it, a line each."""

    pixels: np.ndarray
    caption: str
    notes: tuple[str, ...] = ()


def contact_sheet(tiles: Sequence[Tile], *, title: Sequence[str]) -> Image.Image:
    """All tiles, of one size, in rows below the lines of `title`; about as wide as high."""
    side = _shown(tiles[0].pixels)
    cell_width = max(side.width, 132) + GAP_PX
    notes = max(len(tile.notes) for tile in tiles)
    cell_height = side.height + CAPTION_PX + 8 + notes * (NOTE_PX + 3) + GAP_PX
    columns = _columns(len(tiles), cell_width / cell_height, WIDEST_PX // cell_width)
    rows = -(-len(tiles) // columns)
    inner = columns * cell_width - GAP_PX
    heading = [line for text in title for line in wrapped(text, TITLE_PX, inner)]
    top = BORDER_PX + len(heading) * (TITLE_PX + 5) + (GAP_PX if heading else 0)
    size = (inner + 2 * BORDER_PX, top + rows * cell_height - GAP_PX + BORDER_PX)
    sheet = Image.new("RGB", size, GROUND)
    pen = ImageDraw.Draw(sheet)
    for number, line in enumerate(heading):
        place = (BORDER_PX, BORDER_PX + number * (TITLE_PX + 5))
        ink = INK if number == 0 else FAINT
        write_line(pen, place, line, size=TITLE_PX, width=inner, ink=ink)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        place = (BORDER_PX + column * cell_width, top + row * cell_height)
        _draw(sheet, pen, tile, place, cell_width - GAP_PX)
    return sheet


def _draw(
    sheet: Image.Image,
    pen: ImageDraw.ImageDraw,
    tile: Tile,
    place: tuple[int, int],
    width: int,
) -> None:
    left, top = place
    picture = _shown(tile.pixels)
    sheet.paste(picture, place)
    corner = (left + picture.width, top + picture.height)
    pen.rectangle([(left - 1, top - 1), corner], outline=FRAME)
    top += picture.height + 4
    write_line(pen, (left, top), tile.caption, size=CAPTION_PX, width=width, ink=INK)
    top += CAPTION_PX + 4
    for note in tile.notes:
        write_line(pen, (left, top), note, size=NOTE_PX, width=width, ink=FAINT)
        top += NOTE_PX + 3


def _shown(pixels: np.ndarray) -> Image.Image:
    """The picture with whole multiples of its pixels, or made smaller, so that one can see it."""
    picture = Image.fromarray(pixels)
    longest = max(picture.size)
    if longest > LARGEST_PX:
        picture.thumbnail((LARGEST_PX, LARGEST_PX), Image.Resampling.LANCZOS)
        return picture
    times = max(1, math.ceil(SMALLEST_PX / longest))
    size = (picture.width * times, picture.height * times)
    return picture.resize(size, Image.Resampling.NEAREST)


def _columns(tiles: int, shape: float, most: int) -> int:
    """Columns of a sheet about a third wider than high, its last row full if that can be."""
    wanted = max(1, min(most, tiles, round(math.sqrt(tiles * 4 / 3 / shape))))
    near = range(max(1, wanted - 2), min(most, tiles, wanted + 2) + 1)
    return min(near, key=lambda columns: (-tiles % columns, abs(columns - wanted)))
