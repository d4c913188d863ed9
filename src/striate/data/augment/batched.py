"""A batch of training images as chance has it: moved, recoloured, erased, mixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from striate.data.augment.mixing import mixed, mixed_targets
from striate.data.augment.moves import flip, shifted
from striate.data.augment.plan import Augmentation, Draws, draw
from striate.data.augment.trivial import trivially_augmented
from striate.data.augment.warp import rotated


class Augmented(NamedTuple):
    """A batch after augmentation, and what was done to it.

    images: N×H×W×C, 0..255; uint8 if pixels only moved, else float32. targets: the labels as they
    were given; or where images are mixed the share of every class, float32, N×K.
    """

    images: Tensor
    targets: Tensor
    draws: Draws


@dataclass(frozen=True, slots=True)
class Augmenter:
    """Changes batches of training images, the same way for the same step whatever ran before.

    What happens to an image in a step is the same on whichever of several processes it is, but for
    what it is mixed with, which is another image of the same process.

    classes: how many there are. ground: what erased parts become, per channel in 0..1. seed: of all
    that is drawn; on the CPU, so that every device sees the same, and never from torch's own
    generators.
    """

    plan: Augmentation
    classes: int
    ground: tuple[float, ...]
    seed: int = 0

    def __call__(
        self, images: Tensor, labels: Tensor, *, step: int, places: Tensor | None = None
    ) -> Augmented:
        """The batch of one step, counted from 0 over the whole training.

        images: uint8, N×H×W×C, on any device, in one piece; they are used up, for the result may be
        made in their memory. labels: int64, N; or, of images that may have several, float32, N×K.
        places: of the images in their manifest, int64, N, which chance goes by; their numbers in
        the batch where there is no manifest.
        """
        count, height, width, _ = images.shape
        draws = draw(
            self.plan,
            seed=self.seed,
            step=step,
            shape=(count, height, width),
            places=None if places is None else places.numpy(),
        )
        changed = applied(images, draws, self.plan, ground=self.ground)
        mix = draws.mix
        targets = mixed_targets(labels, mix, classes=self.classes) if mix else labels
        return Augmented(changed, targets, draws)


def applied(
    images: Tensor, draws: Draws, plan: Augmentation, *, ground: tuple[float, ...]
) -> Tensor:
    """The images with all that was drawn done to them, in the order of the fields of `draws`.

    images: as for `Augmenter`, used up.
    """
    if draws.shifts is not None:
        images = shifted(images, draws.shifts, edges=plan.edges)
    if draws.flips is not None:
        flip(images, draws.flips)
    others = (draws.angles, draws.kinds, draws.factors, draws.holes, draws.mix)
    if all(drawn is None for drawn in others):
        return images
    pixels = images.permute(0, 3, 1, 2).to(torch.float32) / 255
    if draws.angles is not None:
        pixels = rotated(pixels, draws.angles, edges=plan.edges)
    if draws.kinds is not None and draws.strengths is not None:
        pixels = trivially_augmented(
            pixels, kinds=draws.kinds, strengths=draws.strengths, edges=plan.edges
        )
    if draws.factors is not None:
        pixels = jittered(pixels, draws.factors)
    if draws.holes is not None:
        pixels = erased(pixels, draws.holes, ground=ground)
    if draws.mix is not None:
        pixels = mixed(pixels, draws.mix)
    return (pixels * 255).permute(0, 2, 3, 1)


def jittered(images: Tensor, factors: np.ndarray) -> Tensor:
    """Brightness, then contrast, then saturation changed by factors, as pillow does; cut to 0..1.

    images: float32 in 0..1, N×C×H×W. factors: N×3. Only images in RGB have a saturation.
    """
    from kornia import enhance

    brightness, contrast, saturation = torch.from_numpy(factors.T.astype(np.float32)).to(
        images.device
    )
    images = enhance.adjust_brightness_accumulative(images, brightness)
    images = enhance.adjust_contrast_with_mean_subtraction(images, contrast)
    if images.shape[1] == 3:
        images = enhance.adjust_saturation_with_gray_subtraction(images, saturation)
    return images


def erased(images: Tensor, holes: np.ndarray, *, ground: tuple[float, ...]) -> Tensor:
    """Images, N×C×H×W, with a rectangle each of plain `ground`; holes: N×4, empty ones too.

    Source: Z. Zhong et al., "Random erasing data augmentation", 2020, algorithm 1, filled with the
    mean of the training images.
    """
    height, width = images.shape[-2:]
    top, left, bottom, right = torch.from_numpy(holes.T).to(images.device)[..., None]
    rows = torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device)
    is_row, is_column = (rows >= top) & (rows < bottom), (columns >= left) & (columns < right)
    is_hole = (is_row[:, :, None] & is_column[:, None, :])[:, None]
    plain = torch.tensor(ground, dtype=images.dtype, device=images.device)[:, None, None]
    return torch.where(is_hole, plain, images)
