"""Every network of the reference table is in the zoo, with its counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.zoo_table import Row, compared, macs_at, rows
from striate import zoo

SOURCES = {"torchvision": 64, "timm": 193, "paper": 104}


@pytest.fixture(scope="module")
def table(shared: Path) -> list[Row]:
    return rows(shared / "reference" / "zoo_reference.csv")


@pytest.mark.parametrize("source", SOURCES)
def test_every_row_has_a_network(table: list[Row], source: str) -> None:
    found = [row for row in table if row.source == source]
    assert len(found) == SOURCES[source]
    assert [row.variant for row in found if row.name not in zoo.cards()] == []
    if source != "paper":
        assert all(row.name == row.variant for row in found)


def test_counts_are_those_of_the_table_or_the_card_says_why(table: list[Row]) -> None:
    wrong: list[str] = []
    for row in table:
        card = zoo.cards().get(row.name)
        if card is not None:
            compared(row.params, card.params, row, card, wrong)
            compared(row.macs, macs_at(card, row), row, card, wrong)
    assert wrong == []


def test_counts_of_the_libraries_are_exact(table: list[Row]) -> None:
    heads = {"googlenet", "inception_v3"}  # The table counts the heads that only training uses.
    for row in table:
        if row.source != "paper" and row.name not in heads:
            card = zoo.cards()[row.name]
            assert (card.params, macs_at(card, row)) == (row.params, row.macs), row.name
