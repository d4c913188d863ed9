"""Building graphs: types on the way, shared modules, regions, what is left out at the end."""

from __future__ import annotations

import pytest

from striate.errors import GraphError
from striate.ir import Graph, GraphBuilder, Op, Region, TensorType, Value, op_named, verify
from striate.ops import Add, Convolution, Dense, Input, ReLU


def layer(name: str) -> type[Op]:
    found = op_named(name)
    assert found
    return found


def started(*sizes: int) -> tuple[GraphBuilder, Value]:
    builder = GraphBuilder()
    (image,) = builder.add(Input(sizes), [], path="input")
    return builder, image


def test_values_are_typed_as_they_are_added() -> None:
    builder, image = started(3, 32, 32)
    (made,) = builder.add(Convolution(16, 3, 2), [image], path="0")
    assert builder.type_of(made) == TensorType.of(16, 16, 16)


def test_an_op_with_several_outputs_has_a_value_for_each() -> None:
    builder, image = started(6, 8)
    parts = builder.add(layer("split")((2, 4)), [image], path="0")
    assert [builder.type_of(one).channels for one in parts] == [2, 4]


def test_a_path_used_twice_is_one_module() -> None:
    builder, image = started(8, 6, 6)
    (once,) = builder.add(Convolution(8), [image], path="0")
    (twice,) = builder.add(Convolution(8), [once], path="0")
    graph = builder.finish([image], [twice])
    assert [node.shared for node in graph.nodes] == [False, False, True]
    assert graph.params == 8 * 8 * 9 + 8
    verify(graph)


def test_a_shared_module_must_fit_every_use() -> None:
    builder, image = started(3, 6, 6)
    (once,) = builder.add(Convolution(8), [image], path="a")
    with pytest.raises(GraphError) as caught:
        builder.add(Convolution(8), [once], path="a")
    assert str(caught.value) == (
        "error: 'a' is one shared module, but its uses need different weights  "
        "[shared-weights-differ]\n"
        "   = help: first use: conv(8) on 3x6x6\n"
        "   = help: this use: conv(8) on 8x6x6"
    )


def test_joins_share_a_path_without_being_shared() -> None:
    builder, image = started(3, 6, 6)
    (once,) = builder.add(Add(), [image, image], path="+")
    (twice,) = builder.add(Add(), [once, image], path="+")
    graph = builder.finish([image], [twice])
    assert not any(node.shared for node in graph.nodes)


def test_what_reaches_no_output_is_left_out() -> None:
    builder, image = started(3, 6, 6)
    (kept,) = builder.add(ReLU(), [image], path="0")
    builder.add(Convolution(8), [image], path="1")
    (last,) = builder.add(Dense(5), [kept], path="2")
    graph = builder.finish([image], [last], names={"kept": (kept,), "gone": (Value(2),)})
    assert graph.pruned == ("1",)
    assert [node.path for node in graph.nodes] == ["input", "0", "2"]
    assert dict(graph.names) == {"kept": (Value(1),)}
    verify(graph)


def test_a_module_whose_first_use_is_left_out_belongs_to_the_next() -> None:
    builder, image = started(8, 6, 6)
    builder.add(Convolution(8), [image], path="0")
    (kept,) = builder.add(Convolution(8), [image], path="0")
    graph = builder.finish([image], [kept])
    assert graph.params == 8 * 8 * 9 + 8
    verify(graph)


def regions() -> Graph:
    builder, image = started(8, 6, 6)
    with builder.region("block", "cbr") as outputs:
        (inner,) = builder.add(Convolution(8), [image], path="block.0")
        with builder.region("block.1", "empty"):
            builder.add(Convolution(4), [inner], path="block.1.0")
        outputs.append(inner)
    (last,) = builder.add(ReLU(), [inner], path="1")
    return builder.finish([image], [last], title="net")


def test_regions_hold_nodes_and_inner_regions_in_order() -> None:
    graph = regions()
    assert graph.root == Region(
        "", "net", (0, Region("block", "cbr", (1,), (Value(1),)), 2), (Value(2),)
    )
    verify(graph)


def test_users_are_the_readers_of_a_node() -> None:
    builder, image = started(3, 6, 6)
    (once,) = builder.add(ReLU(), [image], path="0")
    (last,) = builder.add(Add(), [once, once, image], path="+")
    assert builder.finish([image], [last]).users == ((1, 2), (2,), ())


def test_equal_texts_make_equal_graphs() -> None:
    assert regions() == regions()


@pytest.mark.parametrize(
    ("op", "given", "message"),
    [
        (
            "conv", [(8,)],
            "error: conv works on [C,L] or [C,H,W] or [C,D,H,W], and the input here is 8  "
            "[wrong-rank]",
        ),
        (
            "bn", [(8, 2), (8, 2)],
            "error: bn takes 1 stream, got 2  [wrong-stream-count]\n"
            "   = help: join several with (a + b), (a | b), cat, add; pick one with .0; make "
            "several with (a, b)",
        ),
        (
            "warp", [(8, 2)],
            "error: warp takes 2 streams, got 1  [wrong-stream-count]\n"
            "   = help: join several with (a + b), (a | b), cat, add; pick one with .0; make "
            "several with (a, b)",
        ),
        (
            "deform", [(8, 2, 2)],
            "error: deform takes 2 or 3 streams, got 1  [wrong-stream-count]\n"
            "   = help: join several with (a + b), (a | b), cat, add; pick one with .0; make "
            "several with (a, b)",
        ),
    ],
)  # fmt: skip
def test_message_of_a_layer_that_does_not_fit(
    op: str, given: list[tuple[int, ...]], message: str
) -> None:
    builder = GraphBuilder()
    inputs = [builder.add(Input(sizes), [], path=f"input{i}")[0] for i, sizes in enumerate(given)]
    made = layer(op)(8) if op in ("conv", "deform") else layer(op)()
    with pytest.raises(GraphError) as caught:
        builder.add(made, inputs, path="0")
    assert str(caught.value) == message


def test_numbers_do_not_grow_without_end() -> None:
    builder, value = started(1, 1000)
    for step in range(2):
        (value,) = builder.add(layer("tconv")(1, 1000, 1000), [value], path=str(step))
    with pytest.raises(GraphError) as caught:
        builder.add(layer("tconv")(1, 1000, 1000), [value], path="2")
    assert str(caught.value) == (
        "error: tconv makes an axis longer than any tensor's: 1x1000000000000  [axis-too-long]\n"
        "   = help: at most 2,147,483,647 numbers stand along one axis"
    )


def test_a_graph_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.ir.build.MOST_NODES", 3)
    builder, image = started(1, 8)
    for step in range(2):
        (image,) = builder.add(ReLU(), [image], path=str(step))
    with pytest.raises(GraphError) as caught:
        builder.add(ReLU(), [image], path="2")
    assert str(caught.value) == (
        "error: the network has more than 3 nodes  [too-many-nodes]\n"
        "   = help: a repetition or recursion in the text is larger than any machine can run"
    )
