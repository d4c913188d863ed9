"""How counts are written: the only place that chooses a unit."""

from __future__ import annotations

import re

CONVENTION = (
    "1 MAC = one multiplication and one addition; FLOPs = 2 x MACs; batch of one; "
    "counted: convolutions, linear layers and the sampling inside deformable ones"
)


def exact(count: int) -> str:
    """25557032 as `25,557,032`."""
    return f"{count:,}"


def short(count: float) -> str:
    """4089184256 as `4.089 G`; below a thousand as it is."""
    return _scaled(count, 1000, ("", "k", "M", "G", "T", "P"))


def flops(macs: int) -> int:
    """Floating-point operations by the convention above."""
    return 2 * macs


def byte_size(count: float) -> str:
    """102228128 as `97.49 MiB`."""
    return _scaled(count, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"))


def duration(seconds: float) -> str:
    """3725 as `1 h 02 min`, 75 as `1 min 15 s`, 4.25 as `4.2 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def seconds_of(text: str) -> float | None:
    """`90s`, `10m`, `1h30m` or `2.5 h` in seconds; None for anything else.

    >>> seconds_of("1h30m"), seconds_of("90 s"), seconds_of("10")
    (5400.0, 90.0, None)
    """
    parts = re.findall(r"(\d+(?:\.\d+)?) *(h|m|s)", text)
    rest = re.sub(r"(\d+(?:\.\d+)?) *(h|m|s)", "", text)
    if not parts or rest.strip():
        return None
    return sum(float(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts)


def dimensions(sizes: tuple[int | None, ...]) -> str:
    """(64, None, None) as `64x?x?`."""
    return "x".join("?" if size is None else str(size) for size in sizes)


def _scaled(count: float, base: int, units: tuple[str, ...]) -> str:
    scaled, unit = float(count), 0
    while abs(scaled) >= base and unit < len(units) - 1:
        scaled /= base
        unit += 1
    digits = f"{scaled:.4g}" if abs(scaled) < 1000 else f"{scaled:.0f}"
    return f"{digits} {units[unit]}".rstrip()
