"""Which tensor of a file goes where in a network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from striate.errors import listing
from striate.weights.difference import refusal
from striate.weights.order import Classes, Shape, alike, in_order, in_some_order, layers
from striate.weights.unwrap import without_wrapper

COUNTER = "num_batches_tracked"
"""Batches that a batch norm has seen: a plain number that only averaging over all of them reads."""
RENAMED = "matched by order and shape"
_AUXILIARY = re.compile(r"aux", re.IGNORECASE)


@dataclass(frozen=True)
class Match:
    """For each key of the network the name in the file; what stays as made; what is to be told."""

    names: Mapping[str, str]
    fresh: tuple[str, ...]
    notes: tuple[str, ...]
    has_new_head: bool = False

    def silent(self) -> Match:
        """Without the note that names differ."""
        return replace(self, notes=tuple(note for note in self.notes if RENAMED not in note))


@dataclass(frozen=True)
class Sides:
    """Shapes by key, here in the network and there in the file, and what they are called."""

    network: str
    origin: str
    here: Mapping[str, Shape]
    there: Mapping[str, Shape]


def match(sides: Sides, *, outputs: int, has_order: bool) -> Match:
    """By name where the names agree, else by order.

    outputs: of the network. Its last layer stays as made where the file has another number of them
    or none at all.

    Raises:
        UsageError: neither fits; the message shows the first difference.
    """
    shown = without_wrapper(list(sides.there), list(sides.here))
    there = {shown[name]: shape for name, shape in sides.there.items()}
    here = sides.here
    notes, fresh = list[str](), list[str]()
    here, there = _without_auxiliary(here, there, notes, fresh)
    plain = Sides(sides.network, sides.origin, _counted(here), _counted(there))
    found = _by_name(plain, outputs) or _by_order(plain, outputs, has_order=has_order)
    if found is None:
        raise refusal(plain.network, plain.origin, plain.here, plain.there)
    names = {**found.names, **dict(_counters(here, there, found.names))}
    counters = [key for key in here if _is_counter(key) and key not in names]
    if counters:
        notes.append(f"it does not say how many batches were seen ({COUNTER}): counted from 0")
    back = {short: name for name, short in shown.items()}
    kept = {*fresh, *counters, *found.fresh}
    return Match(
        {key: back[name] for key, name in names.items()},
        tuple(key for key in sides.here if key in kept),
        (*notes, *found.notes),
        found.has_new_head,
    )


def _is_counter(key: str) -> bool:
    return key.rpartition(".")[2] == COUNTER


def _counted(shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """Without the counters of batch norms."""
    return {key: shape for key, shape in shapes.items() if not _is_counter(key)}


def _counters(
    here: Mapping[str, Shape], there: Mapping[str, Shape], names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Counters of the batch norms whose other tensors were found."""
    for key, name in names.items():
        mine, _, leaf = key.rpartition(".")
        other = name.rpartition(".")[0]
        if leaf == "running_mean" and f"{mine}.{COUNTER}" in here and f"{other}.{COUNTER}" in there:
            yield f"{mine}.{COUNTER}", f"{other}.{COUNTER}"


def _without_auxiliary(
    here: Mapping[str, Shape],
    there: Mapping[str, Shape],
    notes: list[str],
    fresh: list[str],
) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Both sides without heads that serve training only and that the other side lacks."""
    mine, theirs = _heads(here), _heads(there)
    left_out, missing = sorted(theirs - mine), sorted(mine - theirs)
    if left_out:
        notes.append(f"left out: {listing(left_out)}, used in training only and not here")
    if missing:
        notes.append(f"{listing(missing)}, used in training only, is not in it: starts afresh")
    fresh += [key for key in here if key.partition(".")[0] in missing]
    return (
        {key: shape for key, shape in here.items() if key.partition(".")[0] not in missing},
        {key: shape for key, shape in there.items() if key.partition(".")[0] not in left_out},
    )


def _heads(shapes: Mapping[str, Shape]) -> set[str]:
    first = {key.partition(".")[0] for key in shapes}
    return {name for name in first if _AUXILIARY.match(name)}


def _by_name(sides: Sides, outputs: int) -> Match | None:
    here, there = sides.here, sides.there
    missing = [key for key in here if key not in there]
    if any(key not in here for key in there):
        return None
    if missing and not (there and _is_head(missing, here, outputs)):
        return None
    classes = Classes(outputs, _classes_there(here, there, outputs))
    differing = [key for key in there if not alike(here[key], there[key])]
    if not all(classes.differ(here[key], there[key]) for key in differing):
        return None
    names = {key: key for key in here if key in there and key not in differing}
    return _matched(sides, names, [*missing, *differing], classes)


def _by_order(sides: Sides, outputs: int, *, has_order: bool) -> Match | None:
    here, there = layers(sides.here), layers(sides.there)
    if not here or not there:
        return None
    for count in _possible_classes(sides.there, outputs):
        classes = Classes(outputs, count)
        found = in_order(here, there, classes) if has_order else {}
        found = found or in_some_order(here, there, classes)
        if found:
            replaced = [
                key for key, name in found.items() if not alike(sides.here[key], sides.there[name])
            ]
            names = {key: name for key, name in found.items() if key not in replaced}
            example = next(((key, name) for key, name in names.items() if key != name), None)
            matched = _matched(sides, names, replaced, classes)
            said = f"its names differ{_example(example)}: {RENAMED}"
            return Match(names, matched.fresh, (said, *matched.notes), matched.has_new_head)
    return None


def _example(pair: tuple[str, str] | None) -> str:
    return f" ({pair[1]} there, {pair[0]} here)" if pair else ""


def _possible_classes(there: Mapping[str, Shape], outputs: int) -> list[int]:
    """Numbers of outputs that the file may have been made for: first ours, then its last bias's."""
    ends = [shape[0] for key, shape in there.items() if key.endswith("bias") and len(shape) == 1]
    return list(dict.fromkeys([outputs, *ends[::-1]]))[:64]


def _classes_there(here: Mapping[str, Shape], there: Mapping[str, Shape], outputs: int) -> int:
    """Number of outputs in the file, by the last tensor that has ours here and another there."""
    for key in reversed(list(here)):
        if key in there and here[key][:1] == (outputs,) and not alike(here[key], there[key]):
            return there[key][0] if there[key] else outputs
    return outputs


def _is_head(keys: list[str], here: Mapping[str, Shape], outputs: int) -> bool:
    """Whether keys are those of the last layer and no others."""
    path = list(here)[-1].rpartition(".")[0]
    whole = [key for key in here if key.rpartition(".")[0] == path]
    return sorted(keys) == sorted(whole) and all(here[key][:1] == (outputs,) for key in whole)


def _matched(
    sides: Sides, names: Mapping[str, str], replaced: list[str], classes: Classes
) -> Match:
    notes = list[str]()
    if replaced:
        paths = list(dict.fromkeys(key.rpartition(".")[0] for key in replaced))
        had = (
            f"it has {classes.there:,} outputs"
            if classes.there != classes.here
            else "it has none of that name"
        )
        notes.append(
            f"the last layer, {listing(paths)}, is new, with {classes.here:,} outputs ({had}): "
            "it must be trained"
        )
    reshaped = [key for key, name in names.items() if sides.here[key] != sides.there[name]]
    if reshaped:
        notes.append(f"reshaped to fit: {listing(reshaped, most=3)}")
    return Match(names, tuple(replaced), tuple(notes), bool(replaced))
