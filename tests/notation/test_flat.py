"""The flat form: any graph becomes a text that gives the graph again."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings

from striate.ir import Graph, GraphBuilder, Initialisation, Value, op_named, op_names
from striate.networks import network
from striate.notation.flat import flat
from striate.notation.parser import parse
from striate.notation.printer import print_file
from striate.notation.program import program
from striate.source import Source
from tests.strategies import graphs, op

Places = tuple[tuple[int, int], ...]


def read(text: str) -> Graph:
    return program(Source("<text>", text)).graph()


def facts(graph: Graph) -> tuple[object, dict[str, Places]]:
    """What the text promises to keep, with the inputs first; and the names of values."""
    inputs = [value.node for value in graph.inputs]
    order = [*inputs, *(at for at in range(len(graph.nodes)) if at not in inputs)]
    new = {old: at for at, old in enumerate(order)}

    def moved(values: tuple[Value, ...]) -> Places:
        return tuple((new[value.node], value.port) for value in values)

    rows = []
    for old in order:
        node = graph.nodes[old]
        own = (node.path, node.shared) if node.op.is_element else ()
        rows.append((node.op, moved(node.inputs), own, node.init if node.weights else None))
    names = {
        name: moved(values)
        for name, values in graph.names.items()
        if len(values) == 1 and not re.fullmatch(r"v_*\d+", name)
    }
    return (rows, moved(graph.inputs), moved(graph.outputs)), names


# Each has a wiring that the others have not.
UNLIKE = (
    *("cbam_resnet50", "cspdarknet53", "densenet121", "dpn68", "fpn_resnet50", "hourglass2"),
    *("hrnet_w18", "regnet_y_400mf", "resnet18", "skresnet18", "stn_digits", "unet_bio"),
)


@pytest.mark.parametrize("name", UNLIKE)
def test_a_network_of_the_zoo_comes_back_from_its_flat_form(name: str) -> None:
    graph = network(name).graph
    text = flat(graph)
    again = read(text)
    assert facts(again) == facts(graph)
    assert again.params == graph.params
    assert flat(again) == text


@pytest.mark.parametrize("name", op_names())
def test_every_layer_comes_back_with_its_arguments(name: str) -> None:
    kind = op_named(name)
    assert kind is not None
    for example in kind.examples:
        graph = read(example)
        assert facts(read(flat(graph))) == facts(graph), example


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_a_random_graph_comes_back_from_its_flat_form(graph: Graph) -> None:
    text = flat(graph)
    (kept, names), (wanted, known) = facts(read(text)), facts(graph)
    assert kept == wanted
    assert known.items() <= names.items()
    assert print_file(parse(Source("<text>", text)))


def test_one_node_a_line_with_its_full_path() -> None:
    text = "input(3, 8, 8) -> layer1: (conv1: conv(4) -> relu) -> (id + bn1: bn) -> gap"
    assert flat(read(text)) == (
        "input(3, 8, 8) as v0\n"
        "  -> layer1.conv1: conv(4) as v1\n"
        "  -> layer1.1: relu as v2\n"
        "  -> bn1: bn as v3\n"
        "  -> (@v2 + @v3) as v4\n"
        "  -> 2: gap as v5\n"
        "  -> layer1: (@v2)\n"
        "  -> (@v5)\n"
    )


def test_streams_of_one_node_and_several_inputs_and_outputs() -> None:
    text = "(input(4, 8, 8), input(4, 8, 8)) -> (.0 -> split(2), .1) -> (.1, .0 | .2, .2)"
    assert flat(read(text)) == (
        "(input(4, 8, 8) as v0, input(4, 8, 8) as v1)\n"
        "  -> (@v0) -> 0: split(2) as v2\n"
        "  -> (@v2 -> .0 | @v1) as v3\n"
        "  -> (@v2 -> .1, @v3, @v1)\n"
    )


def test_a_layer_of_several_streams() -> None:
    text = "input(3, 8, 8) -> (id, conv(18, 3)) -> deform(4)"
    assert flat(read(text)) == (
        "input(3, 8, 8) as v0\n  -> 0: conv(18) as v1\n  -> (@v0, @v1) -> 1: deform(4) as v2\n"
    )


def test_shared_modules_stand_behind_where() -> None:
    text = "input(4, 8, 8) -> a: (gap -> m + gmp -> m) -> m where m: (conv(4, 1) -> relu)"
    printed = flat(read(text))
    assert printed == (
        "input(4, 8, 8) as v0\n"
        "  -> a.0: gap as v1\n"
        '  -> "m.0" as v2\n'
        '  -> "m.1" as v3\n'
        "  -> (@v0) -> a.1: gmp as v4\n"
        '  -> "m.0" as v5\n'
        '  -> "m.1" as v6\n'
        "  -> (@v3 + @v6) as v7\n"
        '  -> "m.0" as v8\n'
        '  -> "m.1" as v9\n'
        "  -> a: (@v7)\n"
        "  -> (@v9)\n"
        '  where "m.0": conv(4, 1),\n'
        '    "m.1": relu\n'
    )
    assert read(printed).params == 4 * 4 + 4


def test_odd_labels_are_quoted_and_names_like_its_own_are_avoided() -> None:
    text = 'input(3, 8, 8) -> v7: conv(4) -> "a-b": bn -> "in": relu as p5 -> gap'
    printed = flat(read(text))
    assert printed == (
        "input(3, 8, 8) as v_0\n"
        "  -> v7: conv(4) as v_1\n"
        '  -> "a-b": bn as v_2\n'
        '  -> "in": relu as v_3\n'
        "  -> 3: gap as v_4\n"
        "  -> p5: (@v_3)\n"
        "  -> (@v_4)\n"
    )
    assert flat(read(printed)) == printed


def test_initialisation_travels() -> None:
    text = "set init(trunc_normal, std=0.01)\ninput(3, 8, 8) -> conv(4)"
    printed = flat(read(text))
    assert printed.startswith("set init(trunc_normal, std=0.01)\n")
    (kernel,) = [node.init for node in read(printed).nodes if node.weights]
    assert kernel == Initialisation("trunc_normal", 0.01)


def test_an_initialisation_that_only_some_layers_have_is_noted() -> None:
    builder = GraphBuilder()
    value = builder.add(op("input", 3, 8, 8), [], path="input")
    for place, scheme in enumerate(["he_fan_out", "torch", "he_fan_out"]):
        value = builder.add(op("conv", 4), value, path=str(place), init=Initialisation(scheme))
    printed = flat(builder.finish([Value(0)], value))
    assert printed.startswith("# layers that started with init(torch): 1\ninput")
