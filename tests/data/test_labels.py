"""Labels of batches: one number an image, or a 1 for each class that an image has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from striate.data import Loader, Manifest, Preprocessing, Shard, index
from striate.data.labels import Labels
from striate.errors import DataError
from tests.data.pictures import stripe_folder

RECORD = Preprocessing(8, 8, 3)
LISTS = [[0], [], [1, 0], [1], [0, 1], [0]]


@pytest.fixture
def single(tmp_path: Path) -> Manifest:
    return index(stripe_folder(tmp_path / "photos", images=3))


@pytest.fixture
def several(single: Manifest) -> Manifest:
    return single.with_columns(labels=LISTS)


def expected(places: list[int]) -> list[list[float]]:
    return [[float(name in LISTS[place]) for name in (0, 1)] for place in places]


def test_several_labels_are_ones_of_every_class(several: Manifest) -> None:
    order = np.array([5, 2, 1, 0, 4, 3])
    loader = Loader(several, RECORD, 4, workers=2)
    batches = list(loader.batches(order))
    assert loader.is_multilabel
    assert all(batch.labels.dtype == torch.float32 for batch in batches)
    assert torch.cat([batch.labels for batch in batches]).tolist() == expected(order.tolist())


def test_places_may_come_again_and_in_any_order(several: Manifest) -> None:
    places = np.array([2, 2, 1, 1, 4, 0, 2])
    assert Labels(several)[places].tolist() == expected(places.tolist())
    assert Labels(several)[places[:0]].shape == (0, 2)


def test_a_part_with_one_label_an_image_can_be_told_to_belong_to_several(
    several: Manifest,
) -> None:
    part = several.taken(np.array([0, 3, 5]))
    assert Loader(part, RECORD, 4).targets(np.arange(3)).tolist() == [0, 1, 0]
    told = Loader(part, RECORD, 4, is_multilabel=True)
    assert told.targets(np.arange(3)).tolist() == [[1, 0], [0, 1], [1, 0]]


def test_several_labels_are_no_single_ones(several: Manifest) -> None:
    with pytest.raises(DataError) as refused:
        Loader(several, RECORD, 4, is_multilabel=False)
    assert refused.value.code == "several-labels"


def test_an_unreadable_image_takes_its_labels_along(several: Manifest, tmp_path: Path) -> None:
    (tmp_path / "photos" / several.name(2)).write_bytes(b"oops")
    (batch,) = Loader(several, RECORD, 6).batches()
    assert batch.labels.tolist() == expected([0, 1, 3, 4, 5])


def test_every_rank_has_the_labels_of_its_images(several: Manifest) -> None:
    for rank in (0, 1):
        (batch,) = Loader(several, RECORD, 3, shard=Shard(rank, 2)).batches()
        assert batch.labels.tolist() == expected(batch.places.tolist())
