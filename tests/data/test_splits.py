"""Held-out images are drawn equally from every class, once, with a seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import default_share, index, stratified, with_validation


def test_every_class_gives_its_share() -> None:
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    held_out = stratified(labels, share=0.1, seed=0)
    assert np.bincount(labels[held_out]).tolist() == [10, 5, 1]


def test_seed_zero_is_a_seed_and_another_draws_others() -> None:
    labels = np.repeat([0, 1], 50)
    first, again, other = (stratified(labels, share=0.2, seed=seed) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=200),
    st.sampled_from([0.01, 0.1, 0.25, 0.5, 0.9]),
)
def test_small_classes_keep_an_image_and_give_one_if_they_can(
    values: list[int], share: float
) -> None:
    labels = np.asarray(values)
    held_out = stratified(labels, share=share, seed=0)
    for label in np.unique(labels):
        count = int((labels == label).sum())
        given_ = int(held_out[labels == label].sum())
        assert given_ < count
        assert (given_ >= 1) == (count >= 2)


def test_the_total_is_the_share_rounded_up_as_in_scikit_learn() -> None:
    from sklearn.model_selection import train_test_split

    labels = index("digits").labels
    _, expected = train_test_split(labels, test_size=0.2, stratify=labels, random_state=0)
    held_out = stratified(labels, share=0.2, seed=0)
    assert held_out.sum() == len(expected) == 360
    difference = np.bincount(labels[held_out]) - np.bincount(expected)
    assert np.abs(difference).max() <= 1


def test_a_stated_validation_split_is_kept() -> None:
    digits = index("digits")
    stated = digits.with_splits(["val"] + ["train"] * (len(digits) - 1))
    assert with_validation(stated, share=0.5, seed=0) is stated


def test_test_images_never_become_validation() -> None:
    digits = index("digits")
    divided = with_validation(digits, share=0.1, seed=0)
    assert (divided.splits == "test").tolist() == (digits.splits == "test").tolist()
    assert len(divided.only("val")) == 144  # a tenth of 1,437, rounded up


@pytest.mark.parametrize(
    ("images", "classes", "share"),
    [(200, 2, 0.1), (50_000, 10, 0.05), (1_200_000, 1000, 25_000 / 1_200_000)],
)
def test_validation_takes_no_more_than_it_needs(images: int, classes: int, share: float) -> None:
    assert default_share(images, classes) == share
