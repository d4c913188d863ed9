"""What is to be drawn: the graph as nested levels of parts and links, repetition folded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from striate.analysis.folding import Block, Item, Leaf, Repeat, fold, joined_path
from striate.backends.svg.palette import kind
from striate.ir import Graph, Node, Region, Value
from striate.quantities import exact, short

SIGNS = {"+": "+", "-": "−", "|": "|", "&": "&", "add": "+", "cat": "|", "prod": "&"}
"""Joins drawn as a circle, and what stands in it."""
LONGEST_TEXT = 34
MOST_STRIPES = 28
TINY = 4
"""A container of so many layers, one of them with a kernel, is drawn as one line."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One layer, or a layer with what follows it closely (`conv bn relu`).

    extras: glyphs of those that are not the main one.
    """

    text: str
    glyph: str
    tooltip: str
    extras: tuple[str, ...] = ()


@dataclass(slots=True)
class Part:
    """Something with a place: a card of layers, a join, a container, or a port of the level.

    order: index of its first node; parts are told in this order.
    positions: pixels in the plane that it puts out; 1 for a flat value or an unknown size.
    """

    form: Literal["card", "join", "group", "closed", "terminal", "in", "out"]
    order: int
    cells: list[Cell] = field(default_factory=list)
    title: str = ""
    note: str = ""
    times: int = 1
    is_unit: bool = False
    positions: int = 1
    tooltip: str = ""
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """An edge between two parts of a level.

    slot: place among the inputs of the target, in the order of the text.
    label: the sizes that flow along it; in the end only where they have just changed.
    """

    source: int
    target: int
    value: Value
    slot: int
    label: str = ""


@dataclass(slots=True)
class Level:
    """The inside of one container; `ports` are the parts for values that pass its border."""

    parts: list[Part] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    ports: dict[tuple[str, Value], int] = field(default_factory=dict)

    def port(self, form: Literal["in", "out"], value: Value) -> int:
        """The part for a value that enters or leaves; made when first asked for."""
        key = form, value
        if key not in self.ports:
            self.ports[key] = len(self.parts)
            self.parts.append(Part(form, value.node))
        return self.ports[key]


def scene(graph: Graph, *, depth: int, by_size: bool = False) -> Level:
    """The network as a level of parts; containers deeper than `depth` stay closed.

    by_size: a card holds layers on planes of one size only.
    """
    return _Director(graph).scene(depth, by_size=by_size)


def cells_in(level: Level) -> int:
    """Layers, joins and closed containers that the level shows, those inside included."""
    total = 0
    for part in level.parts:
        inner = 0 if part.level is None else cells_in(part.level)
        total += inner + (len(part.cells) if part.form == "card" else part.form != "group")
    return total


class _Director:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        # The node that is drawn for each node: itself, or its like in the first copy.
        self.drawn = list(range(len(graph.nodes)))
        # Where each drawn node stands: level and part, outermost first.
        self.home: dict[int, list[tuple[Level, int]]] = {}
        # For containers in a repeated unit, the like of them in the last copy.
        self.last: dict[str, Region] = {}

    def scene(self, depth: int, *, by_size: bool) -> Level:
        root = Level()
        self._fill(root, fold(self.graph), depth, [])
        for place, value in enumerate(self.graph.outputs):
            index = len(self.graph.nodes) + place
            kind_ = self.graph.type_of(value)
            part = Part("terminal", index, title=str(kind_), positions=kind_.positions or 1)
            self.home[index] = [(root, len(root.parts))]
            root.parts.append(part)
        for index in self.home:
            if index < len(self.graph.nodes):
                self._link_inputs(index)
        for place, value in enumerate(self.graph.outputs):
            self._link(value, len(self.graph.nodes) + place, 0)
        _stack(root, by_size=by_size)
        return root

    def _fill(
        self, level: Level, items: Sequence[Item], depth: int, above: list[tuple[Level, int]]
    ) -> None:
        for item in items:
            here = [*above, (level, len(level.parts))]
            match item:
                case Leaf():
                    level.parts.append(_leaf(self.graph.nodes[item.node], item.node))
                    self.home[item.node] = here
                case Block():
                    inner, label = self._unwrapped(item, self._label(item.region))
                    self._block(level, inner, depth, here, copies=1, label=label)
                case Repeat():
                    self._repeat(level, item, depth, here)

    def _block(
        self,
        level: Level,
        item: Block,
        depth: int,
        here: list[tuple[Level, int]],
        *,
        copies: int,
        label: str,
    ) -> None:
        inside = list(item.region.nodes())
        positions = self._positions(item.region)
        if self._is_tiny(item.region):
            part = Part("card", inside[0], [self._compound(inside, copies)], positions=positions)
            level.parts.append(part)
            self.home.update(dict.fromkeys(inside, here))
            return
        if depth > 1:
            part = Part("group", inside[0], title=label, times=copies, level=Level())
            part.positions = positions
            assert part.level is not None
            level.parts.append(part)
            self._fill(part.level, item.items, depth - 1, here)
            return
        nodes = [self.graph.nodes[index] for index in inside]
        params = sum(node.params for node in nodes) * copies
        note = f"{len(nodes)} layers, {short(params)} params" if params else f"{len(nodes)} layers"
        stripes = [Cell("", kind(node.op.glyph), "") for node in nodes[:MOST_STRIPES]]
        part = Part("closed", inside[0], stripes, label, note, copies, positions=positions)
        part.tooltip = f"{item.region.path}: {', '.join(str(node.op) for node in nodes[:40])}"
        level.parts.append(part)
        self.home.update(dict.fromkeys(inside, here))

    def _unwrapped(self, item: Block, label: str) -> tuple[Block, str]:
        """A container that holds one container alone is drawn as one box, with both names."""
        while len(item.items) == 1 and isinstance(item.items[0], Block):
            item = item.items[0]
            label = f"{label} › {_label(item.region)}"
        return item, label

    def _positions(self, region: Region) -> int:
        sizes = [self.graph.type_of(value).positions for value in region.outputs]
        return max((size or 1 for size in sizes), default=1)

    def _is_tiny(self, region: Region) -> bool:
        """A chain of one layer with weights of its own and its norm, activation or pool."""
        if len(region.items) > TINY or any(isinstance(one, Region) for one in region.items):
            return False
        inside = list(region.nodes())
        chained = all(
            [value.node for value in self.graph.nodes[after].inputs] == [before]
            and self.graph.users[before] == (after,)
            for before, after in pairwise(inside)
        )
        mains = [one for one in inside if self.graph.nodes[one].op.glyph in ("conv", "fc")]
        return chained and len(mains) == 1 and len(self.graph.nodes[inside[0]].inputs) == 1

    def _compound(self, inside: list[int], copies: int) -> Cell:
        nodes = [self.graph.nodes[index] for index in inside]
        main = next(node for node in nodes if node.op.glyph in ("conv", "fc"))
        words = [_call(node) if node is main else node.op.name for node in nodes]
        times = [f"×{copies}"] if copies > 1 else []
        tooltip = "\n\n".join(map(_tooltip, nodes))
        extras = tuple(kind(node.op.glyph) for node in nodes if node is not main)
        return Cell(_cut(" ".join(words + times)), kind(main.op.glyph), tooltip, extras)

    def _repeat(
        self, level: Level, item: Repeat, depth: int, here: list[tuple[Level, int]]
    ) -> None:
        first, *rest = ([*_indices(copy)] for copy in item.copies)
        for copy in rest:
            for index, like in zip(copy, first, strict=True):
                self.drawn[index] = like
        match item.items:
            case (Block() as block,):
                last = item.copies[-1][0]
                assert isinstance(last, Region)
                block, label = self._unwrapped(block, _label(block.region, last))
                self._block(level, block, depth, here, copies=item.times, label=label)
            case _:
                part = Part("group", first[0], times=item.times, is_unit=True, level=Level())
                assert part.level is not None
                ends = self.graph.nodes[first[-1]].outputs
                part.positions = max((one.positions or 1 for one in ends), default=1)
                pairs = zip(item.copies[0], item.copies[-1], strict=True)
                self.last.update(
                    (one.path, other)
                    for one, other in pairs
                    if isinstance(one, Region) and isinstance(other, Region)
                )
                level.parts.append(part)
                self._fill(part.level, item.items, depth, here)

    def _label(self, region: Region) -> str:
        return _label(region, self.last.get(region.path))

    def _link_inputs(self, index: int) -> None:
        for slot, value in enumerate(self.graph.nodes[index].inputs):
            self._link(value, index, slot)

    def _link(self, value: Value, target: int, slot: int) -> None:
        """The links, one per level passed, from a value to a node that reads it."""
        source = self.drawn[value.node]
        told = Value(source, value.port)
        ways, goals = self.home[source], self.home[target]
        at = 0
        while at < min(len(ways), len(goals)) and ways[at] == goals[at]:
            at += 1
        if at == min(len(ways), len(goals)):
            return  # Inside one closed container.
        size = str(self.graph.type_of(value))
        for level, part in ways[at + 1 :]:
            _add(level, Link(part, level.port("out", told), told, 0, size))
        level, part = ways[at]
        _add(level, Link(part, goals[at][1], told, slot, size))
        for level, part in goals[at + 1 :]:
            _add(level, Link(level.port("in", told), part, told, slot, size))


def _add(level: Level, link: Link) -> None:
    if link not in level.links:
        level.links.append(link)


def _leaf(node: Node, index: int) -> Part:
    name = node.op.name
    part = Part("card", index, tooltip=_tooltip(node))
    part.positions = max((one.positions or 1 for one in node.outputs), default=1)
    if name in SIGNS:
        part.form, part.title = "join", SIGNS[name]
    elif name == "input":
        part.form, part.title = "terminal", str(node.outputs[0])
    else:
        part.cells = [Cell(_cut(_call(node)), kind(node.op.glyph), part.tooltip)]
    return part


def _call(node: Node) -> str:
    """The layer as written, without the bias flag and the far digits of computed rates."""
    text = str(node.op).replace(", b=0", "")
    return re.sub(r"\d+\.\d{5,}", lambda found: f"{float(found[0]):.4g}", text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."


def _tooltip(node: Node) -> str:
    lines = [f"{node.path}  {node.op}"]
    sizes = " and ".join(map(str, node.input_types))
    lines.append(f"{sizes or 'nothing'} -> {', '.join(map(str, node.outputs))}")
    if node.weights:
        shared = " (shared)" if node.shared else ""
        lines.append(
            f"{exact(sum(one.count for one in node.weights if one.trained))} parameters{shared}"
        )
    if node.cost.known and node.cost.macs:
        lines.append(f"{short(node.cost.macs)} MACs")
    lines.extend(line for line in (node.formula, node.op.formula) if line)
    return "\n".join(lines)


def _label(region: Region, last: Region | None = None) -> str:
    path = region.path if last is None else joined_path(region.path, last.path)
    name = path.rpartition(".")[2]
    return name if region.title in ("", name) else f"{name} · {region.title}"


def _indices(copy: Sequence[int | Region]) -> list[int]:
    found = list[int]()
    for raw in copy:
        found.extend(raw.nodes() if isinstance(raw, Region) else (raw,))
    return found


def _stack(level: Level, *, by_size: bool) -> None:
    """Cards that only feed the next card become one card."""
    for part in level.parts:
        if part.level is not None:
            _stack(part.level, by_size=by_size)
    leaving: dict[int, list[Link]] = {}
    entering: dict[int, list[Link]] = {}
    for link in level.links:
        leaving.setdefault(link.source, []).append(link)
        entering.setdefault(link.target, []).append(link)
    place = list(range(len(level.parts)))
    for index, part in enumerate(level.parts):
        links = entering.get(index, [])
        if part.form != "card" or len(links) != 1:
            continue
        source = links[0].source
        head = level.parts[place[source]]
        same_size = head.positions == part.positions or part.positions == 1
        if head.form == "card" and len(leaving[source]) == 1 and (same_size or not by_size):
            head.cells.extend(part.cells)
            head.positions = part.positions
            place[index] = place[source]
    _renumber(level, place)


def _renumber(level: Level, place: list[int]) -> None:
    kept = [index for index in range(len(level.parts)) if place[index] == index]
    new = {old: at for at, old in enumerate(kept)}
    level.parts = [level.parts[index] for index in kept]
    level.ports = {key: new[place[index]] for key, index in level.ports.items()}
    links = [
        replace(one, source=new[place[one.source]], target=new[place[one.target]])
        for one in level.links
    ]
    level.links = [one for one in links if one.source != one.target]
    _keep_telling_labels(level)


def _keep_telling_labels(level: Level) -> None:
    """Sizes stay where a part has changed them, once, and outside of the containers they leave."""
    entering: dict[int, set[str]] = {}
    for link in level.links:
        entering.setdefault(link.target, set()).add(link.label)
    told = set[tuple[int, Value]]()
    summed: dict[int, set[str]] = {}
    for at, link in enumerate(level.links):
        source, target = level.parts[link.source], level.parts[link.target]
        silent = source.form in ("in", "terminal") or target.form in ("out", "terminal")
        known = link.label in entering.get(link.source, ()) or (link.source, link.value) in told
        if target.form == "join":
            before = summed.setdefault(link.target, set())
            known = known or link.label in before
            before.add(link.label)
        if silent or known:
            level.links[at] = replace(link, label="")
        else:
            told.add((link.source, link.value))
