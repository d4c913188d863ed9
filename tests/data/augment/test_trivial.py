"""The operations of TrivialAugment, against pillow's on 8-bit images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from striate.data.augment.trivial import Kind, trivially_augmented

CHANCE = np.random.default_rng(0)
# A picture of limited contrast, and one that has all values; grey ones too.
PICTURES = [
    CHANCE.integers(40, 190, (11, 13, 3), dtype=np.uint8),
    CHANCE.integers(0, 256, (16, 10, 3), dtype=np.uint8),
    CHANCE.integers(0, 90, (9, 9, 1), dtype=np.uint8),
]
PILLOW: dict[Kind, Callable[[Image.Image, float], Image.Image]] = {
    Kind.IDENTITY: lambda image, _: image,
    Kind.BRIGHTNESS: lambda image, s: ImageEnhance.Brightness(image).enhance(1 + 0.99 * s),
    Kind.COLOR: lambda image, s: ImageEnhance.Color(image).enhance(1 + 0.99 * s),
    Kind.CONTRAST: lambda image, s: ImageEnhance.Contrast(image).enhance(1 + 0.99 * s),
    Kind.SHARPNESS: lambda image, s: ImageEnhance.Sharpness(image).enhance(1 + 0.99 * s),
    Kind.POSTERIZE: lambda image, s: ImageOps.posterize(image, 8 - round(6 * abs(s))),
    Kind.SOLARIZE: lambda image, s: ImageOps.solarize(image, round(256 - 256 * abs(s))),
    Kind.AUTO_CONTRAST: lambda image, _: ImageOps.autocontrast(image),
    Kind.EQUALIZE: lambda image, _: ImageOps.equalize(image),
}


def ours(picture: np.ndarray, kind: Kind, strength: float) -> np.ndarray:
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    changed = trivially_augmented(
        pixels, kinds=np.array([kind]), strengths=np.array([strength]), edges="mirror"
    )
    return (changed[0].permute(1, 2, 0) * 255).numpy()


@pytest.mark.parametrize("kind", PILLOW)
@pytest.mark.parametrize("strength", [-1.0, -0.5, 0.0, 0.4, 1.0])
def test_colours_are_changed_as_by_pillow(kind: Kind, strength: float) -> None:
    for picture in PICTURES:
        image = Image.fromarray(picture if picture.shape[2] == 3 else picture[:, :, 0])
        expected = np.asarray(PILLOW[kind](image, strength)).reshape(picture.shape)
        # Pillow rounds the grey mean and each result down: two levels of 255 at most.
        assert np.abs(ours(picture, kind, strength) - expected).max() < 2.01


@pytest.mark.parametrize(
    ("kind", "strength", "axis", "by"),
    [(Kind.TRANSLATE_X, 1.0, 1, 10), (Kind.TRANSLATE_Y, -0.5, 0, -8)],
)
def test_the_largest_shift_is_32_pixels_or_the_side(
    kind: Kind, strength: float, axis: int, by: int
) -> None:
    picture = PICTURES[1]  # 16×10
    moved = ours(picture, kind, strength)
    height, width = picture.shape[:2]
    padded = np.pad(picture, ((height - 1,) * 2, (width - 1,) * 2, (0, 0)), mode="reflect")
    top, left = height - 1 - (by if axis == 0 else 0), width - 1 - (by if axis == 1 else 0)
    if abs(by) < picture.shape[axis]:
        expected = padded[top : top + height, left : left + width]
        np.testing.assert_allclose(moved, expected, atol=0.01)
    else:  # a whole side: the mirror image, without its own edge
        np.testing.assert_allclose(moved[:, -1], picture[:, 1], atol=0.01)


def test_a_batch_gets_one_operation_per_image_and_stays_as_it_was() -> None:
    images = torch.rand((len(Kind), 3, 8, 8), generator=torch.Generator().manual_seed(1))
    before = images.clone()
    kinds, strengths = np.array(list(Kind)), np.full(len(Kind), 0.7)
    together = trivially_augmented(images, kinds=kinds, strengths=strengths, edges="ground")
    assert torch.equal(images, before)
    assert torch.equal(together[Kind.IDENTITY], images[Kind.IDENTITY])
    for place, kind in enumerate(Kind):
        alone = trivially_augmented(
            images[place : place + 1],
            kinds=np.array([kind]),
            strengths=np.array([0.7]),
            edges="ground",
        )
        torch.testing.assert_close(together[place], alone[0])


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 7)])
def test_the_smallest_images_pass(size: tuple[int, int]) -> None:
    images = torch.rand((len(Kind), 1, *size), generator=torch.Generator().manual_seed(1))
    changed = trivially_augmented(
        images, kinds=np.array(list(Kind)), strengths=np.full(len(Kind), -0.9), edges="mirror"
    )
    assert changed.isfinite().all()
    assert 0 <= changed.min() <= changed.max() <= 1
