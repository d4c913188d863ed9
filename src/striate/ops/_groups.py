"""Channels that divide into equal groups."""

from __future__ import annotations

from striate.errors import GraphError

_MOST_LISTED = 24


def check_groups(op: str, groups: int, channels: int, side: str = "input", parts: str = "") -> None:
    """Passes when the channels divide into that many groups.

    `side` names them in the message (`input`, `output`), `parts` the groups (`2 equal parts`).

    Raises:
        GraphError: they do not; the message lists what would.
    """
    if channels % groups == 0:
        return
    divisors = [n for n in range(1, min(channels, 4096) + 1) if channels % n == 0]
    listed = ", ".join(map(str, divisors[:_MOST_LISTED]))
    more = ", ..." if len(divisors) > _MOST_LISTED else ""
    raise GraphError.of(
        "groups-do-not-divide",
        f"{op}: {channels} {side} channels do not divide into {parts or f'g={groups} groups'}",
        f"divisors of {channels}: [{listed}{more}]",
    )
