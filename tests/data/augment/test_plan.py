"""What chance decides: by seed and step alone, in the published proportions."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from striate.data.augment import Augmentation, draw
from striate.data.augment.trivial import Kind
from striate.errors import UsageError

ALL = Augmentation(
    padding=4,
    flip=True,
    rotate=15,
    trivial_augment=True,
    jitter=0.4,
    erase=0.5,
    mixup=0.2,
    cutmix=1.0,
)
SHAPE = (64, 32, 48)


def test_a_step_is_drawn_alike_whatever_was_drawn_before() -> None:
    told = [draw(ALL, seed=3, step=7, shape=SHAPE).told(5)]
    for step in range(8):
        again = draw(ALL, seed=3, step=step, shape=SHAPE).told(5)
    assert [again] == told
    assert draw(ALL, seed=4, step=7, shape=SHAPE).told(5) != told[0]


def test_ranks_draw_for_their_images_what_one_process_draws() -> None:
    places = np.random.default_rng(0).permutation(500)[:64]
    whole = draw(ALL, seed=3, step=7, shape=SHAPE, places=places)
    names = ("shifts", "flips", "angles", "kinds", "strengths", "factors", "holes")
    for rank in range(3):
        own = places[rank::3]
        part = draw(ALL, seed=3, step=7, shape=(len(own), 32, 48), places=own)
        for name in names:
            assert np.array_equal(getattr(part, name), getattr(whole, name)[rank::3]), name
        assert whole.mix is not None
        assert part.mix is not None
        assert (part.mix.kind, part.mix.share, part.mix.box) == (
            whole.mix.kind, whole.mix.share, whole.mix.box
        )  # fmt: skip
        assert sorted(part.mix.partners) == list(range(len(own)))


def test_an_image_in_another_step_or_place_draws_anew() -> None:
    places = np.array([8, 9])
    one = draw(ALL, seed=0, step=1, shape=(2, 32, 48), places=places)
    later = draw(ALL, seed=0, step=2, shape=(2, 32, 48), places=places)
    assert one.angles is not None
    assert later.angles is not None
    assert len({*one.angles.tolist(), *later.angles.tolist()}) == 4


def test_no_global_source_of_chance_is_touched() -> None:
    before = torch.get_rng_state()
    state, numbers = random.getstate(), str(np.random.get_state())  # noqa: NPY002
    draw(ALL, seed=0, step=0, shape=SHAPE)
    assert torch.equal(torch.get_rng_state(), before)
    assert random.getstate() == state
    assert str(np.random.get_state()) == numbers  # noqa: NPY002


def test_an_operation_more_leaves_what_the_others_draw() -> None:
    alone = draw(Augmentation(padding=4, flip=True, rotate=15), seed=1, step=2, shape=SHAPE)
    among = draw(ALL, seed=1, step=2, shape=SHAPE)
    for name in ("shifts", "flips", "angles"):
        assert np.array_equal(getattr(alone, name), getattr(among, name))


def test_operations_are_drawn_independently_of_each_other() -> None:
    plan = replace(ALL, flip=True, rotate=1, jitter=1, mixup=0, cutmix=0)
    draws = draw(plan, seed=1, step=2, shape=(2000, 32, 32))
    assert draws.factors is not None
    assert draws.flips is not None
    assert draws.holes is not None
    rows = [draws.angles, draws.factors[:, 0], draws.strengths, draws.flips, draws.holes.any(1)]
    correlations = np.corrcoef(np.array(rows, np.float64)) - np.eye(len(rows))
    assert np.abs(correlations).max() < 5 / np.sqrt(2000)  # five standard deviations
    # If two operations drew from one stream, the first numbers would be the same.
    firsts = [draws.angles[:3], draws.factors[0] - 1]  # type: ignore[index]
    assert not np.allclose(*firsts)


def test_nothing_wanted_draws_nothing() -> None:
    draws = draw(Augmentation(), seed=0, step=0, shape=SHAPE)
    assert draws.told(0) == {}
    assert draws.shifts is None
    assert draws.mix is None


def test_all_shifts_and_both_sides_occur_about_equally() -> None:
    draws = draw(Augmentation(padding=1, flip=True), seed=0, step=0, shape=(3600, 5, 5))
    assert draws.shifts is not None
    assert draws.flips is not None
    cells = np.column_stack([draws.shifts, draws.flips])
    _, counts = np.unique(cells, axis=0, return_counts=True)
    assert len(counts) == 9 * 2
    assert abs(counts - 200).max() < 5 * 14  # five standard deviations of a count around 200


def test_padding_wider_than_the_image_is_cut() -> None:
    draws = draw(Augmentation(padding=50), seed=0, step=0, shape=(500, 2, 3))
    assert draws.shifts is not None
    assert draws.shifts.min(axis=0).tolist() == [-1, -2]
    assert draws.shifts.max(axis=0).tolist() == [1, 2]


def test_erased_parts_have_the_published_areas_and_frequency() -> None:
    holes = draw(Augmentation(erase=0.3), seed=1, step=0, shape=(4000, 300, 300)).holes
    assert holes is not None
    down, across = holes[:, 2] - holes[:, 0], holes[:, 3] - holes[:, 1]
    area = down * across / 300**2
    some = area > 0
    assert abs(some.mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 4000)
    assert 0.019 < area[some].min() < 0.03
    assert 0.37 < area[some].max() < 0.41
    # Uniform from 0.02 to 0.4, but for the large long ones that do not fit.
    assert abs(area[some].mean() - 0.2) < 0.02
    shape = down[some] / across[some]
    assert 0.28 < shape.min() < 0.33
    assert 3.0 < shape.max() < 3.5
    assert (holes.min(), holes.max()) >= (0, 0)
    assert holes.max() <= 300


def test_a_single_pixel_is_never_erased() -> None:
    holes = draw(Augmentation(erase=1.0), seed=1, step=0, shape=(9, 1, 1)).holes
    assert holes is not None
    assert not holes.any()


def test_cutmix_counts_the_pixels_that_are_left() -> None:
    plan = Augmentation(cutmix=1.0)
    for step in range(200):
        mix = draw(plan, seed=2, step=step, shape=(4, 17, 23)).mix
        assert mix is not None
        covered = np.zeros((17, 23), bool)
        top, left, bottom, right = mix.box
        covered[top:bottom, left:right] = True
        assert mix.share == pytest.approx(1 - covered.mean())


def test_where_both_mixes_are_wanted_a_step_takes_one_of_them() -> None:
    kinds = [
        getattr(draw(ALL, seed=5, step=step, shape=SHAPE).mix, "kind", "") for step in range(400)
    ]
    assert 200 - 50 < kinds.count("mixup") < 200 + 50  # five standard deviations of 10
    assert kinds.count("mixup") + kinds.count("cutmix") == 400


def test_a_batch_of_one_has_itself_as_partner() -> None:
    draws = draw(replace(ALL, cutmix=0), seed=0, step=0, shape=(1, 8, 8))
    assert draws.mix is not None
    assert draws.mix.partners.tolist() == [0]
    assert "mixup" not in draws.told(0)


def test_all_kinds_and_strengths_are_drawn_equally_often() -> None:
    draws = draw(Augmentation(trivial_augment=True), seed=0, step=0, shape=(14_000, 8, 8))
    assert draws.kinds is not None
    assert draws.strengths is not None
    assert abs(np.bincount(draws.kinds, minlength=len(Kind)) - 1000).max() < 5 * 31
    steps, counts = np.unique(np.abs(draws.strengths), return_counts=True)
    assert len(steps) == 31
    assert abs(counts - 14_000 / 31).max() < 5 * 21
    assert abs((draws.strengths > 0).mean() - 30 / 62) < 0.02


def test_trivial_augment_of_other_bands_is_refused() -> None:
    with pytest.raises(UsageError, match="1 or 3 channels, these have 4") as refused:
        ALL.check(4)
    assert refused.value.code == "augmentation-channels"
    replace(ALL, trivial_augment=False).check(4)
    ALL.check(1)
