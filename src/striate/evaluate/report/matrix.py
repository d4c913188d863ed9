"""Which classes are taken for which: as a table of numbers, as a heat map, as a list of pairs."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from PIL import Image

from striate.data.names import shown
from striate.evaluate.report.words import shortened, width_px

# Up to so many classes each cell has its number, and rows and columns have their names.
MOST_NUMBERED = 24
# Classes of the drawing with numbers that shows the worst part of a larger matrix.
MOST_OF_PART = 16
# Cells along a side of the heat map, at most: smaller ones cannot be seen.
MAP_CELLS = 250
HEAT, GREY = (190, 50, 20), (120, 128, 136)
CELL_PX, WIDEST_PX = 34, 170


@dataclass(frozen=True, slots=True)
class Pair:
    """Two classes of which one is taken for the other.

    count: images of `truth` taken for `taken`. share: of the images of `truth`.
    """

    truth: str
    taken: str
    count: int
    share: float


def confused_pairs(confusion: np.ndarray, classes: Sequence[str], *, most: int) -> list[Pair]:
    """The pairs with the most images, K×K counts by truth and prediction; ties by the share."""
    counts = confusion.copy()
    np.fill_diagonal(counts, 0)
    rows, columns = np.nonzero(counts)
    totals = np.maximum(confusion.sum(axis=1), 1)
    shares = counts[rows, columns] / totals[rows]
    order = np.lexsort((-shares, -counts[rows, columns]))[:most]
    return [
        Pair(
            shown(classes[rows[place]]),
            shown(classes[columns[place]]),
            int(counts[rows[place], columns[place]]),
            float(shares[place]),
        )
        for place in order.tolist()
    ]


def most_confused(confusion: np.ndarray, *, most: int = MOST_OF_PART) -> list[int]:
    """Classes with the most mistakes among each other, in the order of the matrix.

    Grown from the worst pair by the class that is most often mistaken for, or by, those there.
    """
    mutual = confusion + confusion.T
    np.fill_diagonal(mutual, 0)
    if not mutual.any():
        return []
    chosen = [int(place) for place in np.unravel_index(mutual.argmax(), mutual.shape)]
    while len(chosen) < min(most, len(mutual)):
        tied = mutual[chosen].sum(axis=0)
        tied[chosen] = -1
        if tied.max() <= 0:
            break
        chosen.append(int(tied.argmax()))
    return sorted(chosen)


def numbered_matrix(
    confusion: np.ndarray, classes: Sequence[str], part: Sequence[int] | None = None
) -> Markup:
    """The counts as a drawing: a row for each true class, a column for each predicted one.

    Cells are as dark as their share of the row. part: the classes to show; what they are taken for
    outside of it is in a last column.
    """
    places = list(range(len(classes))) if part is None else list(part)
    counts = confusion[np.ix_(places, places)]
    totals = confusion[places].sum(axis=1)
    names = [shown(classes[place]) for place in places]
    heads = [shortened(name, WIDEST_PX) for name in names]
    if part is not None:
        counts = np.column_stack([counts, totals - counts.sum(axis=1)])
        names.append("others")
    columns = [*heads, "others"] if part is not None else heads
    left = 12 + round(max(map(width_px, columns)))
    slant = round(left * 0.71) + 18  # at 45 degrees, with the height of the letters themselves
    # The page draws it by its own pixels, so that letters are of one size whatever is shown.
    width, height = left + CELL_PX * len(columns) + round(0.71 * left), slant + CELL_PX * len(heads)
    parts = [
        Markup(
            '<text class="tick" transform="translate({x} {y}) rotate(-45)">{name}</text>'
        ).format(x=left + CELL_PX * column + CELL_PX // 2, y=slant - 6, name=name)
        for column, name in enumerate(columns)
    ]
    for row, name in enumerate(heads):
        down = slant + CELL_PX * row
        parts.append(
            Markup('<text class="tick end" x="{x}" y="{y}">{name}</text>').format(
                x=left - 6, y=down + CELL_PX // 2 + 4, name=name
            )
        )
        for column in range(len(columns)):
            told = f"{names[row]} taken for {names[column]}"
            is_right = column == row
            parts.append(
                _cell(left + CELL_PX * column, down, int(counts[row, column]),
                      int(totals[row]), told, is_right=is_right)
            )  # fmt: skip
    return Markup(
        '<svg class="matrix" viewBox="0 0 {w} {h}" style="width:{w}px" role="img" '
        'aria-label="images by true class (row) and predicted class (column)">{parts}</svg>'
    ).format(w=width, h=height, parts=Markup("\n").join(parts))


def classes_a_cell(classes: int) -> int:
    """How many classes share a cell of the heat map, along each side."""
    return -(-classes // MAP_CELLS)


def heat_map(confusion: np.ndarray) -> str:
    """The matrix as a picture in a `data:` address: mistakes in red, what is right in grey.

    As opaque as the square root of the share of the row, so that rare mistakes are seen; clear
    elsewhere, so that it lies on paper and on a dark screen alike. Where classes share a cell, the
    largest share counts.
    """
    shares = np.sqrt(confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1))
    is_right = np.eye(len(confusion), dtype=bool)
    wrong, right = _largest(np.where(is_right, 0, shares)), _largest(np.where(is_right, shares, 0))
    pixels = np.zeros((*wrong.shape, 4), np.uint8)
    pixels[..., :3] = np.where((right > wrong)[..., None], GREY, HEAT)
    pixels[..., 3] = np.round(255 * np.maximum(wrong, right))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _largest(shares: np.ndarray) -> np.ndarray:
    """The largest number of each cell of the heat map."""
    side = classes_a_cell(len(shares))
    cells = -(-len(shares) // side)
    padded = np.pad(shares, (0, cells * side - len(shares)))
    return np.asarray(padded.reshape(cells, side, cells, side).max(axis=(1, 3)))


def _cell(left: int, top: int, count: int, total: int, told: str, *, is_right: bool) -> Markup:
    share = count / total if total else 0.0
    kind = "right" if is_right else "wrong"
    number = (
        Markup('<text class="{kind}" x="{x}" y="{y}">{count}</text>').format(
            kind="cell strong" if share > 0.55 else "cell",
            x=left + CELL_PX // 2,
            y=top + CELL_PX // 2 + 4,
            count=_count(count),
        )
        if count
        else ""
    )
    return Markup(
        '<g><title>{told}: {count} of {total}</title><rect class="{kind}" x="{x}" y="{y}" '
        'width="{side}" height="{side}" fill-opacity="{share:.3f}"/>{number}</g>'
    ).format(told=told, count=f"{count:,}", total=f"{total:,}", kind=kind, x=left, y=top,
             side=CELL_PX - 1, share=0.85 * share**0.5, number=number)  # fmt: skip


def _count(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k"
