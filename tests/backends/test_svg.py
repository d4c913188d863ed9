"""Diagrams: sound files, all that is drawn in its place, repetition folded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from striate import network
from striate.backends.svg import svg
from striate.backends.svg.layout import Box, Placed, Plan, place
from striate.backends.svg.palette import style_sheet
from striate.backends.svg.scene import Level, scene
from striate.ir import Graph, GraphBuilder
from striate.ops import Convolution, Input
from tests.analysis.graphs import Sketch, chain, gated, resnet50, unet

SPACE = "{http://www.w3.org/2000/svg}"
NAMES = ["googlenet", "hrnet_w18", "fractalnet40", "mobilenet_v3_large", "hourglass2"]


def words(picture: str) -> list[str]:
    """All texts shown, tooltips left out."""
    return [one.text or "" for one in ET.fromstring(picture).iter(f"{SPACE}text")]


def graph_of(name: str) -> Graph:
    side = {"fractalnet40": 32, "hourglass2": 256}.get(name, 224)
    return network(name, input=(3, side, side)).graph


def levels(placed: Placed) -> Iterator[Placed]:
    yield placed
    for inside in placed.inside.values():
        yield from levels(inside)


def test_a_chain_is_one_card() -> None:
    picture = svg(chain((3, 8, 8), ("conv", 4), ("bn",), ("relu",)), title="tiny")
    assert words(picture)[:2] == ["tiny", "3x8x8 → 4x8x8 · 120 parameters · 6.912 k MACs"]
    assert {"conv(4)", "bn", "relu", "3x8x8", "4x8x8"} <= set(words(picture))


def test_repeated_blocks_are_drawn_once_with_their_count() -> None:
    shown = words(svg(resnet50(), title="resnet50"))
    counts = [text for text in shown if text.startswith("×")]
    assert counts == ["×2", "×3", "×5", "×2"]
    assert shown.count("+") == 8


def test_joins_are_circles_with_their_sign() -> None:
    picture = svg(gated())
    circles = list(ET.fromstring(picture).iter(f"{SPACE}circle"))
    assert len(circles) == 1
    assert "&" in words(picture)


def test_sizes_stand_where_they_change() -> None:
    shown = words(svg(unet(64, width=2)))
    assert shown.count("4x32x32") == 2  # going down and coming up
    assert "32x4x4" in shown


def test_depth_one_leaves_containers_closed() -> None:
    shown = words(svg(resnet50(), depth=1))
    assert "layer1" in shown
    assert not [text for text in shown if "bottleneck" in text]
    assert "32 layers, 215.8 k params" in shown


def test_equal_graphs_give_equal_pictures() -> None:
    assert svg(resnet50()) == svg(resnet50())


def test_titles_and_paths_are_escaped() -> None:
    builder = GraphBuilder()
    (image,) = builder.add(Input((3, 8, 8)), [], path="<i>&")
    (value,) = builder.add(Convolution(4), [image], path='"a&b"<script>')
    picture = svg(builder.finish([image], [value]), title="<b>&</b>")
    assert words(picture)[0] == "<b>&</b>"
    assert "<script>" not in picture


def test_nothing_is_loaded_from_elsewhere() -> None:
    picture = svg(resnet50())
    without_name_space = picture.replace("http://www.w3.org/2000/svg", "")
    assert "http" not in without_name_space
    assert "@import" not in picture
    assert "<script" not in picture
    assert "<image" not in picture


def test_dark_pages_get_their_own_colours() -> None:
    light, _, dark = style_sheet().partition("@media (prefers-color-scheme:dark)")
    assert ".conv{" in light
    assert ".conv{" in dark


def test_tooltips_tell_path_sizes_parameters_and_formula() -> None:
    picture = svg(chain((3, 8, 8), ("conv", 4, 3, 2)))
    tips = [one.text or "" for one in ET.fromstring(picture).iter(f"{SPACE}title")]
    (tip,) = [one for one in tips if "conv" in one]
    assert "3x8x8 -> 4x4x4" in tip
    assert "112 parameters" in tip  # 3*3*3*4 + 4
    assert "= 4" in tip


def test_several_outputs_each_have_their_end() -> None:
    sketch = Sketch(3, 8, 8)
    one, two = sketch("conv", 4, to=sketch.input), sketch("conv", 5, to=sketch.input)
    shown = words(svg(sketch.graph(one, two)))
    assert {"4x8x8", "5x8x8"} <= set(shown)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("limit", [float("inf"), 900.0])
def test_parts_never_overlap_and_stay_inside(name: str, limit: float) -> None:
    for is_downward in (True, False):
        level = scene(graph_of(name), depth=2, by_size=not is_downward)
        for placed in levels(place(level, Plan(is_downward, limit))):
            for one, other in combinations(drawn(placed), 2):
                assert apart(one, other)
            for box in drawn(placed):
                assert box.x >= -0.01
                assert box.y >= -0.01
                assert box.x + box.width <= placed.width + 0.01
                assert box.y + box.height <= placed.height + 0.01


def drawn(placed: Placed) -> list[Box]:
    pairs = zip(placed.level.parts, placed.boxes, strict=True)
    return [box for part, box in pairs if part.form not in ("in", "out")]


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x + 0.01
        or other.x + other.width <= one.x + 0.01
        or one.y + one.height <= other.y + 0.01
        or other.y + other.height <= one.y + 0.01
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_is_drawn_or_stands_in_a_closed_container(name: str) -> None:
    graph = graph_of(name)
    assert linked(scene(graph, depth=9))


def linked(level: Level) -> bool:
    """Every part that is no card of a lone layer has an edge."""
    sources = {link.source for link in level.links}
    targets = {link.target for link in level.links}
    fine = all(
        at in sources or at in targets for at, part in enumerate(level.parts) if part.form != "card"
    )
    return fine and all(linked(part.level) for part in level.parts if part.level is not None)


def test_a_long_chain_is_broken_into_columns() -> None:
    layers = [("conv", 8 + at % 3, 3) for at in range(30)]
    sketch = Sketch(3, 32, 32)
    value = sketch.input
    for at, layer in enumerate(layers):
        with sketch.inside(f"block{at}") as outputs:
            value = sketch("+", to=[sketch.chain(value, layer), sketch.chain(value, layer)])
            outputs.append(value)
    root = ET.fromstring(svg(sketch.graph(value), depth=2))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert height < 2 * width


def test_a_column_holds_more_than_the_input_or_the_output() -> None:
    graph = network("stn_digits").graph
    for limit in (500.0, 600.0, 800.0):
        placed = place(scene(graph, depth=2), Plan(is_downward=True, limit=limit))
        parts = list(zip(placed.level.parts, placed.boxes, strict=True))
        others = [box for part, box in parts if part.form != "terminal"]
        middles = [box.x + box.width / 2 for part, box in parts if part.form == "terminal"]
        assert len(middles) == 2
        for middle in middles:
            assert any(box.x < middle < box.x + box.width for box in others)
