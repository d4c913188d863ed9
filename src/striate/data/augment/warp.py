"""Images turned, slanted or moved by parts of pixels, on the device."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from striate.data.augment.moves import Edges, grounds


def rotated(images: Tensor, degrees: np.ndarray, *, edges: Edges) -> Tensor:
    """Each image turned about its middle, against the clock; images: float32, N×C×H×W."""
    return warped(images, np.stack([turning(angle) for angle in degrees]), edges=edges)


def turning(degrees: float) -> np.ndarray:
    """Where pixel offsets from the middle go when an image is turned against the clock: 2×3."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0]])


def warped(images: Tensor, matrices: np.ndarray, *, edges: Edges) -> Tensor:
    """Images with every pixel moved as its matrix says, bilinear between pixels.

    images: float32, N×C×H×W. matrices: N×2×3, from offsets to the middle (right, down, in pixels)
    to where they go. edges: what enters, as in `shifted`.
    """
    from kornia.geometry.transform import warp_affine

    height, width = images.shape[-2:]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    placed = np.asarray(matrices, np.float64).copy()
    placed[:, :, 2] += middle - placed[:, :, :2] @ middle
    moves = torch.from_numpy(placed.astype(np.float32)).to(images.device)
    if edges == "mirror":
        return _same_type(warp_affine(images, moves, (height, width), padding_mode="reflection"))
    ground = grounds(images.permute(0, 2, 3, 1))[:, :, None, None]
    return _same_type(warp_affine(images - ground, moves, (height, width)) + ground)


def _same_type(images: Tensor) -> Tensor:
    assert images.dtype == torch.float32
    return images
