"""Architectures written in the notation; the folder `models` is the list.

A file holds one family. The lines `#: key: value` on its top are its card; those whose key is a
name of the file say which networks it offers, with what was published about them:

    #: paper: He, Zhang, Ren, Sun, Deep residual learning for image recognition, 2015
    #: resnet18: 11689512 parameters, 1814073344 MACs, input 3x224x224, top-1 69.758

A folder of your own joins by `striate.zoo.__path__.append(folder)`, with its `models` inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from errno import ENOENT
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from striate.errors import UsageError
from striate.source import Source

_CARD_LINE = re.compile(r"#:\s*(\w+):\s*(.*)")
_COUNT = re.compile(r"(\d+) (parameters|MACs)")
_INPUT = re.compile(r"input (\d+(?:x\d+)*)")


@dataclass(frozen=True, slots=True)
class Card:
    """What is known about a network before it is built.

    name: what users call it; also the name of its definition.
    input: sizes it is meant for, channels first.
    params, macs: as published; None where nobody has published them.
    notes: the rest of its line: accuracies and where its numbers come from.
    """

    name: str
    family: str
    input: tuple[int, ...]
    params: int | None
    macs: int | None
    notes: str
    paper: str
    idea: str


@cache
def cards() -> dict[str, Card]:
    """All networks of the zoo by name, families in alphabetical order.

    Raises:
        UsageError: two files offer the same name.
    """
    found: dict[str, Card] = {}
    for family, entry in sorted(_families().items()):
        for card in _cards_of(family, entry):
            if card.name in found:
                raise UsageError.of(
                    "network-defined-twice",
                    f"'{card.name}' stands in {found[card.name].family}.cnn and in {family}.cnn",
                    "rename one of them",
                )
            found[card.name] = card
    return found


def family_source(family: str) -> Source:
    """The text of a family."""
    return Source(f"zoo/{family}.cnn", _families()[family].read_text("utf-8"))


def beside(path: Path) -> str:
    """The text of the family that another one uses: `use "resnet.cnn"`.

    Raises:
        FileNotFoundError: there is no such family.
    """
    found = _families().get(path.name.removesuffix(".cnn"))
    if found is None:
        raise FileNotFoundError(ENOENT, "the zoo has no such file")
    return found.read_text("utf-8")


@cache
def _families() -> dict[str, Traversable]:
    folder = files(__package__) / "models"
    return {
        entry.name.removesuffix(".cnn"): entry
        for entry in folder.iterdir()
        if entry.name.endswith(".cnn")
    }


def _cards_of(family: str, entry: Traversable) -> Iterator[Card]:
    lines = list(_card_lines(entry.read_text("utf-8")))
    about = dict(lines)
    for name, words in lines:
        shape = _INPUT.search(words)
        if shape:
            counts = {unit: int(count) for count, unit in _COUNT.findall(words)}
            yield Card(
                name,
                family,
                tuple(int(size) for size in shape[1].split("x")),
                counts.get("parameters"),
                counts.get("MACs"),
                words[shape.end() :].lstrip(", "),
                about.get("paper", ""),
                about.get("idea", ""),
            )


def _card_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        match = _CARD_LINE.match(line)
        if match is None:
            return
        yield match[1], match[2]
