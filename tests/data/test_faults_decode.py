"""What each odd file yields: the pixels that its format means, or a refusal that says why."""

from __future__ import annotations

import re

import numpy as np
import pytest

from striate.data import Preprocessing, UnreadableImageError, decode
from tests.data.faults.case import Case
from tests.data.faults.corpus import corpus
from tests.data.faults.records import record

COLOUR = [case for case in corpus().values() if case.pixels is not None]
BANDS = [case for case in corpus().values() if case.bands is not None]
REFUSED = [case for case in corpus().values() if not case.is_legal]


def named(case: Case) -> str:
    return case.name


def test_the_corpus_is_large_and_small_on_disk() -> None:
    assert len(corpus()) > 150
    assert sum(len(case.content) for case in corpus().values()) < 1_000_000


@pytest.mark.parametrize("case", COLOUR, ids=named)
def test_a_legal_file_yields_the_pixels_that_were_put_in(case: Case) -> None:
    assert case.pixels is not None
    got = decode(case.content, record(case.pixels), name=case.name)
    assert got.dtype == np.uint8
    assert got.shape == case.pixels.shape
    assert np.abs(got.astype(int) - case.pixels).max() <= case.tolerance


@pytest.mark.parametrize("case", BANDS, ids=named)
def test_all_bands_reach_a_network_of_as_many_channels(case: Case) -> None:
    assert case.bands is not None
    np.testing.assert_array_equal(decode(case.content, record(case.bands)), case.bands)


@pytest.mark.parametrize("case", BANDS, ids=named)
def test_bands_are_refused_by_a_network_of_three_channels(case: Case) -> None:
    with pytest.raises(UnreadableImageError) as caught:
        decode(case.content, Preprocessing(24, 16, 3), name=case.name)
    assert re.search(case.reason, caught.value.reason)


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_a_bad_file_is_refused_by_name_with_a_reason(case: Case) -> None:
    with pytest.raises(UnreadableImageError) as caught:
        decode(case.content, Preprocessing(24, 16, 3), name=case.name)
    assert str(caught.value).startswith(f"error: {case.name}: ")
    assert caught.value.code == "unreadable-image"
    assert re.search(case.reason, caught.value.reason)
    assert len(caught.value.reason) < 160
    assert "\n" not in caught.value.reason
    assert "0x" not in caught.value.reason, "no address of memory"


def test_all_eight_orientations_of_a_format_are_equal() -> None:
    for ending in ("jpg", "png", "webp", "tif"):
        cases = [corpus()[f"turned-{number}.{ending}"] for number in range(1, 9)]
        tensors = [decode(case.content, record(case.pixels)) for case in cases]
        # Turning a JPEG moves its 8x8 blocks, so lossy pictures differ by a few levels.
        allowed = 2 * cases[0].tolerance
        for tensor in tensors:
            assert np.abs(tensor.astype(int) - tensors[0]).max() <= allowed


@pytest.mark.parametrize("name", ["ramp16.png", "ramp16.tif", "ramp16.pgm", "interlaced16.png"])
def test_a_sixteen_bit_ramp_never_falls_and_is_not_clipped(name: str) -> None:
    levels = decode(corpus()[name].content, Preprocessing(24, 16, 1)).reshape(-1).astype(int)
    assert (np.diff(levels) >= 0).all()
    assert (levels.min(), levels.max()) == (0, 255)
    assert (levels == 255).mean() < 0.01
