"""The networks of the zoo as a table: chosen, sorted, written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeAlias

from striate.errors import UsageError, did_you_mean, listing
from striate.quantities import dimensions, exact, short
from striate.zoo import Card
from striate.zoo.wheels import WHEELS

Key: TypeAlias = int | float | str | tuple[int, ...]
Json: TypeAlias = "str | int | float | list[int] | None"

KEYS: dict[str, Callable[[Card], Key | None]] = {
    "name": lambda card: card.name,
    "family": lambda card: card.family,
    "year": lambda card: card.year,
    "params": lambda card: card.params,
    "macs": lambda card: card.macs,
    "input": lambda card: card.input[::-1],
    "top1": lambda card: card.top1,
    "top5": lambda card: card.top5,
}
"""What a table can be sorted by; accuracies begin with the best."""
_DOWNWARDS = ("top1", "top5")


def chosen(
    cards: Mapping[str, Card],
    words: Sequence[str] = (),
    *,
    most_params: int | None = None,
    most_macs: int | None = None,
) -> list[Card]:
    """The cards that hold all the words in name, family, paper or idea, within the limits.

    Raises:
        UsageError: there are none; the message gives the nearest names.
    """
    found = [card for card in cards.values() if all(_holds(card, word) for word in words)]
    if not found:
        asked = " ".join(words)
        near = get_close_matches(asked.lower(), cards, n=5, cutoff=0.5)
        raise UsageError.of(
            "no-such-network",
            f"the zoo has nothing for '{asked}'{did_you_mean(asked, cards)}",
            *([f"near: {listing(near)}"] if near else []),
            "striate zoo lists all; WORDS are looked for in name, family, paper and idea",
        )
    within = [
        card
        for card in found
        if _is_within(card.params, most_params) and _is_within(card.macs, most_macs)
    ]
    if not within:
        smallest = min(found, key=lambda card: (card.params is None, card.params or 0))
        raise UsageError.of(
            "no-network-so-small",
            f"none of the {len(found)} networks found is within --max-params and --max-macs",
            f"the one with the fewest parameters is {smallest.name}: "
            f"{_short(smallest.params)} parameters, {_short(smallest.macs)} MACs",
        )
    return within


def ordered(cards: Sequence[Card], key: str) -> list[Card]:
    """Sorted by one of `KEYS`, those without a value last.

    Raises:
        UsageError: there is no such key.
    """
    if key not in KEYS:
        raise UsageError.of(
            "unknown-sort-key",
            f"the zoo cannot be sorted by '{key}'{did_you_mean(key, KEYS)}",
            f"the keys are: {listing(list(KEYS))}",
        )
    known = [(value, card) for card in cards if (value := KEYS[key](card)) is not None]
    known.sort(key=lambda item: item[0], reverse=key in _DOWNWARDS)
    return [card for _, card in known] + [card for card in cards if KEYS[key](card) is None]


def table(cards: Sequence[Card], columns: int | None = None) -> str:
    """A line for each card; weights are cut to the width of the terminal, where it is given."""
    head = ("name", "family", "year", "params", "MACs", "input", "top-1", "weights, licence")
    rows = [head, *map(_row, cards)]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if place in (0, 1, 7) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  ".join(cells).rstrip()
        lines.append(line if columns is None or len(line) <= columns else line[: columns - 1] + "…")
    return "\n".join(lines)


def record(card: Card) -> dict[str, Json]:
    """A card as plain values; what is not known is null."""
    wheel = WHEELS.get(card.name)
    return {
        "name": card.name,
        "family": card.family,
        "year": card.year,
        "params": card.params,
        "macs": card.macs,
        "input": list(card.input),
        "top1": card.top1,
        "top5": card.top5,
        "source": card.source,
        "weights": f"hf:{card.weights}" if card.weights else None,
        "package": wheel.project if wheel else None,
        "licence": card.licence or (wheel.licence if wheel else None),
        "paper": card.paper,
        "idea": card.idea,
        "notes": card.notes,
    }


def card_text(card: Card, sizes: str) -> str:
    """The whole card; `sizes` says which inputs are legal."""
    rows = {
        "paper": card.paper,
        "idea": card.idea,
        "parameters": "-" if card.params is None else exact(card.params),
        "MACs": "-" if card.macs is None else f"{exact(card.macs)} at {dimensions(card.input)}",
        "input": dimensions(card.input),
        "legal sizes": sizes,
        "accuracy": _accuracy(card),
        "weights": _weights(card) or "-",
        "notes": card.notes if ";" in card.notes else "",
        "see it": f"striate show {card.name}",
    }
    lines = [f"  {key:11}  {value}" for key, value in rows.items() if value]
    return "\n".join([card.name, *lines])


def _holds(card: Card, word: str) -> bool:
    texts = (card.name, card.family, card.paper, card.idea)
    return any(word.lower() in text.lower() for text in texts)


def _is_within(count: int | None, most: int | None) -> bool:
    return most is None or (count is not None and count <= most)


def _row(card: Card) -> tuple[str, ...]:
    return (
        card.name,
        card.family,
        "-" if card.year is None else str(card.year),
        _short(card.params),
        _short(card.macs),
        dimensions(card.input),
        "-" if card.top1 is None else f"{card.top1:.2f}",
        _weights(card) or "-",
    )


def _weights(card: Card) -> str:
    """Where published weights are, and under which licence."""
    wheel = WHEELS.get(card.name)
    places = [f"pip {wheel.project}, {wheel.licence}"] if wheel else []
    if card.weights:
        places.append(f"hf:{card.weights}, {card.licence or 'licence unknown'}")
    return "; ".join(places)


def _accuracy(card: Card) -> str:
    if card.top1 is None:
        return "-"
    top5 = "" if card.top5 is None else f", top-5 {card.top5:g} %"
    source = "" if card.source is None else f" ({card.source})"
    return f"top-1 {card.top1:g} %{top5}{source}"


def _short(count: int | None) -> str:
    return "-" if count is None else short(count)
