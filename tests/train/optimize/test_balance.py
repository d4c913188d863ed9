"""Tests of how much rare classes count."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from striate.data import Manifest, index
from striate.train.optimize.balance import (
    Order,
    class_weights,
    effective_number,
    positive_weights,
    times_shown,
)


def labelled(labels: list[list[int]], classes: int) -> Manifest:
    """A manifest of images that are not there, with these labels."""
    digits = index("digits")
    taken = digits.taken(np.arange(len(labels)))
    at = taken.table.schema.get_field_index("labels")
    column = pa.array(labels, taken.table.schema.field("labels").type)
    table = taken.table.set_column(at, taken.table.schema.field("labels"), column)
    names = tuple(f"class {number}" for number in range(classes))
    return Manifest(taken.root, taken.kind, names, table)


def test_weights_are_in_inverse_proportion_to_images() -> None:
    # 10 and 30 images: weights 3 to 1, whose mean over the 40 images is 1.
    weights = class_weights(np.array([10.0, 30.0]), "weights")
    assert weights is not None
    assert weights.tolist() == pytest.approx([2.0, 2 / 3])


@pytest.mark.parametrize("balance", ["weights", "effective"])
def test_the_mean_weight_of_an_image_is_one(balance: str) -> None:
    counts = np.array([3.0, 0.0, 500.0, 20_000.0])
    weights = class_weights(counts, balance)  # type: ignore[arg-type]
    assert weights is not None
    assert (weights * counts).sum() / counts.sum() == pytest.approx(1)
    assert weights[1] == 0


def test_the_effective_number_is_the_sum_of_shrinking_shares() -> None:
    # Each new image adds beta times what the one before it added.
    for images in (1, 2, 7, 400):
        total = sum(0.999**n for n in range(images))
        assert effective_number(np.array([float(images)]))[0] == pytest.approx(total)


def test_effective_numbers_pull_less_than_counts() -> None:
    counts = np.array([100.0, 10_000.0])
    plain, effective = class_weights(counts, "weights"), class_weights(counts, "effective")
    assert plain is not None
    assert effective is not None
    assert plain[0] / plain[1] == pytest.approx(100)
    assert 5 < effective[0] / effective[1] < 20


def test_without_balance_there_are_no_weights() -> None:
    for balance in ("none", "sampler"):
        assert class_weights(np.array([1.0, 2.0]), balance) is None
        assert positive_weights(np.array([1.0, 2.0]), 3, balance) is None


def test_a_label_weighs_as_much_as_its_absence() -> None:
    weights = positive_weights(np.array([5.0, 10.0, 0.0, 20.0]), 20, "weights")
    assert weights is not None
    assert weights.tolist() == pytest.approx([3.0, 1.0, 1.0, 1.0])


def test_without_a_sampler_each_image_is_shown_once() -> None:
    manifest = labelled([[0]] * 7 + [[1]] * 2, 2)
    order = Order(manifest, "none", seed=3)
    assert sorted(order(1)) == list(range(9))
    assert order(1).tolist() != order(2).tolist()
    # The order that trainings had before there was a sampler.
    expected = np.random.default_rng([3, 1]).permutation(9)
    assert order(1).tolist() == expected.tolist()


def test_a_sampler_shows_all_classes_equally_often() -> None:
    manifest = labelled([[0]] * 60 + [[1]] * 6, 2)
    order = Order(manifest, "sampler", seed=0)
    shown = np.stack([order(epoch) for epoch in range(1, 21)])
    assert shown.shape == (20, 66)
    assert np.abs((shown >= 60).sum(axis=1) - 33).max() <= 1
    # Six images in 33 places: each five or six times.
    times = np.stack([np.bincount(one, minlength=66) for one in shown])
    assert set(np.unique(times[:, 60:])) == {5, 6}
    assert set(np.unique(times[:, :60])) == {0, 1}
    # Over epochs all of the frequent class are shown.
    assert (times[:, :60].sum(axis=0) > 0).all()


def test_what_a_sampler_draws_depends_on_seed_and_epoch_alone() -> None:
    manifest = labelled([[0]] * 9 + [[1]] * 3, 2)
    one, other = Order(manifest, "sampler", seed=5), Order(manifest, "sampler", seed=5)
    other(1)
    assert one(4).tolist() == other(4).tolist()
    assert one(4).tolist() != Order(manifest, "sampler", seed=6)(4).tolist()


def test_a_class_without_images_is_no_matter_to_the_sampler() -> None:
    manifest = labelled([[0]] * 4 + [[2]] * 12, 3)
    shown = Order(manifest, "sampler", seed=0)(1)
    assert (shown < 4).sum() == 8


def test_images_of_several_labels_are_shown_as_the_mean_of_their_labels_says() -> None:
    # Counts 4 and 1: at equal parts of 5 labels, 2.5/4 and 2.5/1 times.
    manifest = labelled([[0], [0], [0], [0, 1], []], 2)
    times = times_shown(manifest)
    expected = np.array([0.625, 0.625, 0.625, (0.625 + 2.5) / 2, 1.0])
    assert times.tolist() == pytest.approx((expected * 5 / expected.sum()).tolist())
    assert len(Order(manifest, "sampler", seed=0)(1)) == 5
