"""Every layer says all there is to say about itself, and its examples hold."""

from __future__ import annotations

import re
from typing import Any

import pytest

from striate.ir import Op, op_named, verify
from striate.notation import program
from striate.source import Source
from tests.ops.torch_side import NAMES, kind

COLOURS = {"conv", "pool", "norm", "act", "fc", "join", "drop", "shape", "source", "other"}
NO_PAPER = {
    "input": "a wire",
    "-": "arithmetic",
    "flatten": "an order of numbers",
    "reshape": "an order of numbers",
    "split": "the reverse of |",
    "pad": "older than any paper on networks",
}
"""Layers without a source, each with the reason."""
MANY = {"conv", "dw", "maxpool", "avgpool", "lppool", "gap", "tconv", "bn", "linear", "fc", "pad"}
"""Layers of which at least three ranks are shown."""


@pytest.mark.parametrize("name", NAMES)
def test_its_examples_elaborate_to_what_they_assert(name: str) -> None:
    assert kind(name).examples, "a layer without an example"
    for text in kind(name).examples:
        assert "::" in text, "an example asserts its output"
        graph = program(Source("<example>", text)).graph()
        verify(graph)
        assert any(type(node.op) is kind(name) for node in graph.nodes), text


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_description_a_formula_and_a_source(name: str) -> None:
    layer = kind(name)
    assert layer.__doc__, "no description"
    assert layer.__doc__.splitlines()[0].endswith((".", ":")), "the first line is one sentence"
    assert layer.formula
    assert bool(layer.source) != (name in NO_PAPER), "a paper, or a reason for having none"
    assert not layer.source or re.search(r"\b(19|20)\d\d\b", layer.source), "the year"
    assert layer.glyph in COLOURS


@pytest.mark.parametrize("name", NAMES)
def test_its_arguments_are_described(name: str) -> None:
    for key, parameter in kind(name).parameters.items():
        assert parameter.doc, f"{key} is not described"
        assert len(key) <= 7, f"{key} is no short key"
        assert parameter.long != key


@pytest.mark.parametrize("name", sorted(MANY))
def test_its_examples_show_every_rank(name: str) -> None:
    shown = set()
    for text in kind(name).examples:
        graph = program(Source("<example>", text)).graph()
        shown |= {node.input_types[0].rank for node in graph.nodes if type(node.op) is kind(name)}
    assert {1, 2, 3} <= shown


@pytest.mark.parametrize("name", NAMES)
def test_it_refuses_a_rank_it_does_not_list(name: str) -> None:
    layer = kind(name)
    if layer.streams[0] != 1 or not layer.is_element or layer.ranks == (0, 1, 2, 3):
        return
    missing = next(rank for rank in range(4) if rank not in layer.ranks)
    sizes = "x".join(["8"] * (missing + 1))
    call = next(
        str(node.op)
        for text in layer.examples
        for node in program(Source("<example>", text)).graph().nodes
        if type(node.op) is layer
    )
    with pytest.raises(Exception, match=r"wrong-rank"):
        program(Source("<test>", f"input({sizes}) -> {call}")).graph()


def test_other_names_are_lower_case_words_of_one_layer() -> None:
    for name in NAMES:
        for other in kind(name).also:
            assert other == other.lower()
            assert other.isalnum()
            assert op_named(other) is kind(name)


def test_all_layers_of_the_notation_are_here() -> None:
    table = """conv dw tconv deform linear fc maxpool avgpool lppool gap gmp bn ln gn inorm lrn
    dropout spatialdropout droppath dropblock relu relu6 lrelu prelu elu selu gelu silu mish hswish
    hsigmoid sigmoid tanh softplus softmax up pad crop shuffle pixelshuffle split cat add mean
    maxout prod cmean cmax affine l2norm warp reshape flatten input param + - | &
    blurpool gem unshuffle wsconv rmsn"""
    assert not [word for word in table.split() if op_named(word) is None]


def test_final_classes_are_not_inherited_from() -> None:
    def below(layer: Any) -> list[type[Op]]:
        return [one for sub in layer.__subclasses__() for one in (sub, *below(sub))]

    inside = [one for one in below(Op) if one.__module__.startswith("striate.ops.")]
    assert not [one for one in inside if one.name and one.__subclasses__()]
