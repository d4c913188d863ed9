"""Images are shared out equally by class, nothing is torn apart, nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.data.allocation import Images, folds_of, held_out, portions

SHARES = st.sampled_from([0.01, 0.1, 0.25, 0.5, 0.9])
LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=120)


def images(labels: list[int], units: list[int] | None = None) -> Images:
    """Images of one label each."""
    alone = np.arange(len(labels)) if units is None else np.asarray(units)
    return Images(np.asarray(labels), np.ones(len(labels), np.int64), alone, 5)


def chosen(data: Images, share: float, seed: int = 0) -> np.ndarray:
    rows = np.arange(len(data.counts))
    wanted = share * np.bincount(data.values, minlength=data.classes)
    return held_out(data, rows, wanted, np.random.default_rng(seed))


@given(LABELS, SHARES)
def test_alone_every_class_gives_its_share_within_one_image(
    labels: list[int], share: float
) -> None:
    held = chosen(images(labels), share)
    assert len(np.unique(held)) == len(held)
    for label in set(labels):
        count, given_ = labels.count(label), int((np.asarray(labels)[held] == label).sum())
        assert abs(given_ - share * count) < 1 or given_ == 1
        assert given_ < count
        assert (given_ >= 1) == (count >= 2)


@st.composite
def grouped(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    labels = draw(LABELS)
    units = draw(st.lists(st.integers(0, 30), min_size=len(labels), max_size=len(labels)))
    return labels, units


@given(grouped(), SHARES, st.integers(0, 3))
def test_units_are_never_torn_and_no_class_is_emptied(
    data: tuple[list[int], list[int]], share: float, seed: int
) -> None:
    labels, units = map(np.asarray, data)
    held = chosen(images(*data), share, seed)
    is_held = np.isin(np.arange(len(labels)), held)
    for unit in set(units.tolist()):
        assert len(set(is_held[units == unit].tolist())) == 1
    assert set(labels[~is_held].tolist()) == set(labels.tolist())


@given(grouped(), SHARES)
def test_a_class_overshoots_by_no_more_than_its_largest_unit(
    data: tuple[list[int], list[int]], share: float
) -> None:
    labels, units = map(np.asarray, data)
    held = chosen(images(*data), share)
    largest = int(np.bincount(units).max())
    for label in set(labels.tolist()):
        wanted = share * int((labels == label).sum())
        assert int((labels[held] == label).sum()) <= wanted + max(largest, 1)


@given(LABELS, st.integers(2, 7), st.integers(0, 3))
def test_folds_have_equal_numbers_of_each_class_and_of_all(
    labels: list[int], count: int, seed: int
) -> None:
    data = images(labels)
    rows = np.arange(len(labels))
    folds = folds_of(data, rows, count, np.random.default_rng(seed))
    sizes = np.bincount(folds, minlength=count)
    assert sizes.sum() == len(labels)
    assert sizes.max() - sizes.min() <= 1
    for label in set(labels):
        each = np.bincount(folds[np.asarray(labels) == label], minlength=count)
        assert each.max() - each.min() <= 1


@given(grouped(), st.integers(2, 5))
def test_folds_tear_no_unit(data: tuple[list[int], list[int]], count: int) -> None:
    labels, units = map(np.asarray, data)
    folds = folds_of(images(*data), np.arange(len(labels)), count, np.random.default_rng(0))
    assert set(folds.tolist()) <= set(range(count))
    for unit in set(units.tolist()):
        assert len(set(folds[units == unit].tolist())) == 1


@pytest.mark.filterwarnings("ignore:The least populated class")
@pytest.mark.parametrize(("groups", "largest", "classes"), [(60, 8, 5), (200, 20, 5), (60, 30, 4)])
def test_folds_of_groups_are_about_as_even_as_those_of_scikit_learn(
    groups: int, largest: int, classes: int
) -> None:
    """The mean distance of the classes from their share, in images."""
    from sklearn.model_selection import StratifiedGroupKFold

    chance = np.random.default_rng(0)
    units = np.repeat(np.arange(groups), chance.integers(1, largest, groups))
    usual = chance.integers(0, classes, groups)[units]
    is_usual = chance.random(len(units)) < 0.7
    labels = np.where(is_usual, usual, chance.integers(0, classes, len(units)))
    data = images(labels.tolist(), units.tolist())
    ours = folds_of(data, np.arange(len(units)), 5, np.random.default_rng(0))
    theirs = np.empty(len(units), np.int64)
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    for fold, (_, test) in enumerate(splitter.split(labels, labels, units)):
        theirs[test] = fold
    shares = np.bincount(labels, minlength=5) / 5
    distances = [
        np.mean(
            [np.abs(np.bincount(labels[folds == fold], minlength=5) - shares) for fold in range(5)]
        )
        for folds in (ours, theirs)
    ]
    assert distances[0] <= distances[1] + 0.25


@settings(max_examples=30)
@given(st.lists(st.integers(1, 6), min_size=12, max_size=60), st.integers(0, 3))
def test_groups_of_one_class_come_near_the_share(sizes: list[int], seed: int) -> None:
    """Held out is what is wanted to within half the largest group, as long as groups are small."""
    units = np.repeat(np.arange(len(sizes)), sizes)
    held = chosen(images([0] * len(units), units.tolist()), 0.3, seed)
    assert abs(len(held) - 0.3 * len(units)) <= max(sizes)


def test_images_of_several_labels_are_shared_out_by_all_of_them() -> None:
    """Two labels, each on half of the images, independently: both near their share."""
    chance = np.random.default_rng(0)
    first, second = chance.random((2, 400)) < 0.5
    lists = [[0] * bool(a) + [1] * bool(b) for a, b in zip(first, second, strict=True)]
    counts = np.asarray(list(map(len, lists)))
    values = np.asarray([label for each in lists for label in each])
    data = Images(values, counts, np.arange(400), 2)
    held = chosen(data, 0.2)
    for is_of in (first, second):
        assert abs(is_of[held].sum() - 0.2 * is_of.sum()) <= 2  # an image may have both


def test_another_seed_holds_out_other_groups() -> None:
    units = np.repeat(np.arange(20), 5).tolist()
    drawn = {tuple(chosen(images([0] * 100, units), 0.2, seed)) for seed in range(4)}
    assert len(drawn) == 4


@pytest.mark.parametrize(
    ("exact", "most", "expected"),
    [
        ([1.5, 1.5], [9, 9], [2, 1]),
        ([0.2, 0.2, 0.2], [1, 1, 0], [1, 1, 0]),
        ([2.9, 0.1], [2, 5], [2, 1]),
    ],
)
def test_portions_are_whole_numbers_of_the_same_sum(
    exact: list[float], most: list[int], expected: list[int]
) -> None:
    assert portions(np.asarray(exact), np.asarray(most)).tolist() == expected
