"""Says where the weights in a file and a network begin to differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from striate.errors import StriateError, UsageError

Shape = tuple[int, ...]
MOST_ROWS = 8
ABSENT = "-"


def refusal(
    network: str, origin: str, here: Mapping[str, Shape], there: Mapping[str, Shape]
) -> StriateError:
    """The error for weights that do not fit; shapes by key, in the order of the layers."""
    missing = [key for key in here if key not in there]
    unknown = [key for key in there if key not in here]
    differing = [key for key in here if key in there and here[key] != there[key]]
    counts = list[str]()
    if missing:
        counts.append(f"{len(missing):,} of the {len(here):,} tensors here are not in it")
    if unknown:
        counts.append(f"{len(unknown):,} of the {len(there):,} in it are unknown here")
    if differing:
        counts.append(f"{len(differing):,} of the same name {_have(differing)} another shape")
    key = next((key for key in here if key in missing or key in differing), None) or unknown[0]
    return UsageError.of(
        "weights-do-not-fit",
        f"{origin} does not fit {network}: {'; '.join(counts)}",
        f"first difference: {_first(key, here, there)}",
        *_excerpt(key, here, there),
        "by order and shape they do not fit either: are they of another network or variant?",
    )


def _have(keys: list[str]) -> str:
    return "has" if len(keys) == 1 else "have"


def _first(key: str, here: Mapping[str, Shape], there: Mapping[str, Shape]) -> str:
    mine, other = (f"{_shape(side.get(key))} {word}" for side, word in _words(here, there))
    if key in here and key in there:
        return f"{key} is {mine} and {other}"
    near = nearest(key, here, there)
    tail = ""
    if near is not None:
        side, word = (there, "there") if key in here else (here, "here")
        tail = f"; nearest {word}: {near} ({_shape(side[near])})"
    return f"{key} is {mine if key in here else other}, and {_absent(key, here)}{tail}"


def _words(
    here: Mapping[str, Shape], there: Mapping[str, Shape]
) -> tuple[tuple[Mapping[str, Shape], str], tuple[Mapping[str, Shape], str]]:
    return (here, "here"), (there, "there")


def _absent(key: str, here: Mapping[str, Shape]) -> str:
    return "missing there" if key in here else "unknown here"


def nearest(key: str, here: Mapping[str, Shape], there: Mapping[str, Shape]) -> str | None:
    """The most similar name on the other side that this side lacks, of the same shape if any is."""
    mine, other = (here, there) if key in here else (there, here)
    free = [name for name in other if name not in mine]
    alike = [name for name in free if other[name] == mine[key]]
    found = get_close_matches(key, alike, n=1, cutoff=0.5) or get_close_matches(key, free, n=1)
    return found[0] if found else None


def _excerpt(key: str, here: Mapping[str, Shape], there: Mapping[str, Shape]) -> Iterator[str]:
    """The neighbours of a key, their shapes side by side."""
    path = key.rpartition(".")[0].rpartition(".")[0]
    prefix = f"{path}." if path else ""
    every = list(dict.fromkeys([*here, *there]))
    keys = [name for name in every if name.startswith(prefix)]
    place = keys.index(key)
    start = max(0, min(place - 2, len(keys) - MOST_ROWS))
    rows = keys[start : start + MOST_ROWS]
    names = [name.removeprefix(prefix) for name in rows]
    width = max(map(len, [*names, path]))
    column = max(len(_shape(here.get(name))) for name in rows)
    yield f"{path:{width}}    {'here':{max(column, 4)}}  there"
    for name, shown in zip(rows, names, strict=True):
        mine, other = _shape(here.get(name)), _shape(there.get(name))
        mark = " " if mine == other else "*"
        yield f"{mark} {shown:{width}}  {mine:{max(column, 4)}}  {other}"


def _shape(shape: Shape | None) -> str:
    if shape is None:
        return ABSENT
    return "x".join(map(str, shape)) or "one number"
