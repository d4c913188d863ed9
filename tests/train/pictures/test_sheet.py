"""Grids of captioned pictures, looked at pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from striate.train.pictures.sheet import BORDER_PX, LARGEST_PX, SMALLEST_PX, Tile, contact_sheet


def tiles(count: int, side: int, caption: str = "cat") -> list[Tile]:
    """Plain tiles of different reds."""
    return [
        Tile(np.full((side, side, 3), (100 + i, 0, 0), np.uint8), caption, ("flip",))
        for i in range(count)
    ]


@pytest.mark.parametrize(("count", "side"), [(1, 1), (2, 224), (7, 8), (16, 64), (3, 400)])
def test_every_picture_is_there_once_and_large_enough_to_see(count: int, side: int) -> None:
    sheet = np.asarray(contact_sheet(tiles(count, side), title=["photos"]))
    areas = np.bincount(sheet[(sheet[..., 1:] == 0).all(axis=2)][:, 0], minlength=256)
    for area in areas[100 : 100 + count].tolist():
        shown = int(area**0.5)
        assert shown * shown == area
        assert min(side, LARGEST_PX) <= shown <= max(side, LARGEST_PX)
        assert shown >= SMALLEST_PX or shown == side


def test_small_pictures_are_shown_by_whole_multiples_of_their_pixels() -> None:
    picture = np.random.default_rng(0).integers(0, 200, (8, 8, 3)).astype(np.uint8)
    sheet = np.asarray(contact_sheet([Tile(picture, "noise")], title=[]))
    times = -(-SMALLEST_PX // 8)
    shown = sheet[BORDER_PX : BORDER_PX + 8 * times, BORDER_PX : BORDER_PX + 8 * times]
    # A line is drawn around the picture, on the pixels next to it.
    assert np.array_equal(shown, picture.repeat(times, 0).repeat(times, 1))


def test_sixteen_make_four_rows_and_a_few_make_one() -> None:
    sheet = contact_sheet(tiles(16, 224), title=["photos"])
    assert 0.6 < sheet.width / sheet.height < 1.5
    assert contact_sheet(tiles(2, 224), title=[]).width > 2 * 224


def test_any_name_can_be_written() -> None:
    odd = "<script>\n漢字 \u202e" + "long " * 80
    plain = contact_sheet(tiles(3, 32, caption=odd), title=[odd])
    assert plain.width == contact_sheet(tiles(3, 32), title=[odd]).width


def test_images_need_not_be_square() -> None:
    sheet = contact_sheet([Tile(np.full((10, 400, 3), 9, np.uint8), "wide")], title=[])
    assert sheet.width >= LARGEST_PX
