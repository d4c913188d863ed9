"""Whatever is written in Python comes back from its text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import UsageError
from striate.notation.builder import Piece, choice, name, ref, streams
from striate.notation.parser import parse_expression
from striate.source import Source


def read(text: str) -> object:
    return parse_expression(Source("<text>", text))


def test_a_chain_that_begins_with_a_reference_keeps_its_parentheses() -> None:
    piece = name("bn") >> (ref("x") >> name("relu")) >> name("gap")
    assert str(piece) == "bn -> (@x -> relu) -> gap"
    assert piece.tree == read(str(piece))


def grown(inner: st.SearchStrategy[Piece]) -> st.SearchStrategy[Piece]:
    return st.one_of(
        st.builds(lambda a, b: a >> b, inner, inner),
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a: a * 2, inner),
        inner.map(Piece.optional),
        inner.map(lambda a: a.named("x")),
        inner.map(lambda a: a.as_("x")),
        st.builds(streams, inner, inner),
        st.builds(choice, inner, inner),
        inner.map(lambda a: name("f")(a, act=a)),
    )


words = st.sampled_from(["bn", "relu", "id", "f"]).map(name)
leaves = words | st.integers(-9, 9).map(name("conv")) | st.just(ref("x"))


@settings(max_examples=100)
@given(st.recursive(leaves, grown, max_leaves=12))
def test_printing_a_piece_and_reading_it_gives_the_piece(piece: Piece) -> None:
    assert read(str(piece)) == piece.tree


def test_what_is_no_piece_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        name("conv")({"w": 16})  # type: ignore[arg-type]
    assert str(caught.value) == (
        "error: a network is made of pieces, numbers, texts and lists, not dict  [not-a-piece]\n"
        "   = help: from striate import layers as L; L.conv(16) >> L.relu"
    )
    with pytest.raises(UsageError) as caught:
        streams(name("bn"))
    assert str(caught.value) == (
        "error: a tuple of streams needs two or more  [one-stream]\n   = help: streams(a, b)"
    )
