"""Folding and the rows of the table."""

from __future__ import annotations

from striate import network
from striate.analysis.folding import Block, Item, Leaf, Repeat, fold, joined_path
from striate.analysis.report import Style, report
from striate.analysis.summary import as_record, summary
from striate.analysis.table import COMFORTABLE_ROWS, Row, layer_rows, table
from striate.ir import Graph
from tests.analysis.graphs import Sketch, chain, resnet50


def names(graph: Graph, depth: int) -> list[str]:
    return [f"{row.path} x{row.times}" for row in table(graph, depth=depth).rows if row.is_block]


def test_equal_blocks_are_folded_and_the_first_with_its_projection_is_not() -> None:
    assert names(resnet50(), 2) == [
        "layer1 x1", "layer1.0 x1", "layer1.1-2 x2",
        "layer2 x1", "layer2.0 x1", "layer2.1-3 x3",
        "layer3 x1", "layer3.0 x1", "layer3.1-5 x5",
        "layer4 x1", "layer4.0 x1", "layer4.1-2 x2",
    ]  # fmt: skip


def test_a_dense_block_is_folded_although_its_channels_grow() -> None:
    rows = table(network("densenet121").graph, depth=3).rows
    assert [row.times for row in rows if "denselayer" in row.path] == [6, 12, 24, 16]
    (first,) = [row for row in rows if row.path == "features.denseblock1.denselayer1-6"]
    assert [str(one) for one in first.outputs] == ["32x56x56"]


def blocks(*, reads_all: bool) -> Graph:
    """Three equal blocks; with `reads_all` the output also reads what lies between them."""
    sketch = Sketch(4, 8, 8)
    values = [sketch.input]
    for at in range(3):
        with sketch.inside(f"b{at}") as outputs:
            values.append(sketch.chain(values[-1], ("conv", 4), ("relu",)))
            outputs.append(values[-1])
    read = values[1:] if reads_all else [values[-1], sketch.input]
    return sketch.graph(sketch("+", to=read))


def test_blocks_whose_values_are_read_elsewhere_are_not_folded() -> None:
    assert kinds(fold(blocks(reads_all=False))) == ["Leaf", "Repeat", "Leaf"]
    assert kinds(fold(blocks(reads_all=True))) == ["Leaf", "Block", "Block", "Block", "Leaf"]


def kinds(items: tuple[Item, ...]) -> list[str]:
    assert all(isinstance(one, Leaf | Block | Repeat) for one in items)
    return [type(one).__name__ for one in items]


def test_short_runs_of_bare_layers_are_left_as_they_are() -> None:
    short = chain((8, 8, 8), *[("conv", 8), ("relu",)] * 3)
    long = chain((8, 8, 8), *[("conv", 8), ("relu",)] * 9)
    assert kinds(fold(short)) == ["Leaf"] * 7
    assert kinds(fold(long)) == ["Leaf", "Repeat"]


def test_rows_that_are_not_open_add_up_to_the_totals_at_every_depth() -> None:
    graph = network("densenet121").graph
    for depth in (1, 2, 3, 4):
        found = table(graph, depth=depth)
        closed = [row for row in found.rows if not row.is_open]
        assert sum(row.cost.params for row in closed) == graph.params
        assert sum(row.cost.macs or 0 for row in closed) == graph.cost.macs


def test_without_a_depth_the_table_stays_comfortable() -> None:
    for name in ("resnet50", "hrnet_w18", "mobilenet_v3_large"):
        assert len(table(network(name).graph).rows) <= COMFORTABLE_ROWS


def test_layer_rows_hold_every_node() -> None:
    graph = resnet50()
    rows: tuple[Row, ...] = layer_rows(graph)
    assert [row.path for row in rows] == [node.path for node in graph.nodes]


def test_paths_of_a_run_show_first_and_last() -> None:
    assert joined_path("layer1.1", "layer1.5") == "layer1.1-5"
    assert joined_path("a.layer1", "a.layer12") == "a.layer1-12"
    assert joined_path("a.0.conv", "a.3.conv") == "a.0-3.conv"
    assert joined_path("Mixed_6c", "Mixed_6d") == "Mixed_6c-d"
    assert joined_path("a", "a") == "a"


def test_lines_fit_the_terminal() -> None:
    for columns in (60, 80, 100, 140):
        for graph in (resnet50(), network("mobilenet_v3_large").graph):
            text = report(summary(graph, batch=8), Style(columns))
            assert max(map(len, text.splitlines())) <= columns + 2


def test_colours_come_only_when_asked_for() -> None:
    plain = report(summary(resnet50()), Style())
    painted = report(summary(resnet50()), Style(has_color=True))
    assert "\x1b[" not in plain
    assert "\x1b[1m" in painted


def test_what_was_left_out_is_said() -> None:
    sketch = Sketch(3, 8, 8)
    sketch("conv", 4, to=sketch.input)
    found = summary(sketch.graph(sketch("conv", 5, to=sketch.input)))
    assert "left out" in report(found)
    assert as_record(found)["pruned"] == ["1"]


def test_open_sizes_are_said_and_ask_for_an_input() -> None:
    text = report(summary(resnet50(None)))
    assert "unknown: the sizes of" in text
    assert "give --input" in text
