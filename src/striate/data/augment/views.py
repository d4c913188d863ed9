"""Which part of a picture a training sees: drawn per image, before anything is scaled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from striate.data.preprocessing import Box

# Tries before the largest legal part in the middle is taken, as in torchvision.
TRIES = 10


class View(Protocol):
    """Draws the part of a picture that is shown.

    numbers: of chance that it takes for a picture, at most.
    """

    @property
    def numbers(self) -> int: ...

    def box(self, height: int, width: int, chance: Iterator[float]) -> Box:
        """A part of a picture of `height`×`width`, in its pixels.

        chance: numbers from 0 to below 1, `numbers` of them.
        """


@dataclass(frozen=True, slots=True)
class RandomCrop:
    """A part of random area, shape and place, which is then scaled to what the network takes.

    lowest: smallest share of the picture's area, above 0 and at most 1; the largest is all of it.
    aspect: width over height of what the network takes.
    stretch: how far the shape may differ from `aspect`, as a factor both ways.

    Source: C. Szegedy et al., "Going deeper with convolutions", 2015, section 6 (8 to 100 % of the
    area, 3/4 to 4/3), by the algorithm of torchvision's `RandomResizedCrop`; different from it, the
    shape is relative to that of the network's input, and 1 for square ones.
    """

    lowest: float
    aspect: float = 1.0
    stretch: float = 4 / 3

    @property
    def numbers(self) -> int:
        """Two for each try of a size, and two for the place."""
        return 2 * TRIES + 2

    def box(self, height: int, width: int, chance: Iterator[float]) -> Box:
        """A part of a picture of `height`×`width`, in its pixels, the edges between two of them."""
        limit = math.log(self.stretch)
        for _ in range(TRIES):
            area = height * width * (self.lowest + (1 - self.lowest) * next(chance))
            ratio = self.aspect * math.exp(limit * (2 * next(chance) - 1))
            across, down = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < across <= width and 0 < down <= height:
                left = int(next(chance) * (width - across + 1))
                top = int(next(chance) * (height - down + 1))
                return Box(left, top, left + across, top + down)
        return self._middle(height, width)

    def _middle(self, height: int, width: int) -> Box:
        """The largest part in the middle with a legal shape, for pictures that are too long."""
        narrowest, widest = self.aspect / self.stretch, self.aspect * self.stretch
        across, down = width, height
        if width < narrowest * height:
            down = max(1, round(width / narrowest))
        elif width > widest * height:
            across = max(1, round(height * widest))
        left, top = (width - across) // 2, (height - down) // 2
        return Box(left, top, left + across, top + down)
