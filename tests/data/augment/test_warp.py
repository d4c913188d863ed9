"""Turned and slanted images, against torch's quarter turns and scipy's interpolation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage  # type: ignore[import-untyped]

from striate.data.augment.moves import Edges
from striate.data.augment.warp import rotated, turning, warped


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("channels", [1, 3, 4, 7])
@pytest.mark.parametrize("edges", ["mirror", "ground"])
def test_a_quarter_turn_is_that_of_torch(channels: int, edges: Edges) -> None:
    images = noise(3, channels, 9, 9)
    turned = rotated(images, np.array([90.0, 180.0, -90.0]), edges=edges)
    for quarters, (before, after) in zip((1, 2, -1), zip(images, turned, strict=True), strict=True):
        # Places to sample are float32: a pixel takes some millionths of its neighbours.
        torch.testing.assert_close(after, before.rot90(quarters, (1, 2)), atol=5e-6, rtol=0)


@pytest.mark.parametrize("degrees", [-33.0, 7.5, 120.0])
@pytest.mark.parametrize("size", [(12, 17), (2, 5), (1, 4), (1, 1)])
def test_any_turn_is_that_of_scipy(degrees: float, size: tuple[int, int]) -> None:
    images = noise(1, 2, *size)
    turned = rotated(images, np.array([degrees]), edges="mirror")
    for before, after in zip(images[0], turned[0], strict=True):
        expected = by_scipy(before.numpy(), turning(degrees), mode="mirror")
        np.testing.assert_allclose(after.numpy(), expected, atol=1e-5)


def test_with_plain_edges_the_ground_enters() -> None:
    images = torch.full((1, 1, 8, 8), 0.25)
    images[..., 2:6, 2:6] = noise(4, 4)
    slanted = warped(images, np.array([[[1, 0.5, 3], [0.2, 1, 0]]]), edges="ground")
    expected = by_scipy(
        images[0, 0].numpy(), np.array([[1, 0.5, 3], [0.2, 1, 0]]), mode="grid-constant", cval=0.25
    )
    np.testing.assert_allclose(slanted[0, 0].numpy(), expected, atol=1e-6)


def by_scipy(picture: np.ndarray, matrix: np.ndarray, *, mode: str, cval: float = 0) -> np.ndarray:
    """The picture moved by scipy, which wants where each output pixel comes from, y before x."""
    inverse = np.linalg.inv(matrix[:, :2])[::-1, ::-1]
    middle = (np.array(picture.shape) - 1) / 2
    offset = middle - inverse @ (middle + matrix[::-1, 2])
    moved: np.ndarray = ndimage.affine_transform(
        picture.astype(np.float64), inverse, offset, order=1, mode=mode, cval=cval
    )
    return moved
