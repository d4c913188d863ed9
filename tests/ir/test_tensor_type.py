"""Sizes of what flows along an edge."""

from __future__ import annotations

from striate.ir import TensorType


def test_rank_counts_spatial_axes() -> None:
    assert [TensorType.of(*sizes).rank for sizes in ((8,), (8, 2), (8, 2, 2))] == [0, 1, 2]


def test_elements_are_unknown_where_a_size_is() -> None:
    assert TensorType.of(3, 4, 5).elements == 60
    assert TensorType.of(3, 4, None).elements is None
    assert TensorType.of(3).elements == 3


def test_positions_of_a_flat_tensor_are_one() -> None:
    assert TensorType.of(3).positions == 1
    assert TensorType.of(3, 4, 5).positions == 20


def test_text_is_that_of_the_notation() -> None:
    assert str(TensorType.of(64, None, 7)) == "64x?x7"
    assert str(TensorType.of(64)) == "64"


def test_channels_and_plane_are_replaced_apart() -> None:
    given = TensorType.of(3, 4, 5)
    assert given.with_channels(7) == TensorType.of(7, 4, 5)
    assert given.with_plane(9) == TensorType.of(3, 9)
