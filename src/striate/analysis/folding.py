"""Repetition found again: equal neighbours in the tree of containers become one, with a count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from striate.ir import Graph, Node, Region

LONGEST_UNIT = 12
"""Most items that are looked at as one repeated unit."""
PLAIN_SAVING = 8
"""A run of bare layers is folded where that saves at least so many lines."""

Raw = int | Region
Key = tuple[object, ...]


class Leaf(NamedTuple):
    """One node."""

    node: int


class Block(NamedTuple):
    """One container with its content, folded."""

    region: Region
    items: tuple[Item, ...]


class Repeat(NamedTuple):
    """A unit that stands several times in a row, each time reading from the one before.

    items: the first of them, folded.
    copies: the items of each of them as the graph has them.
    """

    items: tuple[Item, ...]
    copies: tuple[tuple[Raw, ...], ...]

    @property
    def times(self) -> int:
        """How often the unit stands there."""
        return len(self.copies)


Item = Leaf | Block | Repeat


def fold(graph: Graph) -> tuple[Item, ...]:
    """The content of the network with each run of equal units as one.

    Units are equal when they have the same layers with the same arguments, wired alike, on planes
    of the same size; the number of channels may grow from one to the next (a dense block), and so
    may the rates of layers that act only in training.
    """
    return _Folder(graph).items(graph.root.items)


class _Folder:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.numbers: dict[Key, int] = {}
        self.read_by = graph.users
        self.results = {value.node for value in graph.outputs}

    def items(self, raw: Sequence[Raw]) -> tuple[Item, ...]:
        # A container of wires alone (`shortcut: id`) holds no node and is not told.
        raw = [one for one in raw if not isinstance(one, Region) or any(True for _ in one.nodes())]
        keys = [self._key(one) for one in raw]
        found, at = list[Item](), 0
        while at < len(raw):
            size, times = self._run(raw, keys, at)
            if times == 1:
                found.append(self._single(raw[at]))
                at += 1
                continue
            copies = tuple(tuple(raw[at + k * size : at + (k + 1) * size]) for k in range(times))
            found.append(Repeat(self.items(copies[0]), copies))
            at += size * times
        return tuple(found)

    def _single(self, raw: Raw) -> Item:
        return Block(raw, self.items(raw.items)) if isinstance(raw, Region) else Leaf(raw)

    def _key(self, raw: Raw) -> int:
        """One number for all items of the same layers on planes of the same size."""
        if isinstance(raw, Region):
            key: Key = ("region", *map(self._key, raw.items))
        else:
            node = self.graph.nodes[raw]
            # Rates of dropout and its like often rise from block to block and change no size.
            what = type(node.op) if node.op.acts_only_in_training else node.op
            key = (what, *(kind.plane for kind in node.outputs))
        return self.numbers.setdefault(key, len(self.numbers))

    def _run(self, raw: Sequence[Raw], keys: list[int], at: int) -> tuple[int, int]:
        """Length of the unit that starts here and how often it stands; (1, 1) for no repetition."""
        best = (1, 1)
        for size in range(1, min(LONGEST_UNIT, (len(raw) - at) // 2) + 1):
            if keys[at : at + size] != keys[at + size : at + 2 * size]:
                continue
            times = self._times(raw, keys, at, size)
            if times * size > best[0] * best[1] and times > 1:
                best = (size, times)
        return best

    def _times(self, raw: Sequence[Raw], keys: list[int], at: int, size: int) -> int:
        unit = keys[at : at + size]
        times = 1
        while keys[at + times * size : at + (times + 1) * size] == unit:
            before = raw[at + (times - 1) * size : at + times * size]
            after = raw[at + times * size : at + (times + 1) * size]
            if not self._follows(_nodes(before), _nodes(after)):
                break
            times += 1
        is_plain = not any(isinstance(one, Region) for one in raw[at : at + size])
        return 1 if is_plain and (times - 1) * size < PLAIN_SAVING else times

    def _follows(self, before: list[int], after: list[int]) -> bool:
        """True when the second unit is wired as the first, and alone reads what the first gives."""
        if self.results & set(before):
            return False
        inside = range(before[0], after[-1] + 1)
        if any(user not in inside for one in before for user in self.read_by[one]):
            return False
        nodes = self.graph.nodes
        return all(
            _wired_alike(nodes[one], nodes[other], other - one)
            for one, other in zip(before, after, strict=True)
        )


def _wired_alike(one: Node, other: Node, distance: int) -> bool:
    return len(one.inputs) == len(other.inputs) and all(
        mine.port == theirs.port and theirs.node - mine.node in (0, distance)
        for mine, theirs in zip(one.inputs, other.inputs, strict=True)
    )


def _nodes(raw: Sequence[Raw]) -> list[int]:
    found = list[int]()
    for one in raw:
        found.extend(one.nodes() if isinstance(one, Region) else (one,))
    return found


def joined_path(first: str, last: str) -> str:
    """`layer1.1` and `layer1.5` as `layer1.1-5`; the parts that differ may stand in the middle."""
    if first == last:
        return first
    ones, others = first.split("."), last.split(".")
    if len(ones) != len(others):
        return f"{first}..{last}"
    return ".".join(map(_range, ones, others))


def _range(one: str, other: str) -> str:
    if one == other:
        return one
    shared = 0
    while one[shared : shared + 1] == other[shared : shared + 1]:
        shared += 1
    if other[shared : shared + 1].isdigit() or one[shared : shared + 1].isdigit():
        # Numbers are shown whole: 1-12, never 1-2 with the one left out.
        shared = len(one[:shared].rstrip("0123456789"))
    return f"{one}-{other[shared:]}"
