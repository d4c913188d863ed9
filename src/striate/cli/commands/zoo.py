"""Browse the networks that have a name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from striate.zoo import Card

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12}


def zoo(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Looked for in name, family, paper and idea. [default: all networks]"),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(metavar="KEY", help="name, family, year, params, macs, input, top1 or top5."),
    ] = "family",
    max_params: Annotated[
        str | None, typer.Option(metavar="N", help="Only networks up to it, as 5M.")
    ] = None,
    max_macs: Annotated[
        str | None, typer.Option(metavar="N", help="Only networks up to it, as 600M or 4G.")
    ] = None,
    plot: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Also draw accuracy against MACs into this SVG file."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> None:
    """Browse the networks that have a name.

    A line for each: family, year of the paper, parameters, MACs, the input it was published for,
    published top-1 accuracy, and where weights are. The name of a network alone also shows its
    whole card, with the input sizes that it can take.
    """
    from striate.zoo import cards
    from striate.zoo.browse import chosen, ordered, record, table

    every = cards()
    asked = words or []
    found = chosen(
        every,
        asked,
        most_params=_count("--max-params", max_params),
        most_macs=_count("--max-macs", max_macs),
    )
    found = ordered(found, sort)
    if plot is not None:
        _draw(plot, found)
    card = every.get(asked[0]) if len(asked) == 1 else None
    if json:
        from json import dumps

        rows: list[dict[str, object]] = [dict(record(one)) for one in found]
        for row in rows:
            if card is not None and row["name"] == card.name:
                row["legal_sizes"] = _legal_sizes(card)
        print(dumps({"networks": rows}, indent=2))
        return
    print(table(found, _columns()))
    if card is not None:
        from striate.zoo.browse import card_text

        print(f"\n{card_text(card, _legal_sizes(card) or 'not known')}")


def _count(option: str, text: str | None) -> int | None:
    """5000000 from `5M`."""
    if text is None:
        return None
    from striate.errors import UsageError

    number, unit = text.strip().lower(), ""
    if number[-1:].isalpha():
        number, unit = number[:-1], number[-1]
    try:
        count = float(number) * UNITS[unit]
    except (ValueError, KeyError):
        count = -1.0
    if not 0 <= count < 1e18:
        raise UsageError.of(
            "not-a-count",
            f"{option} takes a number, found '{text}'",
            "write it with or without a unit: 5000000, 5M, 1.5G",
        )
    return int(count)


def _legal_sizes(card: Card) -> str | None:
    from striate.analysis.shapes import legal_sizes
    from striate.networks import network

    sizes = legal_sizes(network(card.name).graph)
    return None if sizes is None else str(sizes)


def _columns() -> int | None:
    """Of the terminal; None where the table goes elsewhere and nothing need be cut."""
    from shutil import get_terminal_size

    return get_terminal_size((120, 24)).columns if sys.stdout.isatty() else None


def _draw(file: str, found: list[Card]) -> None:
    from pathlib import Path

    from striate.errors import UsageError
    from striate.files import replace_text
    from striate.zoo.plot import plot

    try:
        replace_text(Path(file), plot(found))
    except OSError as problem:
        raise UsageError.of(
            "picture-unwritable",
            f"cannot write '{file}': {problem.strerror}",
            "give the name of a file in a folder that exists and may be written to",
        ) from None
    print(f"drew {file}", file=sys.stderr)
