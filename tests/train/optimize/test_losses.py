"""Tests of the losses, against sums written out in double precision."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from striate.data import index
from striate.train.optimize.losses import Loss, loss_of
from striate.train.settings import Settings
from tests.train.optimize.test_balance import labelled

LOGITS = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0], [2.0, 2.0, 2.0]])
LABELS = torch.tensor([0, 2, 1])


def shares(logits: Tensor) -> list[list[float]]:
    """Probabilities, slowly."""
    rows = []
    for row in logits.tolist():
        total = sum(math.exp(one) for one in row)
        rows.append([math.exp(one) / total for one in row])
    return rows


def written_out(targets: list[list[float]], weights: list[float], smoothing: float) -> float:
    """Mean over images of the image's weight times its cross-entropy to the smoothed target."""
    total = 0.0
    for row, target in zip(shares(LOGITS), targets, strict=True):
        smooth = [(1 - smoothing) * one + smoothing / 3 for one in target]
        entropy = -sum(one * math.log(p) for one, p in zip(smooth, row, strict=True))
        total += entropy * sum(one * w for one, w in zip(target, weights, strict=True))
    return total / len(targets)


HOT = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
MIXED = [[0.7, 0.3, 0.0], [0.0, 0.5, 0.5], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, [2.0, 0.5, 0.8]])
def test_cross_entropy_is_the_one_written_out(
    smoothing: float, weights: list[float] | None
) -> None:
    loss = Loss(smoothing, None if weights is None else torch.tensor(weights))
    used = weights or [1.0, 1.0, 1.0]
    assert loss(LOGITS, LABELS).item() == pytest.approx(written_out(HOT, used, smoothing))
    mixed = loss(LOGITS, torch.tensor(MIXED)).item()
    assert mixed == pytest.approx(written_out(MIXED, used, smoothing))


def test_without_weights_it_is_torchs() -> None:
    expected = cross_entropy(LOGITS, LABELS, label_smoothing=0.1)
    assert torch.equal(Loss(0.1)(LOGITS, LABELS), expected)


def test_labels_and_the_same_in_shares_of_classes_agree() -> None:
    loss = Loss(0.1, torch.tensor([2.0, 0.5, 0.8]))
    torch.testing.assert_close(loss(LOGITS, LABELS), loss(LOGITS, torch.tensor(HOT)))


def test_the_parts_of_a_batch_add_up_to_the_whole() -> None:
    # As several processes and accumulated steps need it: weights must not divide by themselves.
    loss = Loss(0.1, torch.tensor([2.0, 0.5, 0.8]))
    parts = [loss(LOGITS[at : at + 1], LABELS[at : at + 1]) for at in range(3)]
    torch.testing.assert_close(torch.stack(parts).mean(), loss(LOGITS, LABELS))


@pytest.mark.parametrize("weights", [None, [3.0, 1.0, 0.5]])
def test_several_labels_have_a_cross_entropy_each(weights: list[float] | None) -> None:
    targets = [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    total = 0.0
    for row, wanted in zip(LOGITS.tolist(), targets, strict=True):
        for at, (logit, one) in enumerate(zip(row, wanted, strict=True)):
            smooth = 0.9 * one + 0.05
            chance = 1 / (1 + math.exp(-logit))
            weight = 1.0 if weights is None else weights[at]
            total -= weight * smooth * math.log(chance) + (1 - smooth) * math.log(1 - chance)
    loss = Loss(0.1, None if weights is None else torch.tensor(weights), is_multilabel=True)
    assert loss(LOGITS, torch.tensor(targets)).item() == pytest.approx(total / 9)


def test_the_loss_is_worked_out_in_float32() -> None:
    loss = Loss(0.1, torch.tensor([2.0, 0.5, 0.8]))
    assert loss(LOGITS.bfloat16(), LABELS).dtype == torch.float32


def test_a_training_on_even_classes_has_even_weights() -> None:
    settings = Settings(epochs=1, size=8, batch=8, lr=0.1, balance="weights", smoothing=0.2)
    manifest = index("digits")
    found = loss_of(settings, manifest)
    assert found.smoothing == 0.2
    assert not found.is_multilabel
    assert found.weights is not None
    counts = torch.from_numpy(manifest.counts())
    torch.testing.assert_close(found.weights * counts, torch.full((10,), len(manifest) / 10))


def test_images_of_several_labels_get_a_loss_for_them() -> None:
    settings = Settings(epochs=1, size=8, batch=8, lr=0.1, balance="weights")
    found = loss_of(settings, labelled([[0], [0, 1], [], [0]], 2))
    assert found.is_multilabel
    assert found.weights is not None
    assert found.weights.tolist() == pytest.approx([1 / 3, 3.0])


def test_one_may_say_that_images_have_several_labels_where_none_happens_to() -> None:
    settings = Settings(epochs=1, size=8, batch=8, lr=0.1)
    assert loss_of(settings, index("digits"), is_multilabel=True).is_multilabel
