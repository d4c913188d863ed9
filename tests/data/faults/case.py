"""One odd file: its content, and what it should yield by the meaning of its format."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Largest difference, in levels of 255, that JPEG and lossy WebP may bring to the pictures here.
LOSSY = 8

# Words of the reason, as regular expressions, that a person can act on.
EMPTY = "empty"
NO_IMAGE = "not an image"
DAMAGED = "damaged|truncated|cut short"
TOO_LARGE = "pixels"


@dataclass(frozen=True, slots=True)
class Case:
    """An odd file and the answer that is right, stated without asking the code under test.

    name: of the file; its suffix is part of the oddity.
    kind: what is odd, a colon, and what becomes of it: a row of the table for users.
    content: all bytes.
    pixels: uint8, H×W×3: the upright picture that a colour network should see; None: refused.
    tolerance: largest difference of a pixel, in levels of 255.
    reason: of the refusal: words it must hold, as a regular expression.
    bands: uint8, H×W×C: what a network of C channels should see, where that is not `pixels`.
    """

    name: str
    kind: str
    content: bytes
    pixels: np.ndarray | None = None
    tolerance: int = 0
    reason: str = ""
    bands: np.ndarray | None = None

    @property
    def is_legal(self) -> bool:
        """Whether some network should see the file."""
        return self.pixels is not None or self.bands is not None


def legal(name: str, kind: str, content: bytes, pixels: np.ndarray, *, tolerance: int = 0) -> Case:
    """A file that yields a picture: H×W×3, or H×W for grey."""
    shown = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    assert shown.dtype == np.uint8
    return Case(name, kind, content, shown, tolerance)


def refused(name: str, kind: str, content: bytes, reason: str) -> Case:
    """A file that is left out."""
    return Case(name, kind, content, reason=reason)
