"""The pages about the zoo are what the cards, the texts and the checks say."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import gallery, zoo_table
from striate.zoo import Card

FACES = {card.family: card for card in gallery.faces()}
QUICK = ("capsnet", "dcgan", "lenet", "maxout", "nin", "scse", "stn", "vgg", "zfnet")


def test_the_gallery_has_every_family_and_network() -> None:
    said = gallery.PAGE.read_text("utf-8")
    assert said == gallery.page(), "run python scripts/gallery.py"
    pictures = {file.name for file in gallery.FOLDER.iterdir()}
    assert pictures == {gallery.file_of(card).name for card in FACES.values()}


@pytest.mark.parametrize("card", [FACES[family] for family in QUICK], ids=lambda card: card.name)
def test_pictures_are_up_to_date(card: Card) -> None:
    drawn = gallery.file_of(card).read_text("utf-8")
    assert drawn == gallery.picture(card), "run python scripts/gallery.py"


def test_pictures_are_small() -> None:
    sizes = {file.name: file.stat().st_size for file in gallery.FOLDER.iterdir()}
    assert {name: size for name, size in sizes.items() if size > 90_000} == {}
    assert sum(sizes.values()) < 2_500_000


def test_the_table_of_the_zoo_is_up_to_date(shared: Path) -> None:
    text, _ = zoo_table.page(zoo_table.rows(shared / "reference" / "zoo_reference.csv"))
    assert zoo_table.PAGE.read_text("utf-8") == text, "run python scripts/zoo_table.py"


def test_no_check_of_the_zoo_has_failed(shared: Path) -> None:
    _, wrong = zoo_table.page(zoo_table.rows(shared / "reference" / "zoo_reference.csv"))
    assert wrong == []
