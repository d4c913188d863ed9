"""Where true values lie with 95 % confidence, given that the images are a fair sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from striate.files import Json

# 97.5 % point of the standard normal distribution: two-sided 95 %.
Z_95 = 1.959963984540054

Method = Literal["Wilson", "bootstrap", "jackknife", "none"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies with 95 % confidence, given that the images are a fair sample."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured number with its 95 % interval.

    method: how the interval was made; `docs/evaluation.md` has each. `none`: there are too few
        images to make one, and low and high are those of the scale.
    images: how many the number is of.
    """

    value: float
    low: float
    high: float
    method: Method
    images: int

    def to_json(self) -> dict[str, Json]:
        """All of it as plain values."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "method": self.method,
            "images": self.images,
        }


def wilson(correct: int, images: int) -> Interval:
    """95 % interval of a share; stays within 0..1 and is not empty at 0 % or 100 %.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927.

    >>> found = wilson(8, 10)
    >>> round(found.low, 4), round(found.high, 4)
    (0.4902, 0.9433)
    """
    assert 0 <= correct <= images > 0
    share, z2 = correct / images, Z_95**2
    centre = (share + z2 / (2 * images)) / (1 + z2 / images)
    spread = math.sqrt(share * (1 - share) / images + z2 / (4 * images**2)) * Z_95
    half = spread / (1 + z2 / images)
    # At 0 % and 100 % the ends are exact; rounding must not push them past.
    low = 0.0 if correct == 0 else centre - half
    high = 1.0 if correct == images else centre + half
    return Interval(low, high)


def share(part: int, whole: int) -> Estimate | None:
    """A share of images with its interval by Wilson; None of no images."""
    if not whole:
        return None
    found = wilson(part, whole)
    return Estimate(part / whole, found.low, found.high, "Wilson", whole)
