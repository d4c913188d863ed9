"""TrivialAugment: one operation per image, of any strength, nothing to tune."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import numpy as np
import torch
from torch import Tensor

from striate.data.augment.moves import Edges
from striate.data.augment.warp import turning, warped

# Strengths besides none, and where the strongest of each operation is: the "wide" ranges.
STEPS = 30
MOST_SLANT = 0.99
MOST_SHIFT_PX = 32
MOST_DEGREES = 135
MOST_FACTOR = 0.99
FEWEST_BITS = 2


class Kind(IntEnum):
    """The operations, all equally likely."""

    IDENTITY = 0
    SHEAR_X = 1
    SHEAR_Y = 2
    TRANSLATE_X = 3
    TRANSLATE_Y = 4
    ROTATE = 5
    BRIGHTNESS = 6
    COLOR = 7
    CONTRAST = 8
    SHARPNESS = 9
    POSTERIZE = 10
    SOLARIZE = 11
    AUTO_CONTRAST = 12
    EQUALIZE = 13


_GEOMETRY = (Kind.SHEAR_X, Kind.SHEAR_Y, Kind.TRANSLATE_X, Kind.TRANSLATE_Y, Kind.ROTATE)


def trivially_augmented(
    images: Tensor, *, kinds: np.ndarray, strengths: np.ndarray, edges: Edges
) -> Tensor:
    """Each image after its operation; a new tensor.

    images: float32 in 0..1, N×C×H×W with 1 or 3 channels. kinds: N, of `Kind`. strengths: N, -1..1;
    those with one direction take the amount only. edges: what enters where images are moved.

    Source: S. G. Müller and F. Hutter, "TrivialAugment: tuning-free yet state-of-the-art data
    augmentation", 2021, table 1, "wide" ranges. Different from it, pixels are interpolated
    (bilinear, there the nearest), shifts end at the side of the image, and what enters at the edges
    is `edges`, there black.
    """
    height, width = images.shape[-2:]
    result = images.clone()
    moved = np.flatnonzero(np.isin(kinds, _GEOMETRY))
    if len(moved):
        matrices = [_matrix(Kind(kinds[i]), strengths[i], height, width) for i in moved]
        result[moved] = warped(images[moved], np.stack(matrices), edges=edges)
    for kind, change in _changes().items():
        places = np.flatnonzero(kinds == kind)
        if len(places):
            strength = torch.from_numpy(strengths[places].astype(np.float32)).to(images.device)
            result[places] = change(images[places], strength)
    return result


def _matrix(kind: Kind, strength: float, height: int, width: int) -> np.ndarray:
    """Where pixel offsets from the middle go: 2×3, of x and y."""
    slant = MOST_SLANT * strength
    match kind:
        case Kind.SHEAR_X:
            return np.array([[1, slant, 0], [0, 1, 0]])
        case Kind.SHEAR_Y:
            return np.array([[1, 0, 0], [slant, 1, 0]])
        case Kind.TRANSLATE_X:
            return np.array([[1, 0, strength * min(MOST_SHIFT_PX, width)], [0, 1, 0]])
        case Kind.TRANSLATE_Y:
            return np.array([[1, 0, 0], [0, 1, strength * min(MOST_SHIFT_PX, height)]])
    return turning(MOST_DEGREES * strength)


def _changes() -> dict[Kind, Callable[[Tensor, Tensor], Tensor]]:
    """What the operations on colours do to images, of a strength each."""
    from kornia import enhance

    def factor(strength: Tensor) -> Tensor:
        return 1 + MOST_FACTOR * strength

    return {
        Kind.BRIGHTNESS: lambda x, s: enhance.adjust_brightness_accumulative(x, factor(s)),
        Kind.COLOR: lambda x, s: enhance.adjust_saturation_with_gray_subtraction(x, factor(s)),
        Kind.CONTRAST: lambda x, s: enhance.adjust_contrast_with_mean_subtraction(x, factor(s)),
        Kind.SHARPNESS: lambda x, s: _sharpened(x, factor(s)),
        Kind.POSTERIZE: lambda x, s: _posterized(x, 8 - (s.abs() * (8 - FEWEST_BITS)).round()),
        Kind.SOLARIZE: lambda x, s: enhance.solarize(x, (1 - s.abs()) * (256 / 255)),
        Kind.AUTO_CONTRAST: lambda x, _: _spread(x),
        Kind.EQUALIZE: lambda x, _: enhance.equalize(x),
    }


def _sharpened(images: Tensor, factors: Tensor) -> Tensor:
    """Away from, or towards, a smoothed copy; what has no inner pixels stays as it is."""
    from kornia.enhance import sharpness

    return sharpness(images, factors) if min(images.shape[-2:]) > 2 else images


def _posterized(images: Tensor, bits: Tensor) -> Tensor:
    """The highest bits of 8-bit values."""
    levels = (images * 255).round()
    step = 2 ** (8 - bits)[:, None, None, None]
    return (levels / step).floor() * step / 255


def _spread(images: Tensor) -> Tensor:
    """Every channel from 0 to 1; one without contrast stays as it is."""
    lowest, highest = images.amin((-2, -1), True), images.amax((-2, -1), True)
    spread = (images - lowest) / (highest - lowest)
    return torch.where(highest > lowest, spread, images)
