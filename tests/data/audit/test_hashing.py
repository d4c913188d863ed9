"""Perceptual hashes against an independent cosine transform, and what they must survive."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy.fft import dctn  # type: ignore[import-untyped]

from striate.data.audit.facts import describe
from striate.data.audit.hashing import FREQUENCIES, distance, mirrored, perceptual_hash
from tests.data.audit.looking import scene
from tests.data.pictures import encoded


def bits(value: int | None) -> list[bool]:
    assert value is not None
    return [bool(value >> place & 1) for place in range(64)]


def hash_of(image: Image.Image, kind: str = "PNG", **options: object) -> np.ndarray:
    value = describe(encoded(image, kind, **options), "", max_pixels=10**9).perceptual_hash
    assert value is not None
    return np.array([value], np.uint64)


def test_a_bit_is_the_sign_of_a_frequency() -> None:
    grey = np.random.default_rng(0).uniform(0, 255, (32, 32))
    spectrum = dctn(grey, type=2)
    assert bits(perceptual_hash(grey)) == [spectrum[place] > 0 for place in FREQUENCIES]


def test_the_hash_of_a_mirrored_picture_is_known_without_it() -> None:
    grey = np.random.default_rng(1).uniform(0, 255, (32, 32))
    value, other = perceptual_hash(grey), perceptual_hash(grey[:, ::-1])
    assert value is not None
    assert mirrored(np.array([value], np.uint64)).tolist() == [other]


def test_a_picture_without_contrast_has_none() -> None:
    assert perceptual_hash(np.full((32, 32), 200)) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.resize((40, 30)),
        lambda image: image.resize((200, 130), Image.Resampling.NEAREST),
        lambda image: image.crop((1, 0, 80, 60)),
        lambda image: image.convert("L"),
        lambda image: ImageOps.autocontrast(image, 1),
    ],
)
def test_copies_have_nearly_the_same_hash(change: Callable[[Image.Image], Image.Image]) -> None:
    for seed in range(5):
        assert distance(hash_of(scene(seed)), hash_of(change(scene(seed)))) <= 8


def test_strong_compression_changes_few_bits() -> None:
    for seed in range(5):
        whole = scene(seed, height=240, width=320)
        assert distance(hash_of(whole), hash_of(whole, "JPEG", quality=15)) <= 4


def test_different_pictures_differ_in_about_half_of_the_bits() -> None:
    values = np.concatenate([hash_of(scene(seed)) for seed in range(20)])
    distances = [
        int(distance(values[one], values[other])) for one in range(20) for other in range(one)
    ]
    assert min(distances) > 12
    assert 28 < np.mean(distances) < 36
