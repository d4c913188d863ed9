"""Architectures written in the notation; the folder `models` is the list.

A file holds one family. The lines `#: key: value` on its top are its card; those whose key is a
name of the file say which networks it offers, with what was published about them:

    #: paper: He, Zhang, Ren, Sun, Deep residual learning for image recognition, 2015
    #: resnet18: 11689512 parameters, 1814073344 MACs, input 3x224x224, top-1 69.758 (torchvision)

After the source may follow where weights are: `, weights OWNER/REPOSITORY, licence NAME` on the
Hugging Face hub, with `/FILE` behind it where the file is not `model.safetensors`.

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
_ACCURACY = re.compile(r"top-([15]) (\d+(?:\.\d+)?)")
_SOURCE = re.compile(r"\((torchvision|timm|paper)\b")
_WEIGHTS = re.compile(r"\bweights ([\w./-]+)")
_LICENCE = re.compile(r"\blicence ([\w.-]+)")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Card:
    """What is known about a network before it is built.

    name: what users call it; also the name of its definition.
    input: sizes it is meant for, channels first.
    params, macs: as published; None where nobody has published them.
    notes: the rest of its line: accuracies and where its numbers come from.
    paper, idea, year: of its family.
    top1, top5: published accuracy on ImageNet, in percent.
    source: whose numbers these are: torchvision, timm or paper.
    weights: repository of the Hugging Face hub, with `/FILE` where it is not the usual one.
    """

    name: str
    family: str
    input: tuple[int, ...]
    params: int | None
    macs: int | None
    notes: str
    paper: str
    idea: str
    year: int | None = None
    top1: float | None = None
    top5: float | None = None
    source: str | None = None
    weights: str | None = None
    licence: str | None = None


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
    year = _YEAR.search(about.get("paper", ""))
    for name, words in lines:
        shape = _INPUT.search(words)
        if shape:
            counts = {unit: int(count) for count, unit in _COUNT.findall(words)}
            accuracies = dict(_ACCURACY.findall(words))
            yield Card(
                name=name,
                family=family,
                input=tuple(int(size) for size in shape[1].split("x")),
                params=counts.get("parameters"),
                macs=counts.get("MACs"),
                notes=words[shape.end() :].lstrip(", "),
                paper=about.get("paper", ""),
                idea=about.get("idea", ""),
                year=int(year[0]) if year else None,
                top1=float(accuracies["1"]) if "1" in accuracies else None,
                top5=float(accuracies["5"]) if "5" in accuracies else None,
                source=_first(_SOURCE, words),
                weights=_first(_WEIGHTS, words),
                licence=_first(_LICENCE, words),
            )


def _first(pattern: re.Pattern[str], words: str) -> str | None:
    found = pattern.search(words)
    return found[1] if found else None


def _card_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        match = _CARD_LINE.match(line)
        if match is None:
            return
        yield match[1], match[2]
