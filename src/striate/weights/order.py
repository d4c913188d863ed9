"""Layers of two lists matched without their names: by order and shape."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from striate.files import natural

Shape = tuple[int, ...]
MOST_STEPS = 100_000
"""Tries after which an order is given up."""


@dataclass(frozen=True)
class Layer:
    """The tensors that one layer holds, by their names in it."""

    path: str
    shapes: Mapping[str, Shape]

    def fits(self, other: Layer, classes: Classes) -> bool:
        """Whether the tensors of `other` could be these."""
        return self.shapes.keys() == other.shapes.keys() and all(
            alike(shape, other.shapes[name]) or classes.differ(shape, other.shapes[name])
            for name, shape in self.shapes.items()
        )


@dataclass(frozen=True)
class Classes:
    """Numbers of outputs: of the network here, and of the one whose weights were saved."""

    here: int
    there: int

    def differ(self, here: Shape, there: Shape) -> bool:
        """Whether two shapes differ in nothing but the number of classes."""
        if self.here == self.there or (here[:1], there[:1]) != ((self.here,), (self.there,)):
            return False
        return math.prod(here[1:]) == math.prod(there[1:])


def alike(here: Shape, there: Shape) -> bool:
    """Whether one is the other, perhaps as a 1×1 or whole-plane convolution for a linear layer."""
    if here == there:
        return True
    is_one_flat = 2 in (len(here), len(there)) and here[:1] == there[:1]
    return is_one_flat and math.prod(here) == math.prod(there)


def layers(shapes: Mapping[str, Shape]) -> list[Layer]:
    """The tensors of each layer together, layers in the order in which they are first met."""
    found: dict[str, dict[str, Shape]] = {}
    for key, shape in shapes.items():
        path, _, name = key.rpartition(".")
        found.setdefault(path, {})[name] = shape
    return [Layer(path, names) for path, names in found.items()]


def in_order(here: Sequence[Layer], there: Sequence[Layer], classes: Classes) -> dict[str, str]:
    """Key here to key there, layer by layer; empty where they do not fit."""
    if len(here) != len(there):
        return {}
    if not all(mine.fits(other, classes) for mine, other in zip(here, there, strict=True)):
        return {}
    return dict(_pairs(here, there))


def in_some_order(
    here: Sequence[Layer], there: Sequence[Layer], classes: Classes
) -> dict[str, str]:
    """As `in_order`, where `there` has lost its order but for the numbers in its names.

    Layers stay with those that share the beginning of their names; among equals the natural order
    of the names decides.
    """
    if len(here) != len(there):
        return {}
    found = _Search(here, classes).placed(_tree(there), 0)
    return dict(_pairs(here, found)) if found is not None else {}


def _pairs(here: Sequence[Layer], there: Sequence[Layer]) -> Iterator[tuple[str, str]]:
    for mine, other in zip(here, there, strict=True):
        for name in mine.shapes:
            yield _key(mine.path, name), _key(other.path, name)


def _key(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


@dataclass
class _Branch:
    """Layers whose paths begin alike."""

    layer: Layer | None = None
    children: dict[str, _Branch] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        """Layers in all."""
        return (self.layer is not None) + sum(one.size for one in self.children.values())

    @cached_property
    def kind(self) -> tuple[object, ...]:
        """Equal for branches that are alike but for the names of their layers."""
        own = () if self.layer is None else tuple(sorted(self.layer.shapes.items()))
        return (own, *((name, one.kind) for name, one in self.children.items()))

    def parts(self) -> list[tuple[str, _Branch]]:
        """Its own layer and its children, in natural order."""
        own = [] if self.layer is None else [("", _Branch(self.layer))]
        return own + sorted(self.children.items(), key=lambda item: natural(item[0]))


def _tree(found: Sequence[Layer]) -> _Branch:
    root = _Branch()
    for layer in found:
        branch = root
        for part in layer.path.split(".") if layer.path else ():
            branch = branch.children.setdefault(part, _Branch())
        branch.layer = layer
    return root


class _Search:
    """Puts branches on the places of `here`; a branch takes as many places as it has layers."""

    def __init__(self, here: Sequence[Layer], classes: Classes) -> None:
        self.here = here
        self.classes = classes
        self.steps = 0
        self.known: dict[tuple[int, int], list[Layer] | None] = {}

    def placed(self, branch: _Branch, start: int) -> list[Layer] | None:
        """The layers of a branch in an order that fits from `start` on."""
        if branch.layer is not None and not branch.children:
            fits = self.here[start].fits(branch.layer, self.classes)
            return [branch.layer] if fits else None
        key = id(branch), start
        if key not in self.known:
            self.known[key] = self._ordered(branch.parts(), start)
        return self.known[key]

    def _ordered(self, parts: list[tuple[str, _Branch]], start: int) -> list[Layer] | None:
        if not parts:
            return []
        tried = set[tuple[object, ...]]()
        for index, (name, branch) in enumerate(parts):
            self.steps += 1
            if self.steps > MOST_STEPS:
                return None
            if branch.kind in tried or _comes_later(name, parts[:index]):
                continue
            tried.add(branch.kind)
            first = self.placed(branch, start)
            if first is None:
                continue
            rest = self._ordered(parts[:index] + parts[index + 1 :], start + branch.size)
            if rest is not None:
                return first + rest
        return None


def _comes_later(name: str, before: list[tuple[str, _Branch]]) -> bool:
    """Numbered parts keep their order."""
    return name.isdecimal() and any(other.isdecimal() for other, _ in before)
