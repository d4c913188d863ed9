"""A block met again is copied; the graph is the one that working it out again would give."""

from typing import Any

import pytest

from striate.ir import Graph
from striate.networks import network
from striate.notation.repeats import Repeats

BLOCKS = """
set conv(b=0)
pair(w, act=relu) := conv: conv(w) -> act -> (conv2: conv(w) + id) as sum -> (@sum + @conv)
twice(w) := m: pair(w) -> (@m.conv | @m) -> n: pair(w)
shared(w) := x -> x where x: pair(w)
"""
TEXTS = {
    "names inside copies": "input(4, 8, 8) -> a: twice(4) -> b: twice(4) -> (@a.m | @b.n.sum)",
    "another activation": "input(4, 8, 8) -> pair(4) -> pair(4, gelu) -> pair(4) -> pair(4, gelu)",
    "shared inside": "input(4, 8, 8) -> shared(4) -> shared(4) -> (shared(4) + shared(4))",
    "used twice": "input(4, 8, 8) -> s -> pair(4) -> s where s: twice(4)",
    "whole and real numbers": "input(4, 8, 8) -> pair(4) -> pair(4.0) -> pair(4)",
    "repeated": "input(4, 8, 8) -> (pair(4) -> maxpool(2) -> twice(4))*3",
    "absent": "opt(n) := conv(4) -> (id + if n then relu)\ninput(4, 8, 8) -> opt(0) -> opt(0)",
    "streams": "two := (.0 + .1, conv(4))\ninput(4, 8, 8) -> (id, id) -> (.0 + .1) -> pair(4)",
}


def _no_key(*_: object) -> None:
    return None


def _everything(graph: Graph) -> tuple[Any, ...]:
    spans = [node.span and (node.span.start, node.span.end) for node in graph.nodes]
    return graph.nodes, spans, graph.root, graph.names, graph.pruned, graph.outputs


def _made(spec: str) -> tuple[Any, ...]:
    return _everything(network(spec).graph)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_copies_are_what_running_would_give(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_copies = _made(BLOCKS + text)
    monkeypatch.setattr(Repeats, "key", _no_key)
    assert with_copies == _made(BLOCKS + text)


@pytest.mark.parametrize(
    "name", ["resnet18", "hrnet_w18", "densenet121", "convnext_tiny", "hourglass2"]
)
def test_zoo_networks_are_the_same_without_copies(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_copies = _made(name)
    monkeypatch.setattr(Repeats, "key", _no_key)
    assert with_copies == _made(name)
