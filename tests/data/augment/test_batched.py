"""Whole batches: re-entered at any step, and each operation against something independent."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from torch.nn.functional import cross_entropy

from striate.data.augment import Augmentation, Augmented, Augmenter, Draws, Edges, Mix
from striate.data.augment.batched import applied, erased, jittered
from striate.data.augment.mixing import mixed, mixed_targets

ALL = Augmentation(
    padding=2, flip=True, rotate=20, trivial_augment=True, jitter=0.4, erase=0.5, mixup=0.4,
    cutmix=1.0,
)  # fmt: skip
CLASSES = 5


def images(count: int, height: int = 8, width: int = 9, channels: int = 3) -> torch.Tensor:
    chance = torch.Generator().manual_seed(count)
    shape = (count, height, width, channels)
    return torch.randint(0, 256, shape, generator=chance, dtype=torch.uint8)


def labels(count: int) -> torch.Tensor:
    return torch.arange(count) % CLASSES


def augmenter(plan: Augmentation, channels: int = 3, seed: int = 0) -> Augmenter:
    return Augmenter(plan, CLASSES, (0.5,) * channels, seed)


@pytest.mark.parametrize("plan", [ALL, replace(ALL, mixup=0, edges="ground"), Augmentation(2)])
def test_steps_are_the_same_bit_for_bit_when_entered_in_the_middle(plan: Augmentation) -> None:
    batches = [images(6 + step % 2) for step in range(6)]

    def run(first: int) -> list[Augmented]:
        changed = augmenter(plan)
        return [changed(batches[i], labels(len(batches[i])), step=i) for i in range(first, 6)]

    for whole, resumed in zip(run(0)[3:], run(3), strict=True):
        assert torch.equal(whole.images, resumed.images)
        assert torch.equal(whole.targets, resumed.targets)


def test_global_chance_stays_as_it_was() -> None:
    state, own = torch.get_rng_state(), random.getstate()
    numbers = str(np.random.get_state())  # noqa: NPY002
    augmenter(ALL)(images(6), labels(6), step=0)
    assert torch.equal(torch.get_rng_state(), state)
    assert random.getstate() == own
    assert str(np.random.get_state()) == numbers  # noqa: NPY002


@pytest.mark.parametrize("channels", [1, 3, 4, 12])
@pytest.mark.parametrize("edges", ["mirror", "ground"])
@pytest.mark.parametrize("shape", [(6, 8, 9), (1, 8, 8), (2, 1, 1), (3, 2, 40)])
def test_any_number_of_channels_and_any_size_pass(
    channels: int, edges: Edges, shape: tuple[int, int, int]
) -> None:
    plan = replace(ALL, edges=edges, padding=30, trivial_augment=channels in (1, 3))
    count, height, width = shape
    given = images(count, height, width, channels)
    for step in range(3):
        changed = augmenter(plan, channels)(given, labels(count), step=step)
        assert changed.images.shape == given.shape
        assert changed.images.dtype == torch.float32
        assert -0.01 < changed.images.min() <= changed.images.max() < 255.01
        torch.testing.assert_close(changed.targets.sum(1), torch.ones(count))


def test_moved_pixels_stay_whole_numbers_and_labels_stay_labels() -> None:
    changed = augmenter(Augmentation(2, flip=True))(images(6), labels(6), step=1)
    assert changed.images.dtype == torch.uint8
    assert torch.equal(changed.targets, labels(6))
    untouched = augmenter(Augmentation())(images(6), labels(6), step=1)
    assert torch.equal(untouched.images, images(6))


def test_a_seed_of_its_own_gives_other_images() -> None:
    one, two = (augmenter(ALL, seed=seed)(images(6), labels(6), step=0) for seed in (0, 1))
    assert not torch.equal(one.images, two.images)


@pytest.mark.parametrize("factors", [(0.6, 1.4, 1.3), (1.4, 0.6, 0.0), (1.0, 1.0, 1.0)])
@pytest.mark.parametrize("channels", [1, 3])
def test_jitter_is_that_of_pillow(factors: tuple[float, float, float], channels: int) -> None:
    given = images(1, 16, 16, channels)
    ours = jittered(given.permute(0, 3, 1, 2) / 255, np.array([factors]))
    image = Image.fromarray(given[0].squeeze(-1).numpy() if channels == 1 else given[0].numpy())
    for factor, change in zip(
        factors, (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color), strict=True
    ):
        image = change(image).enhance(factor)
    theirs = np.asarray(image).reshape(16, 16, channels)
    # Pillow rounds to whole levels three times, and the next step may stretch what it lost.
    assert np.abs(ours[0].permute(1, 2, 0).numpy() * 255 - theirs).max() < 4


def test_jitter_of_other_bands_changes_brightness_and_contrast_alone() -> None:
    pixels = images(1, 6, 6, 5).permute(0, 3, 1, 2) / 255
    ours = jittered(pixels, np.array([[0.5, 1.2, 0.0]]))
    halved = pixels.double().numpy() * 0.5
    expected = np.clip(halved * 1.2 - 0.2 * halved.mean(), 0, 1)
    np.testing.assert_allclose(ours.numpy(), expected, atol=1e-6)


def test_what_is_erased_becomes_the_mean_that_the_network_sees_as_zero() -> None:
    pixels = images(3, 5, 6).permute(0, 3, 1, 2) / 255
    holes = np.array([[1, 2, 4, 6], [0, 0, 0, 0], [0, 0, 5, 1]])
    changed = erased(pixels, holes, ground=(0.1, 0.2, 0.3))
    expected = pixels.clone()
    expected[0, :, 1:4, 2:6] = torch.tensor([0.1, 0.2, 0.3])[:, None, None]
    expected[2, :, 0:5, 0:1] = torch.tensor([0.1, 0.2, 0.3])[:, None, None]
    assert torch.equal(changed, expected)


def test_mixup_is_a_weighted_mean_of_pixels_and_of_targets() -> None:
    pixels = images(3).permute(0, 3, 1, 2) / 255
    mix = Mix("mixup", np.array([2, 0, 1]), share=0.25)
    expected = 0.25 * pixels + 0.75 * pixels[[2, 0, 1]]
    torch.testing.assert_close(mixed(pixels, mix), expected)
    targets = mixed_targets(torch.tensor([4, 0, 0]), mix, classes=5)
    # First: 0.25 of class 4, 0.75 of class 0; second the reverse; third is all class 0.
    assert targets.tolist() == [[0.75, 0, 0, 0, 0.25], [0.25, 0, 0, 0, 0.75], [1, 0, 0, 0, 0]]


def test_several_labels_an_image_are_mixed_class_by_class() -> None:
    mix = Mix("mixup", np.array([1, 2, 0]), share=0.25)
    both, one, none = [1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]
    targets = mixed_targets(torch.tensor([both, one, none]), mix, classes=3)
    assert targets.tolist() == [[0.25, 1.0, 0.0], [0.0, 0.25, 0.0], [0.75, 0.75, 0.0]]


def test_unmixed_batches_keep_several_labels_as_they_are() -> None:
    given = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    changed = augmenter(Augmentation(2, flip=True, erase=0.5))(images(2), given, step=3)
    assert torch.equal(changed.targets, given)


def test_cutmix_shares_the_target_as_it_shares_the_pixels() -> None:
    for step in range(30):
        black_and_white = torch.zeros((2, 11, 7, 1), dtype=torch.uint8)
        black_and_white[1] = 255
        changed = Augmenter(Augmentation(cutmix=1.0), 2, (0.5,), 4)(
            black_and_white, torch.tensor([0, 1]), step=step
        )
        # The share of white pixels is the share of class 1, which is the white image.
        white = changed.images.mean(dim=(1, 2, 3)) / 255
        torch.testing.assert_close(changed.targets[:, 1], white)


def test_mixing_leaves_the_images_it_is_given() -> None:
    pixels = images(3).permute(0, 3, 1, 2) / 255
    before = pixels.clone()
    mixed(pixels, Mix("cutmix", np.array([2, 0, 1]), 0.9, (0, 0, 3, 3)))
    assert torch.equal(pixels, before)


def test_label_smoothing_of_mixed_targets_is_the_mix_of_smoothed_ones() -> None:
    mix = Mix("mixup", np.array([1, 0]), share=0.3)
    hard = torch.tensor([3, 1])
    logits = torch.tensor([[0.1, 2.0, -1.0, 0.4, 0.0], [1.0, 0.5, 0.0, -0.5, 3.0]])
    loss = cross_entropy(logits, mixed_targets(hard, mix, classes=5), label_smoothing=0.1)
    logs = logits.double() - logits.double().exp().sum(1, keepdim=True).log()
    smooth = [[0.02] * 5, [0.02] * 5]
    for row, (own, other) in enumerate([(3, 1), (1, 3)]):
        smooth[row][own] += 0.9 * 0.3
        smooth[row][other] += 0.9 * 0.7
    expected = -(torch.tensor(smooth, dtype=torch.float64) * logs).sum(1).mean()
    torch.testing.assert_close(loss.double(), expected, atol=1e-6, rtol=0)


def test_operations_follow_each_other_in_their_order() -> None:
    given = images(2, 6, 6)
    draws = Draws(
        shifts=np.array([[1, 0], [0, 0]]),
        holes=np.array([[0, 0, 2, 2], [0, 0, 0, 0]]),
        mix=Mix("cutmix", np.array([1, 0]), 1 - 4 / 36, (0, 0, 2, 2)),
    )
    changed = applied(given, draws, Augmentation(padding=1), ground=(0.0, 0.0, 0.0))
    # The corner of the first goes, erased already, into the second, whose corner comes back.
    assert changed[1, :2, :2].abs().max() == 0
    torch.testing.assert_close(changed[0, :2, :2], given[1, :2, :2].float())
    torch.testing.assert_close(changed[0, 2:5], given[0, 3:6].float())
