"""Where the parts of one level stand relative to each other: ranks, order within them, offsets.

Layers are placed as in K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of
hierarchical system structures", 1981: longest-path ranks, long edges cut by dummies, then one
order per rank. The order follows the text (branches of a join from left to right); the offsets
minimise the squared sideways way of the edges, rank by rank, by isotonic regression.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from striate.backends.svg.scene import Level, Link

PART_GAP, DUMMY_GAP = 26.0, 14.0
SWEEPS = 10
CHAIN, TRUNK, BYPASS, BESIDE = 16.0, 1.0, 0.004, 0.02
"""How strongly an edge pulls: inside a branch, at its ends, at the ends of a shortcut, along it."""
LANE_GAP = 26.0


class Hop(NamedTuple):
    """A stretch of an edge from one rank to the next, between two knots.

    start, end: distance of its ends from the edge of the knot, sideways.
    is_bypass: its edge leaves a fork. is_chain: it is all that leaves its source and enters
        its target.
    """

    source: int
    target: int
    start: float
    end: float
    label: str = ""
    is_bypass: bool = False
    is_chain: bool = False


@dataclass(slots=True)
class Lattice:
    """Knots (parts, then dummies) in rows; sideways place and extent of each.

    lanes: for each knot the lane it keeps to, where planes of one size share a lane; or empty.
    """

    rows: list[list[int]]
    hops: list[Hop]
    breadth: list[float]
    at: list[float] = field(default_factory=list)
    parts: int = 0
    lanes: list[int] = field(default_factory=list)

    def is_dummy(self, knot: int) -> bool:
        """True for a knot that only leads an edge through its row."""
        return knot >= self.parts


def lattice(
    level: Level,
    breadth: Sequence[float],
    port: Callable[[Link, bool], float],
    lanes: Sequence[int] = (),
) -> Lattice:
    """Rows, order and sideways places of the parts of a level.

    breadth: sideways extent of each part. port: where a link leaves (True) or enters its part.
    lanes: for each part the lane it is to keep to; or empty.
    """
    ranks = _ranks(level)
    made = _hops(level, ranks, breadth, port)
    if lanes:
        made.lanes = [*lanes, *(-1 for _ in made.breadth[len(lanes) :])]
        for hop in made.hops:
            if made.is_dummy(hop.target):
                made.lanes[hop.target] = made.lanes[hop.source]
    _order(made)
    _settle(made)
    return made


def _ranks(level: Level) -> list[int]:
    """Longest path from the sources; sources that are no inputs stand before their first reader."""
    count = len(level.parts)
    entering: list[list[int]] = [[] for _ in range(count)]
    leaving: list[list[int]] = [[] for _ in range(count)]
    for link in level.links:
        entering[link.target].append(link.source)
        leaving[link.source].append(link.target)
    ranks = [-1] * count
    waiting = [len(one) for one in entering]
    ready = [one for one in range(count) if not waiting[one]]
    ports = {one for one in ready if level.parts[one].form == "in"}
    while ready:
        part = ready.pop()
        ranks[part] = max(
            (ranks[one] + 1 for one in entering[part]), default=0 if part in ports else 1
        )
        for one in leaving[part]:
            waiting[one] -= 1
            if not waiting[one]:
                ready.append(one)
    for part in range(count):
        if not entering[part] and leaving[part] and part not in ports:
            ranks[part] = max(min(ranks[one] for one in leaving[part]) - 1, ranks[part])
    last = max(ranks, default=0)
    for part in range(count):
        if level.parts[part].form == "out":
            ranks[part] = last
    if any(ranks[one] == last and level.parts[one].form != "out" for one in range(count)):
        for part in range(count):
            ranks[part] += level.parts[part].form == "out"
    first = min(ranks, default=0)
    return [one - first for one in ranks]


def _hops(
    level: Level, ranks: list[int], breadth: Sequence[float], port: Callable[[Link, bool], float]
) -> Lattice:
    rows: list[list[int]] = [[] for _ in range(max(ranks, default=0) + 1)]
    for part, rank in enumerate(ranks):
        rows[rank].append(part)
    sizes = list(breadth)
    hops: dict[tuple[int, int, float, float], Hop] = {}
    dummies: dict[tuple[int, float, int], int] = {}
    readers = Counter((link.source, port(link, True)) for link in level.links)
    for link in level.links:
        bypass = readers[link.source, port(link, True)] > 1
        knot, start, label = link.source, port(link, True), link.label
        origin = knot, start
        for rank in range(ranks[link.source] + 1, ranks[link.target]):
            key = *origin, rank
            if key not in dummies:
                dummies[key] = len(sizes)
                rows[rank].append(len(sizes))
                sizes.append(0.0)
            _keep(hops, Hop(knot, dummies[key], start, 0.0, label, bypass))
            knot, start, label = dummies[key], 0.0, ""
        _keep(hops, Hop(knot, link.target, start, port(link, False), label, bypass))
    leaving, entering = Counter(one.source for one in hops.values()), Counter[int]()
    entering.update(one.target for one in hops.values())
    marked = [
        one._replace(is_chain=leaving[one.source] == entering[one.target] == 1)
        for one in hops.values()
    ]
    return Lattice(rows, marked, sizes, parts=len(level.parts))


def _keep(hops: dict[tuple[int, int, float, float], Hop], hop: Hop) -> None:
    key = hop.source, hop.target, hop.start, hop.end
    if key not in hops or hop.label:
        hops[key] = hop


def _order(made: Lattice) -> None:
    """In each row, the order in which a walk up from the results meets the knots."""
    above: dict[int, list[Hop]] = {}
    for hop in made.hops:
        above.setdefault(hop.target, []).append(hop)
    seen: dict[int, int] = {}
    for sink in (knot for row in reversed(made.rows) for knot in row):
        todo = [sink]
        while todo:
            knot = todo.pop()
            if knot in seen:
                continue
            seen[knot] = len(seen)
            todo.extend(hop.source for hop in reversed(above.get(knot, [])))
    for row in made.rows:
        row.sort(key=lambda knot: (made.lanes[knot] if made.lanes else 0, seen[knot]))
    best, fewest = [list(row) for row in made.rows], _crossings(made)
    for sweep in range(4):
        if not fewest or made.lanes:
            break
        _barycenters(made, downwards=sweep % 2 == 0)
        crossings = _crossings(made)
        if crossings < fewest:
            best, fewest = [list(row) for row in made.rows], crossings
    made.rows[:] = best


def _places(made: Lattice) -> dict[int, int]:
    return {knot: at for row in made.rows for at, knot in enumerate(row)}


def _crossings(made: Lattice) -> int:
    places = _places(made)
    rows = {knot: rank for rank, row in enumerate(made.rows) for knot in row}
    by_rank: dict[int, list[tuple[float, float]]] = {}
    for hop in made.hops:
        ends = places[hop.source] + hop.start / 1e4, places[hop.target] + hop.end / 1e4
        by_rank.setdefault(rows[hop.source], []).append(ends)
    total = 0
    for ends_ in by_rank.values():
        for at, (one, other) in enumerate(ends_):
            total += sum((one - a) * (other - b) < 0 for a, b in ends_[:at])
    return total


def _barycenters(made: Lattice, *, downwards: bool) -> None:
    places = _places(made)
    for row in made.rows if downwards else reversed(made.rows):
        weights: dict[int, list[float]] = {knot: [] for knot in row}
        for hop in made.hops:
            knot, other = (hop.target, hop.source) if downwards else (hop.source, hop.target)
            offset = hop.start if downwards else hop.end
            if knot in weights:
                weights[knot].append(places[other] + offset / 1e4)
        middle = {
            knot: sum(ways) / len(ways) if ways else float(places[knot])
            for knot, ways in weights.items()
        }
        row.sort(key=middle.__getitem__)
        places.update({knot: at for at, knot in enumerate(row)})


def _settle(made: Lattice) -> None:
    """Sideways places: each row in turn moves as near to its neighbours as its order allows."""
    made.at = [0.0] * len(made.breadth)
    if made.lanes:
        _keep_to_lanes(made)
        return
    for row in made.rows:
        _push(made, row, [made.at[knot] for knot in row], [1.0] * len(row))
    above: dict[int, list[Hop]] = {}
    below: dict[int, list[Hop]] = {}
    for hop in made.hops:
        above.setdefault(hop.target, []).append(hop)
        below.setdefault(hop.source, []).append(hop)
    for sweep in range(SWEEPS):
        last = sweep >= SWEEPS - 4
        for row in made.rows if sweep % 2 == 0 else reversed(made.rows):
            wishes, forces = list[float](), list[float]()
            for knot in row:
                pulls = list[tuple[float, float]]()
                if sweep % 2 == 0 or last:
                    pulls += _pulls(made, above.get(knot, ()), from_above=True)
                if sweep % 2 == 1 or last:
                    pulls += _pulls(made, below.get(knot, ()), from_above=False)
                force = sum(weight for weight, _ in pulls)
                wish = sum(weight * place for weight, place in pulls) / force if force else None
                wishes.append(made.at[knot] if wish is None else wish)
                forces.append(force or 1e-6)
            _push(made, row, wishes, forces)
    _straighten(made)
    least = min(made.at, default=0.0)
    made.at = [place - least for place in made.at]


def _keep_to_lanes(made: Lattice) -> None:
    """Each knot in the middle of its lane, or beside those that share it."""
    breadths = dict.fromkeys(sorted(set(made.lanes)), 0.0)
    for row in made.rows:
        for lane in breadths:
            here = [made.breadth[knot] for knot in row if made.lanes[knot] == lane]
            needed = sum(here) + PART_GAP * max(len(here) - 1, 0)
            breadths[lane] = max(breadths[lane], needed)
    middles, start = dict[int, float](), 0.0
    for lane, breadth in breadths.items():
        middles[lane] = start + breadth / 2
        start += breadth + LANE_GAP
    for row in made.rows:
        wishes = [middles[made.lanes[knot]] - made.breadth[knot] / 2 for knot in row]
        # Shortcuts run straight along their lane, and layers make room.
        forces = [1e4 if made.is_dummy(knot) else 1.0 for knot in row]
        _push(made, row, wishes, forces)
    least = min(made.at, default=0.0)
    made.at = [place - least for place in made.at]


def _straighten(made: Lattice) -> None:
    """Dummies of one edge in line, where there is a place that fits in all their rows."""
    after = {
        hop.source: hop.target
        for hop in made.hops
        if made.is_dummy(hop.source) and made.is_dummy(hop.target)
    }
    inner = set(after.values())
    room = {knot: span for row in made.rows for knot, span in _room(made, row)}
    for first in range(made.parts, len(made.breadth)):
        if first in inner:
            continue
        chain = [first]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        low = max(room[knot][0] for knot in chain)
        high = min(room[knot][1] for knot in chain)
        middle = sorted(made.at[knot] for knot in chain)[len(chain) // 2]
        if low <= high:
            for knot in chain:
                made.at[knot] = min(max(middle, low), high)


def _room(made: Lattice, row: list[int]) -> Iterator[tuple[int, tuple[float, float]]]:
    """How far each dummy of a row can move between its neighbours."""
    for at, knot in enumerate(row):
        if not made.is_dummy(knot):
            continue
        low, high = float("-inf"), float("inf")
        if at:
            low = made.at[row[at - 1]] + made.breadth[row[at - 1]] + DUMMY_GAP
        if at + 1 < len(row):
            high = made.at[row[at + 1]] - DUMMY_GAP
        yield knot, (low, high)


def _pulls(made: Lattice, hops: Sequence[Hop], *, from_above: bool) -> list[tuple[float, float]]:
    """Weight and wished place that each edge asks of its lower end, or of its upper one."""
    pulls = []
    for hop in hops:
        dummies = made.is_dummy(hop.source) + made.is_dummy(hop.target)
        strong = CHAIN if hop.is_chain else TRUNK
        weight = (TRUNK, BYPASS, BESIDE)[dummies] if hop.is_bypass else strong
        if from_above:
            pulls.append((weight, made.at[hop.source] + hop.start - hop.end))
        else:
            pulls.append((weight, made.at[hop.target] + hop.end - hop.start))
    return pulls


def _push(made: Lattice, row: list[int], wishes: list[float], forces: list[float]) -> None:
    """Least-squares places that keep the order and the gaps (pool adjacent violators)."""
    shift, shifts = 0.0, list[float]()
    for at, knot in enumerate(row):
        if at:
            before = row[at - 1]
            thin = made.is_dummy(before) or made.is_dummy(knot)
            shift += made.breadth[before] + (DUMMY_GAP if thin else PART_GAP)
        shifts.append(shift)
    blocks: list[tuple[float, float, int]] = []
    for wish, force, moved in zip(wishes, forces, shifts, strict=True):
        place, weight, count = wish - moved, force, 1
        while blocks and blocks[-1][0] > place:
            old, old_weight, old_count = blocks.pop()
            place = (old * old_weight + place * weight) / (old_weight + weight)
            weight, count = weight + old_weight, count + old_count
        blocks.append((place, weight, count))
    placed = [place for place, _, count in blocks for _ in range(count)]
    for knot, place, moved in zip(row, placed, shifts, strict=True):
        made.at[knot] = place + moved
