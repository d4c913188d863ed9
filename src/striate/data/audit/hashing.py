"""A number per picture that stays nearly the same when the picture is resized or re-encoded."""

from __future__ import annotations

import functools

import numpy as np

SIDE = 32  # of the grey picture that is hashed, in pixels
BITS = 64

# Below this deviation, in grey levels, the signs would be those of noise.
FLAT = 1.5

# The lowest frequencies (down, across), without the mean: those of u + v <= 10, less the middle one
# so that there are 64. Chosen alike in both directions.
FREQUENCIES = tuple(
    (down, across)
    for down in range(11)
    for across in range(11)
    if 0 < down + across <= 10 and (down, across) != (5, 5)
)
assert len(FREQUENCIES) == BITS
_DOWN, _ACROSS = np.array(FREQUENCIES).T


def _mask(bits: list[bool]) -> np.uint64:
    return np.uint64(sum(1 << place for place, is_set in enumerate(bits) if is_set))


# Mirroring a picture changes the sign of its odd frequencies across, and of no others.
MIRROR = _mask([across % 2 == 1 for _, across in FREQUENCIES])


def perceptual_hash(grey: np.ndarray) -> int | None:
    """64 bits of a grey picture of 32×32, float or uint8; None where it is flat.

    A bit is set where a low frequency of the discrete cosine transform is positive. Copies that
    are resized or compressed differ in 0 to 4 bits, different photos in about 32.

    Source: C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010,
    section 3.2 (DCT based hash). Here a frequency is compared with 0, not with the median of all,
    and the 64 lie in a triangle, not in a square: so the hash of the mirrored picture is known
    from the hash (see `mirrored`).
    """
    assert grey.shape == (SIDE, SIDE)
    values = grey.astype(np.float64)
    if values.std() < FLAT:
        return None
    waves = _cosines()
    spectrum = waves @ values @ waves.T
    is_positive = spectrum[_DOWN, _ACROSS] > 0
    return int(np.packbits(is_positive, bitorder="little").view("<u8")[0])


def mirrored(hashes: np.ndarray) -> np.ndarray:
    """Hashes of the same pictures with left and right exchanged: uint64."""
    return hashes ^ MIRROR


def distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Bits in which hashes differ, 0..64: uint8."""
    return np.asarray(np.bitwise_count(one ^ other))


@functools.cache
def _cosines() -> np.ndarray:
    """The lowest waves of the discrete cosine transform of length 32, one per row."""
    frequency = np.arange(max(down for down, _ in FREQUENCIES) + 1)[:, None]
    place: np.ndarray = (2 * np.arange(SIDE)[None, :] + 1) / (2 * SIDE)
    return np.asarray(np.cos(np.pi * frequency * place))
