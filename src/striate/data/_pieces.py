"""How much torch is given at a time on a processor."""

from __future__ import annotations

# torch takes more values than this to several threads. Those wait for each other, busily, on the
# cores that decode the next images: of 64 photos that cost more than one core needs alone.
MOST_VALUES = 2**15 - 1


def rows_at_once(values: int) -> int:
    """How many rows of so many values torch takes on one core; at least one."""
    return max(1, MOST_VALUES // max(values, 1))
