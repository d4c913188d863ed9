"""Sizes of an input as they are typed."""

from __future__ import annotations

from striate.errors import UsageError


def sizes(text: str | None) -> tuple[int | None, ...] | None:
    """`3x224x224` as numbers, None where one is left open by `?`; None for no text.

    Raises:
        UsageError: it is no list of sizes.
    """
    if text is None:
        return None
    words = [word.strip() for word in text.lower().replace("×", "x").replace(",", "x").split("x")]
    if all(word == "?" or (word.isascii() and word.isdigit()) for word in words):
        return tuple(None if word == "?" else int(word[:9]) for word in words)
    raise UsageError.of(
        "input-not-sizes",
        f"--input '{text}' is no list of sizes",
        "write channels first, then the spatial sizes, as 3x224x224; ? leaves a size open",
    )
