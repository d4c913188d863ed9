"""The thousand classes of ImageNet (ILSVRC 2012), in the order of all published weights."""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.resources import files


@cache
def imagenet_classes() -> tuple[str, ...]:
    """A short name for each class: its first word, or all of them where that is not enough.

    >>> imagenet_classes()[281]
    'tabby'
    """
    synsets = _synsets()
    first = Counter(words[0] for _, words in synsets)
    whole = Counter(words for _, words in synsets)
    return tuple(
        words[0]
        if first[words[0]] == 1
        else ", ".join(words)
        if whole[words] == 1
        else f"{words[0]} ({wnid})"
        for wnid, words in synsets
    )


@cache
def imagenet_names() -> dict[str, str]:
    """The short name by whatever data call a class: WordNet number, all its words, or itself."""
    rows = list(zip(_synsets(), imagenet_classes(), strict=True))
    by_number = {wnid: short for (wnid, _), short in rows}
    # The two cranes have the same words; neither is found by them.
    whole = Counter(words for (_, words), _ in rows)
    by_words = {", ".join(words): short for (_, words), short in rows if whole[words] == 1}
    return by_number | by_words | {short: short for _, short in rows}


def _synsets() -> list[tuple[str, tuple[str, ...]]]:
    """WordNet number and words of each class."""
    text = (files(__package__) / "imagenet_classes.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines())
    return [(wnid, tuple(words.split(", "))) for wnid, words in rows]
