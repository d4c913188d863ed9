"""What is told of images that cannot be decoded."""

from __future__ import annotations

import copy

import pytest
from PIL import UnidentifiedImageError

from striate.data import UnreadableImageError
from striate.data.unreadable import PIXEL_LIMIT, check_size, refusing


def test_the_error_comes_out_of_another_process_as_it_was() -> None:
    error = UnreadableImageError("cat/7.jpg", "the file is empty", "empty")
    told = copy.copy(error)  # takes the way of a process to another
    assert (told.name, told.reason, told.kind, str(told)) == (
        *("cat/7.jpg", "the file is empty", "empty"),
        str(error),
    )


@pytest.mark.parametrize(
    ("content", "damage", "kind", "reason"),
    [
        (b"", OSError("no data"), "empty", "the file is empty"),
        (b"abc", OSError("image file is truncated"), "truncated", "truncated (image file is"),
        (b"abc", ValueError("bad\n  mode"), "damaged", "damaged (bad mode)"),
        (b"abc", MemoryError(), "damaged", "damaged (MemoryError)"),
        (b"%PDF-1.4", UnidentifiedImageError(), "no-image", "not an image but a PDF file"),
        (b"\n<html>", UnidentifiedImageError(), "no-image", "not an image but a web page"),
        (b"\0\0\0\x18ftypheic", UnidentifiedImageError(), "no-image", "HEIC, which cannot be"),
        (b"\xff\xd8\xff", UnidentifiedImageError(), "no-image", "a JPEG with a damaged head"),
        (b"hello", UnidentifiedImageError(), "no-image", "not an image, or of a kind"),
    ],
)
def test_what_decoders_raise_becomes_a_reason(
    content: bytes, damage: Exception, kind: str, reason: str
) -> None:
    with pytest.raises(UnreadableImageError) as caught, refusing(content, "x.png"):
        raise damage
    assert caught.value.kind == kind
    assert caught.value.reason.startswith(reason)
    assert str(caught.value).startswith(f"error: x.png: {reason}")


def test_a_mistake_of_ours_is_no_damage() -> None:
    with pytest.raises(AssertionError), refusing(b"", "x.png"):
        raise AssertionError


def test_the_limit_is_in_pixels_and_in_values() -> None:
    check_size("x", 1, PIXEL_LIMIT, 4)
    for height, width, channels in ((1, PIXEL_LIMIT + 1, 1), (1, PIXEL_LIMIT, 5)):
        with pytest.raises(UnreadableImageError, match="pixels") as caught:
            check_size("x", height, width, channels)
        assert caught.value.kind == "too-large"
