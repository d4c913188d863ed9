"""Networks written in Python: the same trees as the texts they print."""

from __future__ import annotations

import pytest

import striate
from striate import layers as L  # noqa: N812  (as its page writes it)
from striate.errors import UsageError
from striate.notation.builder import Piece
from striate.notation.parser import parse_expression
from striate.source import Source

block = L.conv(16) >> L.bn >> L.relu


def parsed(text: str) -> object:
    return parse_expression(Source("<text>", text))


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        (L.conv(16, s=2) >> L.bn, "conv(16, s=2) -> bn"),
        ((block) + L.id, "(conv(16) -> bn -> relu + id)"),
        (L.id - L.conv(3) + L.relu, "(id - conv(3) + relu)"),
        (L.id | L.conv(8) | L.conv(4), "(id | conv(8) | conv(4))"),
        (L.id & (L.gap >> L.sigmoid), "(id & gap -> sigmoid)"),
        ((L.id + L.relu) | L.bn, "((id + relu) | bn)"),
        (block * 3, "(conv(16) -> bn -> relu)*3"),
        (block * L.choice(1, 2), "(conv(16) -> bn -> relu)*{1, 2}"),
        (L.conv(8, (1, 7), p=0), "conv(8, 1x7, p=0)"),
        (L.pad([0, 1, 0, 1]), "pad([0, 1, 0, 1])"),
        (L.affine(-1, 1), "affine(-1, 1)"),
        (L.maxpool.optional(), "maxpool?"),
        (L.conv(8).named("conv1"), "conv1: conv(8)"),
        (L.conv(8).named("a.b-0"), '"a.b-0": conv(8)'),
        (L.conv(8).as_("x") >> L.relu, "conv(8) as x -> relu"),
        (L.conv(8).stated(8, None, None), "conv(8) :: 8x?x?"),
        (L.streams(L.ref("a.b"), L.pick(1)), "(@a.b, .1)"),
        (L.conv("2*c") >> "relu -> bn", "conv(2*c) -> relu -> bn"),
    ],
)
def test_a_piece_is_the_tree_of_its_text(piece: Piece, text: str) -> None:
    assert piece.tree == parsed(text)
    assert parsed(str(piece)) == piece.tree


def test_a_piece_is_a_network() -> None:
    net = striate.network(L.input(3, 32, 32) >> block * 2 >> L.gap >> L.fc(10))
    # Two convolutions with bias, two batch norms, one dense layer.
    assert net.params == (3 * 9 * 16 + 16) + (16 * 9 * 16 + 16) + 2 * 2 * 16 + (16 * 10 + 10)


def test_a_piece_with_choices_is_a_pattern() -> None:
    space = striate.pattern(L.input(3, 8, 8) >> L.conv(L.choice(8, 16)) >> L.relu.optional())
    assert space.count() == 2 * 2


def test_what_is_no_piece_is_named() -> None:
    with pytest.raises(UsageError, match="not dict") as caught:
        L.conv({})  # type: ignore[arg-type]
    assert caught.value.code == "not-a-piece"


def test_one_stream_is_no_tuple() -> None:
    with pytest.raises(UsageError) as caught:
        L.streams(L.id)
    assert caught.value.code == "one-stream"
