"""Capsules against the paper's equations, one number at a time."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

import striate.nn as snn
from striate.errors import GraphError
from tests.nn.references import double

Vector = list[float]


def slow_squash(vector: Vector) -> Vector:
    """Equation 1."""
    square = sum(number * number for number in vector)
    if square == 0:
        return [0.0 for _ in vector]
    return [square / (1 + square) * number / math.sqrt(square) for number in vector]


def slow_routing(given: list[Vector], matrices: Tensor, rounds: int) -> list[Vector]:
    """Procedure 1, for one example: vectors of the layer below to those of the layer above."""
    below, above = range(matrices.shape[0]), range(matrices.shape[1])
    votes = {
        (i, j): [
            sum(float(w) * x for w, x in zip(row, given[i], strict=True)) for row in matrices[i, j]
        ]
        for i in below
        for j in above
    }
    logits = dict.fromkeys(votes, 0.0)
    out: list[Vector] = []
    for _ in range(rounds):
        shares = {}
        for i in below:
            total = sum(math.exp(logits[i, j]) for j in above)
            shares.update({(i, j): math.exp(logits[i, j]) / total for j in above})
        out = []
        for j in above:
            sums = [0.0] * matrices.shape[2]
            for i in below:
                sums = [s + shares[i, j] * v for s, v in zip(sums, votes[i, j], strict=True)]
            out.append(slow_squash(sums))
        for (i, j), vote in votes.items():
            logits[i, j] += sum(v * u for v, u in zip(out[j], vote, strict=True))
    return out


@pytest.mark.parametrize("rounds", [1, 2, 3, 5])
def test_routing_equals_the_procedure_of_the_paper(rounds: int) -> None:
    layer = snn.CapsuleRouting(2 * 6, 3, 4, 5, rounds).double()
    x = double(2, 6, 2, 3)
    with torch.no_grad():
        layer.weight.normal_()
    for image, found in zip(x, layer(x), strict=True):
        given = [
            image[3 * kind : 3 * kind + 3, row, column].tolist()
            for kind in range(2)
            for row in range(2)
            for column in range(3)
        ]
        expected = slow_routing(given, layer.weight.detach(), rounds)
        torch.testing.assert_close(found.view(4, 5), torch.tensor(expected, dtype=torch.float64))


def test_routing_favours_the_capsule_whose_votes_agree() -> None:
    layer = snn.CapsuleRouting(4, 1, 2, 2, rounds=3)
    votes = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]] * 2 + [[[1.0, 0.0], [-1.0, 0.0]]] * 2)
    with torch.no_grad():
        layer.weight.copy_(votes.unsqueeze(3))
    agreed, contradicted = snn.VectorLength(2)(layer(torch.ones(1, 4)))[0].tolist()
    assert agreed > 0.8
    assert contradicted < 0.2


def test_squash_and_length_are_those_of_each_vector() -> None:
    x = double(2, 6, 2)
    squashed, lengths = snn.Squash(3)(x), snn.VectorLength(3)(x)
    for n, kind, place in ((n, k, p) for n in range(2) for k in range(2) for p in range(2)):
        vector = x[n, 3 * kind : 3 * kind + 3, place].tolist()
        expected = torch.tensor(slow_squash(vector), dtype=torch.float64)
        torch.testing.assert_close(squashed[n, 3 * kind : 3 * kind + 3, place], expected)
        assert math.isclose(float(lengths[n, kind, place]), math.hypot(*vector))


def test_squash_of_nothing_is_nothing_and_has_a_gradient() -> None:
    x = torch.zeros(1, 4, requires_grad=True)
    y = snn.Squash(4)(x)
    y.sum().backward()
    assert y.tolist() == [[0.0] * 4]
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_squash_of_long_vectors_in_half_precision_stays_below_one() -> None:
    x = torch.full((1, 4), 1000.0, dtype=torch.float16)
    torch.testing.assert_close(snn.Squash(4)(x).float(), torch.full((1, 4), 0.5), atol=1e-3, rtol=0)


def test_the_longest_vector_stays_or_that_of_the_highest_score() -> None:
    x = torch.tensor([[1.0, 1.0, 3.0, 0.0, -2.0, 2.0]])
    assert snn.LongestVector(2)(x).tolist() == [[0, 0, 3, 0, 0, 0]]
    true_class = torch.tensor([[0.0, 0.0, 1.0]])
    assert snn.LongestVector(2)(x, true_class).tolist() == [[0, 0, 0, 0, -2, 2]]


def test_gradients_are_right() -> None:
    layer = snn.CapsuleRouting(4, 2, 3, 2).double()
    assert torch.autograd.gradcheck(layer, (double(2, 8).requires_grad_(),))


def test_radial_basis_is_the_squared_distance_to_each_code() -> None:
    layer = snn.RadialBasis(84, 10).double()
    x = double(3, 84)
    for n in range(3):
        for k in range(10):
            pairs = zip(x[n].tolist(), layer.codes[k].tolist(), strict=True)
            expected = sum((number - code) ** 2 for number, code in pairs)
            assert math.isclose(float(layer(x)[n, k]), expected)


def test_codes_are_fixed_and_differ_in_about_half_of_their_places() -> None:
    layer = snn.RadialBasis(84, 10)
    assert not list(layer.parameters())
    assert set(layer.codes.flatten().tolist()) == {-1.0, 1.0}
    differ = (layer.codes.unsqueeze(0) != layer.codes.unsqueeze(1)).sum(2)
    apart = [int(differ[i, j]) for i in range(10) for j in range(i)]
    assert 36 <= min(apart) <= max(apart) <= 48


def test_another_number_of_capsules_is_told() -> None:
    with pytest.raises(GraphError) as caught:
        snn.CapsuleRouting(8, 2, 3, 4)(torch.zeros(1, 4, 3, 3))
    assert str(caught.value) == (
        "error: CapsuleRouting: 1x4x3x3 has 18 vectors of 2 channels, expected 8  [nn-capsules]\n"
        "   = help: there is a matrix for each of them, so the size of the plane is fixed"
    )


def test_too_many_classes_for_the_codes_are_told() -> None:
    with pytest.raises(GraphError) as caught:
        snn.RadialBasis(3, 4)
    assert str(caught.value) == (
        "error: RadialBasis: 3 features have no 4 different codes  [nn-codes]\n"
        "   = help: at most 3 classes, or more features"
    )
