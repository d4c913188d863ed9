"""The pictures inside the odd files: few colours or smooth slopes, no two corners alike."""

from __future__ import annotations

import numpy as np

HEIGHT, WIDTH = 24, 16


def slope() -> np.ndarray:
    """Red grows downwards, green to the right, blue stays: 24×16×3, easy for lossy formats."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, :, 0] = 10 * np.arange(HEIGHT)[:, None]
    picture[:, :, 1] = 15 * np.arange(WIDTH)[None, :]
    picture[:, :, 2] = 40
    return picture


def grey_slope() -> np.ndarray:
    """Grows downwards and a little to the right: 24×16."""
    return (8 * np.arange(HEIGHT)[:, None] + 3 * np.arange(WIDTH)[None, :]).astype(np.uint8)


def noise(side: int = 64) -> np.ndarray:
    """Random colours, side×side×3: what no format makes small."""
    return np.random.default_rng(4).integers(0, 256, (side, side, 3)).astype(np.uint8)


PALETTE = np.array([(255, 0, 0), (0, 200, 0), (0, 0, 255), (250, 240, 10)], np.uint8)


def places() -> np.ndarray:
    """Places in `PALETTE`: 24×16; the first row holds only the first colour, red."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    found: np.ndarray = ((rows // 3 + columns // 5) % 4).astype(np.uint8)
    found[0] = 0
    return found


def ramp16() -> np.ndarray:
    """The whole 16-bit range in equal steps: uint16, 24×16."""
    return np.linspace(0, 65535, HEIGHT * WIDTH).round().astype(np.uint16).reshape(HEIGHT, WIDTH)


def eight_bit(sixteen: np.ndarray) -> np.ndarray:
    """Levels of 65535 as the nearest levels of 255."""
    levels: np.ndarray = np.round(sixteen / 257.0).astype(np.uint8)
    return levels


def over(colours: np.ndarray, opacity: np.ndarray, background: int = 255) -> np.ndarray:
    """Colours (…×3) with an opacity of 0..255 above a grey background."""
    share = opacity[..., None] / 255.0
    mixed: np.ndarray = colours * share + background * (1 - share)
    return np.round(mixed).astype(np.uint8)


def checked() -> np.ndarray:
    """Black and white, 24×16; the width is a multiple of eight, the pattern is not."""
    return np.where(places() % 2 == 0, 0, 255).astype(np.uint8)
