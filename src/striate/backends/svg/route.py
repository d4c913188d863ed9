"""Draws edges: right-angled, rounded, each sideways way on a track of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from striate.backends.svg.lattice import Hop, Lattice

TRACK_PX = 7.0
RADIUS_PX = 6.0
BEFORE_PX, AFTER_PX = 8.0, 12.0
STRAIGHT_PX = 0.75
"""Sideways ways shorter than this are drawn as straight lines."""

Point = tuple[float, float]


class Route(NamedTuple):
    """A drawn edge: its corners, if it ends in an arrow head, its label and where that starts."""

    points: tuple[Point, ...]
    has_arrow: bool
    label: str = ""
    label_at: Point = (0.0, 0.0)


class Gap(NamedTuple):
    """The room between two rows.

    tracks: for each hop its track, counted from the row before; straight hops have none.
    lead: pixels before the first track, where labels stand.
    """

    tracks: dict[Hop, int]
    lead: float
    length: float


def gap_of(hops: Sequence[Hop], made: Lattice, label_px: float) -> Gap:
    """The room that the hops between two rows need; `label_px` is what their labels take."""
    readers: dict[int, int] = {}
    for hop in hops:
        readers[hop.target] = readers.get(hop.target, 0) + 1
    bundles: dict[tuple[int, int, float], list[Hop]] = {}
    for hop in hops:
        if abs(_sideways(hop, made)) > STRAIGHT_PX:
            # Edges into one join run together, and so do those out of one fork.
            joins = readers[hop.target] > 1 and not made.is_dummy(hop.target)
            key = (1, hop.target, hop.end) if joins else (0, hop.source, hop.start)
            bundles.setdefault(key, []).append(hop)
    tracks: dict[Hop, int] = {}
    taken: list[list[Point]] = []
    for bundle in sorted(bundles.values(), key=lambda one: _stretch(one, made)):
        low, high = _stretch(bundle, made)
        free = [all(high + 3 < a or low - 3 > b for a, b in track) for track in taken]
        track = free.index(True) if True in free else len(taken)
        if track == len(taken):
            taken.append([])
        taken[track].append((low, high))
        tracks.update(dict.fromkeys(bundle, track))
    lead = BEFORE_PX + label_px
    ways = max(len(taken) - 1, 0) * TRACK_PX
    return Gap(tracks, lead, lead + ways + AFTER_PX)


def _sideways(hop: Hop, made: Lattice) -> float:
    return made.at[hop.target] + hop.end - made.at[hop.source] - hop.start


def _stretch(hops: Sequence[Hop], made: Lattice) -> Point:
    ends = [made.at[hop.source] + hop.start for hop in hops]
    ends += [made.at[hop.target] + hop.end for hop in hops]
    return min(ends), max(ends)


def path_data(points: Sequence[Point]) -> str:
    """The `d` of an SVG path through the points, corners rounded."""
    first, *rest = points
    words = [f"M{_pair(first)}"]
    for at, corner in enumerate(rest[:-1]):
        before, after = points[at], rest[at + 1]
        radius = min(RADIUS_PX, _length(before, corner) / 2, _length(corner, after) / 2)
        words.append(f"L{_pair(_towards(corner, before, radius))}")
        words.append(f"Q{_pair(corner)} {_pair(_towards(corner, after, radius))}")
    words.append(f"L{_pair(rest[-1])}")
    return "".join(words)


def _length(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(start: Point, end: Point, way: float) -> Point:
    length = _length(start, end) or 1.0
    part = way / length
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def _pair(point: Point) -> str:
    return f"{tidy(point[0])} {tidy(point[1])}"


def tidy(number: float) -> str:
    """A coordinate with one decimal, without trailing zeros."""
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
