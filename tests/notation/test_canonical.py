"""Canonical words: one way to write each call, and never another network."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings

from striate.errors import TextError
from striate.ir import Graph, TensorType, op_named, op_names
from striate.notation import Elaborator, program
from striate.notation.canonical import canonical
from striate.notation.flat import flat
from striate.notation.parser import parse
from striate.notation.printer import print_file, print_tree
from striate.notation.program import Program
from striate.notation.syntax import Definition, File, Network
from striate.source import Source
from tests.notation import call_texts
from tests.notation.corpus import TEXTS, read
from tests.notation.rich_texts import Writer
from tests.notation.trees import files
from tests.strategies import graphs

LAWS = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
SIZES = ((3, 224, 224), (3, 32, 32), (1, 64, 64))


def made(text: str, *, name: str = "<text>") -> Program:
    return program(Source(name, text))


def drawn(text: str, seed: int) -> Graph | None:
    """The network of a text, its choices taken by chance; None where it has mistakes."""
    source = Random(seed)
    try:
        of = made(text)
        assert of.network is not None
        elaborator = Elaborator(decide=lambda expr, options: source.randrange(options))
        return elaborator.graph(of.network, of.scope)
    except TextError:
        return None


def printed(text: str) -> str:
    """The canonical text, which is canonical already."""
    file = parse(Source("<text>", text))
    again = print_file(file)
    assert parse(Source("<printed>", again)) == canonical(file)
    assert print_file(parse(Source("<printed>", again))) == again
    return again


# The network stays the same


def networks_of(path: Path) -> Iterator[tuple[Network, Graph]]:
    """Networks that a file can give on its own, on inputs that fit them."""
    text = path.read_text("utf-8")
    for one in parse(Source(path.name, text)).statements:
        network = one
        if isinstance(one, Definition) and all(each.default for each in one.parameters or ()):
            (network,) = parse(Source("<asked>", one.name)).statements
        for sizes in SIZES if isinstance(network, Network) else ():
            assert isinstance(network, Network)
            of = made(text, name=str(path)).calling(network)
            try:
                yield network, of.graph([TensorType.of(*sizes)])
                break
            except TextError:
                continue


@pytest.mark.parametrize("path", TEXTS)
def test_a_published_text_in_canonical_words_gives_the_same_networks(path: Path) -> None:
    text = print_file(read(path))
    for network, graph in islice(networks_of(path), 1):
        of = made(text, name=str(path)).calling(network)
        assert of.graph(graph.input_types) == graph


@pytest.mark.parametrize("seed", range(6))
def test_calls_in_all_ways_of_writing_give_the_same_network(seed: int) -> None:
    source, legal = Random(seed), 0
    for _ in range(40):
        text = call_texts.text(source)
        again = printed(text)
        graph = drawn(text, seed)
        legal += graph is not None
        assert graph is None or drawn(again, seed) == graph, f"{text}\n{again}"
    assert legal > 10


def test_texts_of_all_kinds_give_the_same_network() -> None:
    legal = 0
    for seed in range(60):
        text = Writer(Random(seed).choice).text()
        graph = drawn(text, seed)
        legal += graph is not None
        assert graph is None or drawn(printed(text), seed) == graph, text
    assert legal


@pytest.mark.parametrize(
    "text",
    [
        "INPUT -> ((CONV -> RELU)*N -> POOL?)*M -> (FC -> RELU)*K -> FC",
        "input(3, 8, 8) -> conv({4, 8}, k={1, 3, 5}, s=1) -> conv(kernel={1, 3}, w={2, 3})?",
        "f(w={4, 8}, k=3) = conv(w, k)\ninput(3, 8, 8) -> f(k={1, 3}) -> f(k=3, w=2) -> f()*{0..2}",
    ],
)
def test_a_pattern_keeps_its_members_and_their_vectors(text: str) -> None:
    space, again = made(text).pattern(), made(printed(text)).pattern()
    assert again.count() == space.count()
    assert list(islice(again.members(), 40)) == list(islice(space.members(), 40))


@LAWS
@given(files)
def test_whatever_can_be_written_has_a_canonical_form(file: File) -> None:
    again = canonical(file)
    assert canonical(again) == again
    assert parse(Source("<printed>", print_tree(again))) == again
    assert again.comments == file.comments
    assert [one.comments for one in again.statements] == [one.comments for one in file.statements]


# The flat form, which is printed from the graph, is canonical in the same way


@LAWS
@given(graphs())
def test_the_flat_form_of_a_graph_is_canonical(graph: Graph) -> None:
    file = parse(Source("<flat>", flat(graph)))
    assert canonical(file) == file


@pytest.mark.parametrize("name", op_names())
def test_the_flat_form_of_every_layer_is_canonical(name: str) -> None:
    kind = op_named(name)
    assert kind is not None
    for example in kind.examples:
        file = parse(Source("<flat>", flat(made(example).graph())))
        assert canonical(file) == file
