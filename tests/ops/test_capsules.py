"""Capsules and radial bases as layers: sizes, work, and what a wrong size is told."""

from __future__ import annotations

import pytest
import torch

from striate.errors import GraphError
from striate.ir import Op, TensorType
from tests.ops.torch_side import images, kind, node_of, run

SQUASH, LENGTH, LONGEST = kind("squash"), kind("length"), kind("longest")
ROUTING, RBF = kind("routing"), kind("rbf")


def test_routing_of_the_paper_has_its_counts() -> None:
    node = node_of(ROUTING(10, 16), TensorType.of(256, 6, 6))
    assert [one.shape for one in node.weights] == [(1152, 10, 16, 8)]
    assert node.params == node.cost.macs == 1152 * 10 * 16 * 8
    assert node.outputs == (TensorType(160),)


def test_each_round_of_routing_is_work() -> None:
    given = TensorType.of(24, 5)
    works = [node_of(ROUTING(3, 4, 6, r), given).cost.other for r in (1, 2, 3)]
    pairs = 4 * 5 * 3
    assert works[0] == 2 * pairs * 4 + 3 * 3 * 4
    # A further one: how far the vote agrees, a softmax, the weighted sum and the squash.
    assert works[2] - works[1] == works[1] - works[0] == pairs * (2 * 4 + 3) + works[0]


def test_squash_and_length_run_on_vectors_of_neighbouring_channels() -> None:
    node = node_of(LENGTH(3), TensorType.of(6, 2, 2))
    (x,) = images(node)
    (lengths,) = run(node, [x])
    assert torch.allclose(lengths[:, 1], x[:, 3:].square().sum(1).sqrt())
    (squashed,) = run(node_of(SQUASH(3), TensorType.of(6, 2, 2)), [x])
    (shorter,) = run(node, [squashed])
    assert torch.allclose(shorter, lengths**2 / (1 + lengths**2))


def test_longest_follows_the_scores_where_they_are_given() -> None:
    node = node_of(LONGEST(2), TensorType(6), TensorType(3))
    x = torch.tensor([[5.0, 5.0, 1.0, 2.0, 3.0, 3.0]], dtype=torch.float64)
    (kept,) = run(node, [x, torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64)])
    assert kept.tolist() == [[0, 0, 1, 2, 0, 0]]


@pytest.mark.parametrize(
    ("op", "given", "message"),
    [
        (
            SQUASH(4), [TensorType.of(6, 2, 2)],
            "error: squash: 6 input channels do not divide into vectors of 4  "
            "[groups-do-not-divide]\n"
            "   = help: divisors of 6: [1, 2, 3, 6]",
        ),
        (
            ROUTING(10), [TensorType.of(8, None, 2)],
            "error: routing: the plane here is of unknown size (8x?x2), and so is the number of "
            "features  [needs-size]\n"
            "   = help: give the input its sizes, or bring the plane to a known size: "
            "gap -> routing",
        ),
        (
            LONGEST(2), [TensorType(6), TensorType(2)],
            "error: longest: 6 is 3 vectors of 2, and the scores are 2  [wrong-scores]\n"
            "   = help: one score for each vector, without a plane",
        ),
        (
            RBF(4), [TensorType(3)],
            "error: rbf: 3 numbers arrive, which have 3 codes, and 4 are needed  [too-few-codes]\n"
            "   = help: fc(...) in front makes them more, at least 4",
        ),
    ],
)  # fmt: skip
def test_message(op: Op, given: list[TensorType], message: str) -> None:
    with pytest.raises(GraphError) as caught:
        op.infer(tuple(given))
    assert str(caught.value) == message
