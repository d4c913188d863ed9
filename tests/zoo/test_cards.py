"""What a card says is read from its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate import zoo
from striate.zoo import Card
from striate.zoo.browse import chosen, ordered
from striate.zoo.plot import Label, Point, pareto, placed

LINES = (
    "#: paper: A and B, A title of 7 words, 1998; C, Another, 2001\n"
    "#: idea: less is more\n"
    "#: tiny: 12 parameters, 34 MACs, input 3x9x8, top-1 56.5, top-5 78 (timm; with care), "
    "weights me/my.in1k/a.pt, licence cc-by-nc-4.0\n"
    "#: bare: input 1x28x28\n"
    "tiny = 1\n"
)


def cards_of(lines: str, folder: Path) -> dict[str, Card]:
    (folder / "some.cnn").write_text(lines, encoding="utf-8")
    return {card.name: card for card in zoo._cards_of("some", folder / "some.cnn")}


def test_a_line_is_read_word_by_word(tmp_path: Path) -> None:
    found = cards_of(LINES, tmp_path)
    assert found["tiny"] == Card(
        name="tiny",
        family="some",
        input=(3, 9, 8),
        params=12,
        macs=34,
        notes="top-1 56.5, top-5 78 (timm; with care), weights me/my.in1k/a.pt, "
        "licence cc-by-nc-4.0",
        paper="A and B, A title of 7 words, 1998; C, Another, 2001",
        idea="less is more",
        year=1998,
        top1=56.5,
        top5=78.0,
        source="timm",
        weights="me/my.in1k/a.pt",
        licence="cc-by-nc-4.0",
    )


def test_what_a_line_leaves_out_is_none(tmp_path: Path) -> None:
    bare = cards_of(LINES, tmp_path)["bare"]
    assert (bare.params, bare.macs, bare.top1, bare.source) == (None, None, None, None)
    assert (bare.weights, bare.licence) == (None, None)


def test_every_card_with_weights_has_a_licence_and_an_accuracy() -> None:
    published = [card for card in zoo.cards().values() if card.weights]
    assert published
    assert [card.name for card in published if not (card.licence and card.top1)] == []


def card(name: str, macs: int | None, top1: float | None) -> Card:
    return Card(name, "f", (3, 224, 224), macs, macs, "", "", "", top1=top1)


def test_sorting_puts_the_unknown_last_and_accuracy_downwards() -> None:
    three = [card("a", None, 70.0), card("b", 2, None), card("c", 1, 80.0)]
    assert [one.name for one in ordered(three, "macs")] == ["c", "b", "a"]
    assert [one.name for one in ordered(three, "top1")] == ["c", "a", "b"]


def test_words_must_all_be_found_and_limits_leave_out_the_unknown() -> None:
    cards = {one.name: one for one in (card("net_a", 5, 1.0), card("net_b", None, 1.0))}
    assert [one.name for one in chosen(cards, ["NET", "a"])] == ["net_a"]
    assert [one.name for one in chosen(cards, [], most_macs=5)] == ["net_a"]


def test_the_front_holds_what_nothing_cheaper_reaches() -> None:
    pairs = [(1, 50.0), (1, 49.0), (2, 50.0), (3, 60.0), (4, 55.0)]
    assert pareto(pairs) == {(1, 50.0), (3, 60.0)}


@pytest.mark.parametrize("count", [3, 60])
def test_names_on_the_picture_cover_neither_marks_nor_each_other(count: int) -> None:
    points = [
        Point(card(f"network_{i}", 1, 1.0), 1, 1.0, 400 + 9.0 * i % 70, 300 + 7.0 * i % 50, i < 9)
        for i in range(count)
    ]
    labels = placed(points)
    assert {label.point.card.name for label in labels} >= {f"network_{i}" for i in range(3)}
    for label in labels:
        others = [other.box for other in labels if other is not label]
        marks = [point.box for point in points]
        assert not any(label.box.meets(box) for box in (*others, *marks))
        assert not any(step.meets(box) for step in label.line for box in others)


def test_a_line_ends_at_the_edge_of_its_name() -> None:
    point = Point(card("n", 1, 1.0), 1, 1.0, 10.0, 10.0, True)
    assert Label(point, point.box._replace(left=30, right=50, top=5, bottom=18), True).end == (
        30,
        10,
    )
