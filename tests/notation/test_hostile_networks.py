"""Texts that ask for too much end in a located message, soon and in little memory."""

from __future__ import annotations

import random
import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import TextError
from striate.notation import program
from striate.source import Source, Span
from tests.notation.networks import mistake
from tests.notation.rich_texts import Writer

IMAGE = "input(3, 8, 8) -> "
SECONDS = 3.0
"""Each takes under one on a machine that does nothing else."""
MEGABYTES = 60


def doubling(body: str, levels: int = 200, last: str = "x") -> str:
    """Definitions each of which uses the next one twice."""
    lines = [f"f{i}(x) = {body.format(f'f{i + 1}')}" for i in range(levels)]
    return "\n".join([*lines, f"f{levels}(x) = {last}"])


HOSTILE = {
    "a billion layers": f"{IMAGE}conv(3)*10^9",
    "nested repetitions": f"{IMAGE}((conv(3))*1000)*1000",
    "a billion times nothing": f"{IMAGE}id*10^9",
    "nested folds": f"{IMAGE}(-> (-> relu for i in 1..1000) for j in 1..9999)",
    "nested folds of joins": f"{IMAGE}(+ (+ relu for i in 1..1000) for j in 1..9999)",
    "nested folds of tuples": f"{IMAGE}(, (, id for i in 1..9999) for j in 1..9999)",
    "a tuple that doubles": f"{IMAGE}(id, id)*40 -> add",
    "a join that doubles": f"{IMAGE}(id | id)*5000",
    "many parts": f"{IMAGE}conv(10^6) -> split(10^6)",
    "channels": f"{IMAGE}conv(10^9)",
    "a tower of powers": f"{IMAGE}conv(2^2^2^9)",
    "a long list": f"{IMAGE}conv(len([1 for i in 1..10^9]))",
    "nested comprehensions": f"{IMAGE}conv(len([[j for j in 1..9999] for i in 1..9999]))",
    "lists that are rebuilt": f"xs = 1..5000\n{IMAGE}conv(len([xs + xs for i in 1..9999]))",
    "a list that doubles": f"f(x, n) = if n > 0 then f([x, x], n-1) else x\n{IMAGE}conv(f(1, 60))",
    "a list that deepens": f"f(x, n) = if n > 0 then f([x], n-1) else x\n{IMAGE}conv(f(1, 150))",
    "recursion of modules": f"f := f -> f\n{IMAGE}f",
    "recursion of networks": f"f(x) = conv(x) -> f(x)\n{IMAGE}f(3)",
    "recursion of numbers": f"f(x) = f(x)\n{IMAGE}conv(f(3))",
    "recursion of arguments": f"f(x) = f(f(x))\n{IMAGE}conv(f(3))",
    "recursion of kinds": f"a = b; b = if a then a else b\n{IMAGE}a -> conv(b)",
    "recursion through an argument": f"f(g) = g(g)\n{IMAGE}f(f)",
    "a tree of networks": f"f(n) = if n < 1 then relu else (f(n-1) -> f(n-1))\n{IMAGE}f(60)",
    "a tree of sums": f"f(n) = if n < 1 then relu else (f(n-1) + f(n-1))\n{IMAGE}f(60)",
    "a tree of numbers": f"f(n) = if n < 2 then 1 else (f(n-1) + f(n-2))\n{IMAGE}conv(f(60))",
    "a tree of arguments": f"f(n, x) = if n > 0 then f(n-1, (x -> x)) else x\n{IMAGE}f(60, bn)",
    "functions that double": f"{doubling('{0}(x) + {0}(x)')}\n{IMAGE}conv(f0(1))",
    "networks that double": f"{doubling('{0}(x) -> {0}(x)', 150)}\n{IMAGE}f0(relu)",
    "arguments that double": f"{doubling('{0}([x, x])', 150)}\n{IMAGE}conv(f0(1))",
    "calls that double": f"{doubling('{0}({0}(x))')}\n{IMAGE}conv(f0(1))",
    "a long row of constants": "\n".join(f"a{i} = a{i + 1}" for i in range(3000))
    + f"\na3000 = b\n{IMAGE}conv(a0)",
    "a label bomb": f"{IMAGE}x" + "{10^15}" * 7 + ": conv(3)",
    "CONV after CONV": f"{IMAGE}(CONV -> RELU)*9999 -> FC",
    "many mistakes": f"{IMAGE}" + " -> ".join(f"foo{i}" for i in range(2000)),
    "many wrong statements": "\n".join(f"set foo{i}(1)" for i in range(2000)) + f"\n{IMAGE}relu",
    "a long name": f"{IMAGE}{'a' * 20_000}",
    "a long argument": f"{IMAGE}conv({'a' * 20_000}=1)",
    "a long file name": f'use "{"a" * 20_000}.cnn"\n{IMAGE}relu',
    "many keys": f"{IMAGE}conv([{', '.join(f'k{i}: 1' for i in range(3000))}][z])",
    "many parameters": f"f({', '.join(f'a{i}' for i in range(3000))}) = relu\n{IMAGE}f",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_text_that_asks_for_too_much_is_told(text: str) -> None:
    start = time.process_time()
    with pytest.raises(TextError) as caught:
        program(Source("net.cnn", text)).graph()
    assert time.process_time() - start < SECONDS
    check_message(caught.value)


@pytest.mark.parametrize("name", ["a tuple that doubles", "nested folds of joins", "many parts"])
def test_it_takes_little_memory(name: str) -> None:
    tracemalloc.start()
    with suppress(TextError):
        program(Source("net.cnn", HOSTILE[name])).graph()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEGABYTES * 2**20


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_counting_its_members_ends_too(text: str) -> None:
    start = time.process_time()
    with suppress(TextError):
        assert program(Source("net.cnn", text)).pattern().count() >= 1
    assert time.process_time() - start < SECONDS


def check_message(error: TextError) -> None:
    """Every mistake has a place and a message that fits a screen."""
    assert 1 <= len(error.diagnostics) <= 20
    for one in error.diagnostics:
        assert isinstance(one.span, Span)
    lines = str(error).splitlines()
    assert max(map(len, lines)) <= 300
    assert len(lines) <= 20 * 16


def test_a_sample_of_what_never_is_legal_gives_up() -> None:
    made = program(Source("net.cnn", f"{IMAGE}(maxpool | {{relu, gelu}})*{{5..9}}")).pattern()
    start = time.process_time()
    with pytest.raises(TextError):
        made.sample(0)
    assert time.process_time() - start < SECONDS


def test_large_but_real_networks_are_no_mistake() -> None:
    text = f"block := (conv(3) -> bn -> relu -> conv(3) -> bn + id) -> relu\n{IMAGE}block*1000"
    assert len(program(Source("net.cnn", text)).graph().nodes) == 1 + 7 * 1000


def test_the_size_is_told_in_the_message() -> None:
    found = mistake(f"{IMAGE}conv(3)*10^9")
    assert found.reason == "this makes the network larger than 10,000 layers (about 10^9)"


# Random texts


@settings(max_examples=150)
@given(st.randoms(use_true_random=False))
def test_random_texts_give_a_network_or_a_message(source: random.Random) -> None:
    text = Writer(source.choice).text()
    try:
        made = program(Source("net.cnn", text))
        graph = made.graph()
        assert graph.params >= 0
        assert graph.cost.macs >= 0
    except TextError as error:
        check_message(error)


@settings(max_examples=100)
@given(st.randoms(use_true_random=False))
def test_random_texts_are_counted_or_not(source: random.Random) -> None:
    text = Writer(source.choice).text()
    try:
        assert program(Source("net.cnn", text)).pattern().count() >= 1
    except TextError as error:
        check_message(error)
