"""What the classes of a file are made of, with one value for each instance where they differ.

An `Atom` is one argument of a constructor over all instances of a class. Everything else is a tree
with atoms as its leaves; `_merge` lays two trees of like shape on each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from striate.ir import Setting


class Missing(Enum):
    """Stands for the value of a part that an instance does not have."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


class Word(str):
    """A name of Python, written as it is."""

    __slots__ = ()


Plain = Setting | Word | Missing


@dataclass(frozen=True)
class Atom:
    """One argument: its value in each instance.

    kind: the parameter's name where it is used (`in_channels`, `stride`), `callee` for a class.
    slope: what each round of a loop adds to it.
    """

    values: tuple[Plain, ...]
    kind: str = ""
    slope: Atom | None = None

    @property
    def known(self) -> list[Plain]:
        """Values of the instances that have it."""
        return [value for value in self.values if value is not MISSING]

    @property
    def is_constant(self) -> bool:
        """The same wherever it is."""
        return all(same(value, self.known[0]) for value in self.known)


def same(one: Plain, other: Plain) -> bool:
    """Equal, and of one type: True is not 1."""
    return type(one) is type(other) and one == other


def single(value: Plain, kind: str = "") -> Atom:
    """An argument of a single instance."""
    return Atom((value,), kind)


@dataclass(frozen=True)
class Make:
    """A call of a class: `nn.Conv2d(3, 64, 7, stride=2)`.

    arguments: by the parameter's name, in order.
    positional: how many of them are written without their name.
    glyph: kind of layer, as in pictures; `block` for a class of the file.
    has_state: it has tensors, so its name is a key.
    zeroed: its weight starts at zero.
    defaults: values that need not be written.
    """

    callee: Atom
    arguments: tuple[tuple[str, Atom], ...] = ()
    positional: int = 0
    glyph: str = ""
    has_state: bool = True
    zeroed: bool = False
    defaults: tuple[tuple[str, Plain], ...] = ()


@dataclass(frozen=True)
class Bare:
    """A learned tensor that is in no layer."""

    sizes: tuple[Atom, ...]
    value: Atom


@dataclass(frozen=True)
class Group:
    """Several modules under one name.

    kind: `Sequential`, `ModuleList`, `ModuleDict` or `Module`, the classes of torch.
    """

    kind: str
    entries: tuple[Entry, ...]


Term = Make | Bare | Group


@dataclass(frozen=True)
class Entry:
    """A named part.

    name: its key; a number where it is numbered.
    present: which instances have it.
    count: times it stands in a row in a `Sequential`, or rounds of the loop that makes it.
    is_filled: where it is absent an `nn.Identity` keeps its number.
    pattern: for one made by a loop, its name with `{}` for the number, and the first number.
    """

    name: str
    term: Term
    present: tuple[bool, ...] = (True,)
    count: Atom = field(default_factory=lambda: single(1, "depth"))
    pattern: tuple[str, int] | None = None
    is_filled: bool = False


MARK: Final = "~"
"""Opens what stands for the name of a part without tensors: it is no key, so it is found later."""


def is_mark(name: str) -> bool:
    """A part of that name has no tensors, and is named where the class is written."""
    return name.startswith(MARK)


GAP: Final = Make(single(Word("nn.Identity"), "callee"), has_state=False)
"""Stands where a number is left out."""


@dataclass(frozen=True)
class Step:
    """One line of a forward pass, before expressions are put together.

    target: dotted name of the part that is called or read; empty for a function.
    verb: `call`, `read`, `loop`, or the name of a function.
    atoms: numbers of the function.
    inputs, outputs: numbers of values.
    bypass: which input it gives on in instances that do not have it.
    body: what each round of a loop does; its input 0 is its output 0 of the round before.
    """

    verb: str
    target: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    atoms: tuple[Atom, ...] = ()
    present: tuple[bool, ...] = (True,)
    bypass: int = 0
    body: tuple[Step, ...] = ()
    glyph: str = ""
    wraps: tuple[str, ...] = ()

    @property
    def key(self) -> object:
        """What must agree where two steps are one."""
        inner = tuple(step.key for step in self.body)
        return (
            self.verb,
            self.target,
            len(self.inputs),
            len(self.outputs),
            len(self.atoms),
            inner,
            self.wraps,
        )


@dataclass(frozen=True)
class Body:
    """One class, or one instance of it.

    base: `Module`, or `Sequential` where it is nothing but its parts in a row.
    inputs: names of the arguments of its forward pass; values 0, 1, ...
    channels: channels that enter and leave.
    is_numbered: a `Sequential` with a forward pass of its own.
    """

    title: str
    base: str
    entries: tuple[Entry, ...]
    inputs: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    outputs: tuple[int, ...] = ()
    channels: tuple[Atom, Atom] = field(default_factory=lambda: (single(0), single(0)))
    is_numbered: bool = False

    @property
    def rows(self) -> int:
        """Number of instances."""
        return len(self.channels[0].values)


def atoms_of(part: Term | Entry | Step) -> Iterator[Atom]:
    """All arguments below, in order."""
    match part:
        case Make():
            yield part.callee
            for _, atom in part.arguments:
                yield atom
        case Bare():
            yield from part.sizes
            yield part.value
        case Group():
            for entry in part.entries:
                yield from atoms_of(entry)
        case Entry():
            yield from atoms_of(part.term)
            yield part.count
        case Step():
            yield from part.atoms
            for inner in part.body:
                yield from atoms_of(inner)
