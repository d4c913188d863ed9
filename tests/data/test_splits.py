"""Held-out images are drawn equally from every class, once, with a seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import Manifest, default_share, index, stratified, with_validation
from striate.data.manifest import manifest_table
from striate.data.splits import drawn, kept_together


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


def divisible(splits: list[str], groups: list[str | None]) -> Manifest:
    """A manifest of so many images of one class, which are nowhere."""
    count = len(splits)
    columns = {
        "path": [f"{number}.png" for number in range(count)],
        "place": [-1] * count,
        "bytes": [-1] * count,
        "labels": [0] * count,
        "split": splits,
        "group": groups,
    }
    return Manifest("/", "folder", ("a",), manifest_table(columns))


def test_a_training_draws_its_validation_images_by_groups() -> None:
    groups = [str(number // 5) for number in range(100)]
    divided = with_validation(divisible(["train"] * 100, list(groups)), share=0.2, seed=0)
    val = set(divided.only("val").groups)
    assert len(val) == 4
    assert not val & set(divided.only("train").groups)
    assert divided.split_rule == {"rule": "drawn", "seed": 0, "val": 0.2, "units": True}


def test_a_scanned_manifest_keeps_copies_together() -> None:
    """Forty pictures, each there twice under two names."""
    found = divisible(["train"] * 80, [None] * 80)
    hashes = [bytes([number % 40]) * 16 for number in range(80)]
    divided = with_validation(found.with_columns(content_hash=hashes), share=0.25, seed=0)
    assert divided.splits[:40].tolist() == divided.splits[40:].tolist()
    assert len(divided.only("val")) == 20


@given(
    st.lists(st.tuples(st.sampled_from([None, "a", "b", "c", "d"]), st.integers(0, 12)), min_size=1)
)
def test_what_hangs_together_by_groups_and_copies_is_one_unit(
    images: list[tuple[str | None, int]],
) -> None:
    """Against a search through the images, one after the other."""
    groups, copies = [group for group, _ in images], [copy for _, copy in images]
    found = divisible(["train"] * len(images), groups)
    units = kept_together(found, np.asarray(copies))
    numbers = list(range(len(images))) if units is None else units.tolist()
    for start in range(len(images)):
        reached, waiting = {start}, [start]
        while waiting:
            one = waiting.pop()
            near = {
                other
                for other in range(len(images))
                if copies[other] == copies[one]
                or (groups[one] is not None and groups[other] == groups[one])
            }
            waiting += near - reached
            reached |= near
        assert reached == {other for other, unit in enumerate(numbers) if unit == numbers[start]}


@given(
    st.lists(st.sampled_from(["train", "train", "train", "val", "test"]), min_size=1),
    st.sampled_from([0.1, 0.3]),
    st.integers(0, 5),
)
def test_what_is_stated_is_kept_and_every_image_has_one_split(
    stated: list[str], share: float, seed: int
) -> None:
    found = divisible(stated, [None] * len(stated))
    shares = {name: share for name in ("val", "test") if name not in stated}
    divided = drawn(found, shares, seed=seed)
    assert set(divided.splits) <= {"train", "val", "test"}
    for before, after in zip(stated, divided.splits, strict=True):
        assert before in ("train", after)
    for name in shares:
        training = stated.count("train")
        assert abs((divided.splits == name).sum() - share * training) <= 1


@pytest.mark.parametrize(
    ("images", "classes", "share"),
    [(200, 2, 0.1), (50_000, 10, 0.05), (1_200_000, 1000, 25_000 / 1_200_000)],
)
def test_validation_takes_no_more_than_it_needs(images: int, classes: int, share: float) -> None:
    assert default_share(images, classes) == share
