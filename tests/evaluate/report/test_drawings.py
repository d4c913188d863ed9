"""Drawings of the report: what stands where, read back from the SVG."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from markupsafe import Markup
from PIL import Image

from striate.evaluate.report.axes import Axis, Sheet, around, decades, round_numbers
from striate.evaluate.report.charts import Bin, Series, histogram, line_chart, reliability
from striate.evaluate.report.matrix import (
    classes_a_cell,
    confused_pairs,
    heat_map,
    most_confused,
    numbered_matrix,
)

UNIT = Axis("x", 0, 10)
SHARE = Axis("y", 0, 1, is_share=True)


def parts(drawing: Markup, tag: str, kind: str = "") -> list[ET.Element]:
    """Elements of a drawing by tag and class."""
    found = ET.fromstring(str(drawing)).iter(tag)
    return [one for one in found if kind in (one.get("class") or "")]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.9, 1, [0.9, 0.92, 0.94, 0.96, 0.98, 1]),
        (3, 47, [10, 20, 30, 40]),
        (-5, 5, [-4, -2, 0, 2, 4]),
        (0, 1e-6, [0, 2e-7, 4e-7, 6e-7, 8e-7, 1e-6]),
    ],
)
def test_ticks_stand_at_round_numbers(low: float, high: float, expected: list[float]) -> None:
    assert round_numbers(low, high) == pytest.approx(expected)


def test_epochs_are_never_written_as_fractions() -> None:
    assert round_numbers(1, 3, is_whole=True) == [1, 2, 3]


def test_an_axis_around_values_holds_them_all() -> None:
    for values in ([0.31, 0.69], [5.0], [0.0], [-3.0, 1e5], [float("nan"), 2.0], []):
        axis = around(values, "loss")
        assert axis.low < axis.high
        assert all(axis.low <= value <= axis.high for value in values if value == value)


def test_powers_of_ten_are_far_enough_apart() -> None:
    assert decades(0.01, 100) == (0.01, 0.1, 1, 10, 100)
    assert len(decades(1e-12, 1)) <= 6


def test_a_log_axis_puts_the_middle_power_in_the_middle() -> None:
    assert Axis("loss", 0.01, 1, is_log=True).share(0.1) == pytest.approx(0.5)


def test_a_curve_is_drawn_through_its_points() -> None:
    drawing = line_chart([Series("one", [(0, 0.0), (5, 0.5), (10, 1.0)])], UNIT, SHARE, title="t")
    (curve,) = parts(drawing, "polyline")
    places = [tuple(map(float, pair.split(","))) for pair in str(curve.get("points")).split()]
    sheet = Sheet(UNIT, SHARE, title="t")
    assert places == [(sheet.across(x), sheet.down(y)) for x, y in [(0, 0), (5, 0.5), (10, 1)]]
    assert places[1][0] == pytest.approx((places[0][0] + places[2][0]) / 2, abs=0.1)


def test_what_is_missing_leaves_a_gap() -> None:
    points = [(0, 0.1), (1, 0.2), (2, None), (3, 0.3), (4, float("nan")), (5, 0.5)]
    drawing = line_chart([Series("one", points)], UNIT, SHARE, title="t")
    assert len(parts(drawing, "polyline")) == 1
    assert len(parts(drawing, "circle")) == 2


def test_long_curves_are_thinned_and_keep_their_end() -> None:
    points = [(x / 1000, 0.5) for x in range(10_001)]
    (curve,) = parts(line_chart([Series("one", points)], UNIT, SHARE, title="t"), "polyline")
    places = str(curve.get("points")).split()
    assert len(places) <= 602
    assert places[-1].startswith(str(Sheet(UNIT, SHARE, title="t").across(10)))


def test_words_in_drawings_are_escaped() -> None:
    drawing = line_chart(
        [Series("<b>", [(0, 0.0), (1, 1.0)]), Series("&", [(0, 0.0)])],
        Axis("<i>", 0, 1),
        SHARE,
        title='"<script>',
    )
    words = [one.text for one in parts(drawing, "text")]
    assert {"<b>", "&", "<i>", '"<script>'} <= set(words)


def test_bars_stand_on_each_other() -> None:
    x = Axis("confidence", 0, 1)
    drawing = histogram([0, 0.5, 1], [("right", [3, 5]), ("wrong", [1, 0])], x, title="t")
    bars = parts(drawing, "rect")[:3]
    assert [bar[0].text for bar in bars] == ["3 right", "1 wrong", "5 right"]
    right, wrong = bars[0], bars[1]
    assert float(str(right.get("y"))) == pytest.approx(
        float(str(wrong.get("y"))) + float(str(wrong.get("height"))), abs=0.1
    )
    assert float(str(bars[2].get("height"))) == pytest.approx(
        5 * float(str(wrong.get("height"))), rel=0.02
    )


def test_a_calibrated_bin_lies_on_the_diagonal() -> None:
    drawing = reliability([Bin(0.7, 0.7, 0.5, 0.9, 10)], title="t")
    (dot,) = parts(drawing, "circle")
    (line,) = parts(drawing, "line", "mark")
    ends = {key: float(str(line.get(key))) for key in ("x1", "y1", "x2", "y2")}
    across = float(str(dot.get("cx"))), float(str(dot.get("cy")))
    assert across[0] == pytest.approx(ends["x1"] + 0.7 * (ends["x2"] - ends["x1"]), abs=0.2)
    assert across[1] == pytest.approx(ends["y1"] + 0.7 * (ends["y2"] - ends["y1"]), abs=0.2)


def test_the_longest_legend_of_a_training_leaves_room_for_its_title() -> None:
    names = ("macro-F1", "accuracy in training", "accuracy")
    series = [Series(name, [(1, 0.5), (2, 0.6)]) for name in names]
    drawing = line_chart(series, Axis("epoch", 1, 2), Axis("share", 0, 1), title="Scores")
    (title,) = parts(drawing, "text", "title")
    left = min(float(str(one.get("x1"))) for one in parts(drawing, "line", "curve"))
    assert left >= float(str(title.get("x"))) + 7 * len("Scores")  # bold, 12 px: 7 a letter


COUNTS = np.array([[8, 2, 0], [1, 9, 0], [3, 0, 0]])


def test_pairs_are_in_the_order_of_their_images() -> None:
    pairs = confused_pairs(COUNTS, "abc", most=2)
    assert [(one.truth, one.taken, one.count, one.share) for one in pairs] == [
        ("c", "a", 3, 1.0),
        ("a", "b", 2, 0.2),
    ]


def test_cells_tell_their_counts_and_share() -> None:
    drawing = numbered_matrix(COUNTS, ["cat", "dog", "x" * 90])
    told = [one.text for one in parts(drawing, "title")]
    assert len(told) == 9
    assert "cat taken for dog: 2 of 10" in told
    opaque = [float(str(one.get("fill-opacity"))) for one in parts(drawing, "rect")]
    assert opaque[1] == pytest.approx(0.85 * np.sqrt(0.2), abs=1e-3)
    assert opaque[2] == 0


def test_a_part_of_the_matrix_keeps_the_rest_in_a_column() -> None:
    drawing = numbered_matrix(COUNTS, ["cat", "dog", "fox"], [0, 2])
    told = [one.text for one in parts(drawing, "title")]
    assert "cat taken for others: 2 of 10" in told
    assert "fox taken for cat: 3 of 3" in told


@pytest.mark.parametrize("letter", ["W", "本", "x", "i"])
def test_names_of_columns_do_not_leave_the_drawing(letter: str) -> None:
    """In the widest font that there is, a letter is as wide as it is high: 11 px."""
    drawing = numbered_matrix(COUNTS, [letter * 7, "b", letter * 90])
    _, _, width, height = map(float, re.findall(r'viewBox="([^"]+)"', drawing)[0].split())
    widest = {"W": 11, "本": 11.5, "x": 7, "i": 3.5}[letter]
    slanted = re.findall(r'translate\((\d+) (\d+)\) rotate\(-45\)">([^<]+)', drawing)
    assert len(slanted) == 3
    for across, down, name in slanted:
        end = 0.707 * (widest * len(name) + 11)
        assert int(down) - end >= 0, name
        assert int(across) + end <= width, name
    assert height > int(slanted[0][1])


def test_long_names_that_end_differently_stay_different() -> None:
    names = [f"Lycopersicon esculentum, variety {number}" for number in range(3)]
    drawing = numbered_matrix(COUNTS, names)
    heads = re.findall(r'rotate\(-45\)">([^<]+)', drawing)
    assert len(set(heads)) == 3
    assert all(head.startswith("Lycop") and "…" in head for head in heads)
    assert f"{names[0]} taken for {names[1]}: 2 of 10" in [
        one.text for one in parts(drawing, "title")
    ]


def test_the_most_confused_classes_are_found_together() -> None:
    counts = np.diag(np.full(30, 10))
    counts[[4, 9, 9], [9, 4, 20]] = [5, 4, 3]
    assert most_confused(counts, most=3) == [4, 9, 20]
    assert most_confused(np.diag([1, 2])) == []


@pytest.mark.parametrize(("classes", "each"), [(25, 1), (250, 1), (251, 2), (1000, 4)])
def test_a_single_mistake_is_seen_in_the_heat_map(classes: int, each: int) -> None:
    counts = np.diag(np.full(classes, 24))
    counts[classes - 1, 3] = 1
    picture = Image.open(io.BytesIO(base64.b64decode(heat_map(counts).partition(",")[2])))
    pixels = np.asarray(picture)
    assert classes_a_cell(classes) == each
    assert len(pixels) == -(-classes // each)
    red, _, blue, opaque = pixels[-1, 3 // each].tolist()
    assert red > 2 * blue
    assert opaque == round(255 * np.sqrt(1 / 25))
