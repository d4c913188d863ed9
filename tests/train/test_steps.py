"""Steps of a training: the same from wherever they are entered, however images are read."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from striate.data import Loader, Preprocessing, index, network_input, open_cache
from striate.options import Options
from striate.train.settings import Settings, resolve
from striate.train.steps import Step, Steps
from tests.data.pictures import noise, png, write

EVERYTHING = Options(
    batch=4, crop_scale=0.3, flip=True, padding=1, rotate=15, trivial_augment=True, jitter=0.4,
    erase=0.5, mixup=0.4, cutmix=1.0,
)  # fmt: skip
RECORD = Preprocessing(8, 8, 3, mean=(0.4, 0.5, 0.6), deviation=(0.2, 0.25, 0.3))
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of seven pictures, all of different sizes."""
    root = tmp_path_factory.mktemp("photos")
    for number in range(14):
        picture = noise(number, height=20 + number, width=31 - number)
        write(root / "ab"[number % 2] / f"{number}.png", png(picture))
    return root


def settings_for(photos: Path, options: Options) -> Settings:
    return resolve(options, manifest=index(photos), record=RECORD, is_colour=True, is_varied=True)


def steps_of(photos: Path, options: Options, *, workers: int = 1, seed: int = 0) -> Steps:
    settings = replace(settings_for(photos, options), seed=seed)
    loader = Loader(
        index(photos),
        RECORD,
        settings.batch,
        view=settings.view(8, 8),
        seed=seed,
        workers=workers,
    )
    return Steps(loader, RECORD, settings, CPU)


def assert_same(ones: list[Step], others: list[Step]) -> None:
    """All that networks see is equal, bit for bit."""
    assert [step.number for step in ones] == [step.number for step in others]
    for one, other in zip(ones, others, strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.targets, other.targets)
        assert torch.equal(one.places, other.places)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_training_entered_in_the_middle_sees_what_it_would_have_seen(
    photos: Path, workers: int
) -> None:
    steps = steps_of(photos, EVERYTHING)
    whole = [step for epoch in (1, 2) for step in steps.epoch(epoch)]
    assert [step.number for step in whole] == list(range(8))  # 14 images by 4, twice
    # A new process, more threads, from the second epoch's third step on.
    resumed = list(steps_of(photos, EVERYTHING, workers=workers).epoch(2, start=2))
    assert_same(whole[6:], resumed)


def test_what_is_left_early_can_be_entered_again(photos: Path) -> None:
    steps = steps_of(photos, EVERYTHING)
    left = steps.epoch(1)
    first = next(left)
    left.close()
    assert_same([first], [next(steps.epoch(1))])


@pytest.mark.parametrize("crop_scale", [0.3, 1.0])
def test_kept_images_are_shown_like_those_just_decoded(photos: Path, crop_scale: float) -> None:
    options = Options(**{**EVERYTHING, "crop_scale": crop_scale})
    settings, manifest = settings_for(photos, options), index(photos)
    view = settings.view(8, 8)
    side = None if view is None else 15
    cache = open_cache(manifest, RECORD, side=side)
    plain, cached = (
        Steps(Loader(manifest, RECORD, 4, view=view, side=side, cache=kept), RECORD, settings, CPU)
        for kept in (None, cache)
    )
    for _ in "first it is filled", "then it is read":
        assert_same(list(plain.epoch(1)), list(cached.epoch(1)))


def test_epochs_and_seeds_differ(photos: Path) -> None:
    steps = steps_of(photos, EVERYTHING)
    images = [next(steps.epoch(epoch)).images for epoch in (1, 2)]
    images.append(next(steps_of(photos, EVERYTHING, seed=1).epoch(1)).images)
    assert not torch.equal(images[0], images[1])
    assert not torch.equal(images[0], images[2])


def test_global_chance_is_not_used(photos: Path) -> None:
    before, state = torch.get_rng_state(), random.getstate()
    numbers = str(np.random.get_state())  # noqa: NPY002
    list(steps_of(photos, EVERYTHING, workers=2).epoch(1))
    assert torch.equal(torch.get_rng_state(), before)
    assert random.getstate() == state
    assert str(np.random.get_state()) == numbers  # noqa: NPY002


def test_nothing_wanted_shows_what_evaluation_sees(photos: Path) -> None:
    options = Options(batch=4, crop_scale=1.0, flip=False, padding=0)
    for step in steps_of(photos, options).epoch(1):
        shown = Loader(index(photos), RECORD, 4)
        (batch,) = shown.batches(step.places.numpy())
        assert torch.equal(step.images, network_input(batch.images, RECORD))
        assert torch.equal(step.targets, batch.labels)


def test_an_image_that_cannot_be_read_leaves_all_other_steps_as_they_are(
    photos: Path, tmp_path: Path
) -> None:
    for file in sorted(photos.rglob("*.png")):
        write(tmp_path / file.relative_to(photos), file.read_bytes())
    whole = list(steps_of(tmp_path, EVERYTHING).epoch(1))
    name = index(tmp_path).name(int(whole[1].places[0]))
    (tmp_path / name).write_bytes(b"no picture")
    steps = steps_of(tmp_path, EVERYTHING)
    damaged = list(steps.epoch(1))
    assert [bad.path for bad in steps.loader.unreadable] == [name]
    assert len(damaged[1].images) == len(whole[1].images) - 1
    assert_same([whole[0], *whole[2:]], [damaged[0], *damaged[2:]])
