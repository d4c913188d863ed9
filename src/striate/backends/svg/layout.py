"""Places everything: sizes of the parts, rows of a level, columns of a long one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from striate.backends.svg.lattice import Hop, Lattice, lattice
from striate.backends.svg.palette import CODE_WIDTH, SMALL_WIDTH, TITLE_WIDTH
from striate.backends.svg.route import TRACK_PX, Gap, Route, gap_of
from striate.backends.svg.scene import Level, Link, Part
from striate.ir import Value

CELL_PX, CELL_GAP_PX = 22.0, 1.5
JOIN_PX = 20.0
BORDER_PX, TITLE_PX = 14.0, 24.0
COLUMN_GAP_PX = 40.0
TURN_PX = 18.0
STRIPE_PX = 6.0
STREAM_PX = 22.0
MOST_STREAMS = 4
"""Edges that may turn together from one row of a wide picture to the next."""
STUB = 0.2
"""A first or last column shorter than this part of the longest one is no column of its own."""


@dataclass(slots=True)
class Box:
    """Left upper corner and size."""

    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0


@dataclass(slots=True)
class Placed:
    """A level with a box for each part, its routes, and the levels inside its groups.

    Coordinates are relative to the level's own corner.
    """

    level: Level
    boxes: list[Box]
    routes: list[Route]
    width: float
    height: float
    is_downward: bool
    inside: dict[int, Placed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a level is laid out.

    is_downward: data flow from top to bottom, else from left to right.
    limit: length in the direction of the flow at which a level is broken into columns (or rows).
    """

    is_downward: bool
    limit: float


def place(level: Level, plan: Plan) -> Placed:
    """The level and all inside it, laid out."""
    inside = {
        at: place(part.level, plan) for at, part in enumerate(level.parts) if part.level is not None
    }
    sizes = [_size(part, inside.get(at), plan) for at, part in enumerate(level.parts)]
    passing = _passing(level)
    for (at, _), values in passing.items():
        if level.parts[at].form == "closed" and not plan.is_downward:
            width, height = sizes[at]
            sizes[at] = width, max(height, STREAM_PX * (len(values) + 1))
    breadth = [width if plan.is_downward else height for width, height in sizes]
    depth = [height if plan.is_downward else width for width, height in sizes]

    def port(link: Link, leaves: bool) -> float:
        at = link.source if leaves else link.target
        if level.parts[at].form == "closed":
            values = passing[at, leaves]
            return breadth[at] * (values.index(link.value) + 1) / (len(values) + 1)
        if at not in inside:
            return breadth[at] / 2
        size = Box(0, 0, *sizes[at])
        place = _port_place(level.parts[at], inside[at], size, link, leaves=leaves)
        return place.x if plan.is_downward else place.y

    lanes = [] if plan.is_downward else _lanes(level, passing)
    made = lattice(level, breadth, port, lanes)
    return _Ground(level, made, depth, plan).placed(inside)


def _passing(level: Level) -> dict[tuple[int, bool], list[Value]]:
    """The values that leave (True) or enter (False) each part, in order."""
    found: dict[tuple[int, bool], set[Value]] = {}
    for link in level.links:
        found.setdefault((link.source, True), set()).add(link.value)
        found.setdefault((link.target, False), set()).add(link.value)
    return {key: sorted(values) for key, values in found.items()}


def _lanes(level: Level, passing: dict[tuple[int, bool], list[Value]]) -> list[int]:
    """One lane per size of the plane, largest first.

    None where a part spans several lanes, or where sizes only fall: a staircase says nothing.
    """
    parts = level.parts
    if any(
        parts[at].form in ("group", "closed") and len(values) > 1
        for (at, _), values in passing.items()
    ):
        return []
    positions = [part.positions for part in parts]
    feeders = {link.target: link.source for link in reversed(level.links)}
    for at, part in enumerate(parts):
        if part.form in ("in", "out"):
            beside = next((one for one in level.links if at in (one.source, one.target)), None)
            if beside is not None:
                positions[at] = parts[
                    beside.target if part.form == "in" else beside.source
                ].positions
        elif positions[at] == 1 and at in feeders:
            positions[at] = positions[feeders[at]]
    order = {size: lane for lane, size in enumerate(sorted(set(positions), reverse=True))}
    lanes = [order[size] for size in positions]
    return lanes if any(lanes[one.target] < lanes[one.source] for one in level.links) else []


def _size(part: Part, inside: Placed | None, plan: Plan) -> tuple[float, float]:
    title = len(part.title) * TITLE_WIDTH + (44 if part.times > 1 else 12)
    match part.form:
        case "card":
            longest = max(len(cell.text) + 0.9 * len(cell.extras) for cell in part.cells)
            height = len(part.cells) * (CELL_PX + CELL_GAP_PX) - CELL_GAP_PX
            return max(longest * CODE_WIDTH + 18, 64.0), height
        case "join":
            return JOIN_PX, JOIN_PX
        case "terminal":
            return len(part.title) * CODE_WIDTH + 22, CELL_PX
        case "closed":
            width = max(title, len(part.note) * SMALL_WIDTH, len(part.cells) * STRIPE_PX) + 18
            return width, 56.0
        case "group":
            assert inside is not None
            head = TITLE_PX if part.title or part.times > 1 else BORDER_PX
            # The edge that comes in at the middle of the top should pass beside the title.
            beside = 2 * (len(part.title) * TITLE_WIDTH + 20) if plan.is_downward else title + 12
            width = max(inside.width + 2 * BORDER_PX, title + 12, beside if part.title else 0)
            return width, inside.height + head + (BORDER_PX if not plan.is_downward else 4)
        case "in" | "out":
            return 0.0, 0.0


def inner_corner(part: Part, inside: Placed, box: Box) -> tuple[float, float]:
    """Where the content of a group starts, relative to the group's corner."""
    head = TITLE_PX if part.title or part.times > 1 else BORDER_PX
    return (box.width - inside.width) / 2, head


@dataclass(slots=True)
class _Ground:
    """Rows to coordinates: `u` runs with the flow, `v` across it."""

    level: Level
    made: Lattice
    depth: Sequence[float]
    plan: Plan
    row_of: dict[int, int] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    thick: list[float] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)
    breadths: list[float] = field(default_factory=list)

    def placed(self, inside: dict[int, Placed]) -> Placed:
        rows = self.made.rows
        self.row_of = {knot: at for at, row in enumerate(rows) for knot in row}
        self.thick = [max((self._depth(knot) for knot in row), default=0.0) for row in rows]
        between: list[list[Hop]] = [[] for _ in rows]
        for hop in self.made.hops:
            between[self.row_of[hop.source]].append(hop)
        self.gaps = [self._gap(hops) for hops in between]
        may_break = [self._may_break(hops) for hops in between]
        for row in range(max(len(rows) - 3, 0), len(rows)):
            # A result is not worth a column of its own.
            may_break[row] &= any(self._is_worth_a_column(one) for one in rows[row + 1 :])
        if self.made.lanes:
            may_break = [False] * len(rows)
        self._break_into_columns(may_break)
        boxes = [self._box(part) for part in range(len(self.level.parts))]
        drawn = [self._route(hop) for hops in between for hop in hops]
        along = max(
            start + thick + self._turn for start, thick in zip(self.start, self.thick, strict=True)
        )
        across = sum(self.breadths) + COLUMN_GAP_PX * (len(self.breadths) - 1)
        width, height = self._xy(along, across)
        return Placed(self.level, boxes, drawn, width, height, self.plan.is_downward, inside)

    def _may_break(self, hops: list[Hop]) -> bool:
        """At a single edge or fork; in wide pictures also where a few streams pass together."""
        if len({(hop.source, hop.start) for hop in hops}) == 1:
            return True
        ends = {knot for hop in hops for knot in (hop.source, hop.target)}
        forms = {self.level.parts[one].form for one in ends if not self.made.is_dummy(one)}
        few = not self.plan.is_downward and len(hops) <= MOST_STREAMS
        return few and forms <= {"group", "closed"}

    def _is_worth_a_column(self, row: list[int]) -> bool:
        forms = {self.level.parts[knot].form for knot in row if not self.made.is_dummy(knot)}
        return bool(forms - {"terminal", "out"})

    def _xy(self, u: float, v: float) -> tuple[float, float]:
        return (v, u) if self.plan.is_downward else (u, v)

    @property
    def _turn(self) -> float:
        """Room before and after a column, where the edge to the next one turns."""
        if len(self.breadths) == 1:
            return 0.0
        return TURN_PX + (0.0 if self.plan.is_downward else TRACK_PX * (MOST_STREAMS - 1))

    def _depth(self, knot: int) -> float:
        return 0.0 if self.made.is_dummy(knot) else self.depth[knot]

    def _gap(self, hops: list[Hop]) -> Gap:
        labels = [len(hop.label) * SMALL_WIDTH + 4 for hop in hops if hop.label]
        room = max(labels, default=0.0) if not self.plan.is_downward else 7.0 * bool(labels)
        return gap_of(hops, self.made, room)

    def _break_into_columns(self, may_break: list[bool]) -> None:
        """Start of each row in its column, and the sideways shift of each column."""
        lengths = [thick + gap.length for thick, gap in zip(self.thick, self.gaps, strict=True)]
        self.column = _columns(lengths, may_break, self.plan.limit)
        count = self.column[-1] + 1
        ends = [list[float]() for _ in range(count)]
        for knot, row in self.row_of.items():
            ends[self.column[row]] += [
                self.made.at[knot],
                self.made.at[knot] + self.made.breadth[knot],
            ]
        self.breadths = [max(one) - min(one) for one in ends]
        across = 0.0
        for one, breadth in zip(ends, self.breadths, strict=True):
            self.shift.append(across - min(one))
            across += breadth + COLUMN_GAP_PX
        along = self._turn
        for row, length in enumerate(lengths):
            if row and self.column[row] != self.column[row - 1]:
                along = self._turn
            self.start.append(along)
            along += length

    def _v(self, knot: int) -> float:
        return self.made.at[knot] + self.shift[self.column[self.row_of[knot]]]

    def _u(self, knot: int) -> tuple[float, float]:
        """Where a knot starts and ends along the flow; parts stand in the middle of their row."""
        row = self.row_of[knot]
        if self.made.is_dummy(knot):
            return self.start[row], self.start[row] + self.thick[row]
        slack = (self.thick[row] - self.depth[knot]) / 2
        return self.start[row] + slack, self.start[row] + slack + self.depth[knot]

    def _box(self, part: int) -> Box:
        start, end = self._u(part)
        x, y = self._xy(start, self._v(part))
        width, height = self._xy(end - start, self.made.breadth[part])
        return Box(x, y, width, height)

    def _route(self, hop: Hop) -> Route:
        row = self.row_of[hop.source]
        leaves, enters = self._u(hop.source)[1], self._u(hop.target)[0]
        here, there = self._v(hop.source) + hop.start, self._v(hop.target) + hop.end
        if self.column[row] != self.column[self.row_of[hop.target]]:
            corners = self._around(row, here, there, self._leaving(row).index(here))
        elif hop in self.gaps[row].tracks:
            gap = self.gaps[row]
            track = self.start[row] + self.thick[row] + gap.lead + gap.tracks[hop] * TRACK_PX
            corners = [(track, here), (track, there)]
        else:
            corners, there = [], here
        is_dummy = self.made.is_dummy(hop.target)
        last = self._u(hop.target)[1] if is_dummy else enters
        points = [(leaves, here), *corners, (last, there)]
        flat = (leaves + 13, here + 5) if self.plan.is_downward else (leaves + 5, here - 5)
        return Route(
            tuple(self._xy(*point) for point in points),
            not is_dummy and self.level.parts[hop.target].form not in ("out", "group"),
            hop.label,
            self._xy(*flat),
        )

    def _leaving(self, row: int) -> list[float]:
        """Where edges leave a row for the next column, last first."""
        hops = (hop for hop in self.made.hops if self.row_of[hop.source] == row)
        return sorted({self._v(hop.source) + hop.start for hop in hops}, reverse=True)

    def _around(self, row: int, here: float, there: float, lane: int) -> list[tuple[float, float]]:
        """From the end of one column through the gutter to the start of the next.

        lane: 0 for the last of the edges that turn together, whose way is the shortest.
        """
        column = self.column[row]
        gutter = sum(self.breadths[: column + 1]) + COLUMN_GAP_PX * (column + 0.5)
        rows = [at for at, one in enumerate(self.column) if one == column]
        way = lane * TRACK_PX
        below = self.start[rows[-1]] + self.thick[rows[-1]] + TURN_PX * 0.7 + way
        above = TURN_PX * 0.3 + way
        gutter += way - TRACK_PX
        return [(below, here), (below, gutter), (above, gutter), (above, there)]


def _columns(lengths: list[float], may_break: list[bool], limit: float) -> list[int]:
    """Column of each row: as few as the limit asks for, as even as the breaks allow."""
    total = sum(lengths)
    if total <= limit:
        return [0] * len(lengths)
    wanted = -(-total // limit)
    low, high = max(total / wanted, _longest_piece(lengths, may_break)), total
    best = [0] * len(lengths)
    for _ in range(20):
        middle = (low + high) / 2
        columns = _greedy(lengths, may_break, middle)
        if columns[-1] + 1 <= wanted:
            best, high = columns, middle
        else:
            low = middle
    return _without_stubs(best, lengths)


def _without_stubs(columns: list[int], lengths: list[float]) -> list[int]:
    """Joins a first or last column of next to nothing with the one beside it."""
    sizes = [0.0] * (columns[-1] + 1)
    for column, length in zip(columns, lengths, strict=True):
        sizes[column] += length
    shortest = max(sizes) * STUB
    if len(sizes) > 1 and sizes[-1] < shortest:
        columns = [min(column, len(sizes) - 2) for column in columns]
    if len(sizes) > 1 and sizes[0] < shortest:
        columns = [max(column - 1, 0) for column in columns]
    return columns


def _longest_piece(lengths: list[float], may_break: list[bool]) -> float:
    longest = piece = 0.0
    for length, breaks in zip(lengths, may_break, strict=True):
        piece += length
        longest = max(longest, piece)
        piece = 0.0 if breaks else piece
    return longest


def _greedy(lengths: list[float], may_break: list[bool], limit: float) -> list[int]:
    """A break at the last legal place before each column grows past the limit."""
    columns, column, filled = list[int](), 0, 0.0
    start = 0
    for row, length in enumerate(lengths):
        filled += length
        breaks = [at for at in range(start, row) if may_break[at]]
        if filled > limit and breaks:
            column += 1
            start = breaks[-1] + 1
            columns[start:] = [column] * (row - start)
            filled = sum(lengths[start : row + 1])
        columns.append(column)
    return columns


def _port_place(part: Part, inside: Placed, size: Box, link: Link, *, leaves: bool) -> Box:
    """Where a value passes the border of a group, relative to the group's corner."""
    port = inside.boxes[inside.level.ports["out" if leaves else "in", link.value]]
    x, y = inner_corner(part, inside, size)
    return Box(x + port.x, y + port.y)
