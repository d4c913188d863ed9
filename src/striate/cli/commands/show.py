"""Show a network: table, totals, receptive field, memory, picture."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from striate.analysis.report import Style
    from striate.notation import Pattern

OPEN_CHOICE = "open-choice"
"""Code of the error of a text that is a pattern and not a network."""


def show(
    net: Annotated[
        str,
        typer.Argument(
            metavar="NET", help="A zoo name (resnet50), a text of the notation, or a .cnn file."
        ),
    ],
    input_: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="SIZES", help="Sizes of the input, as 3x224x224; ? leaves one open."
        ),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(
            min=1, help="Levels of containers to open. [default: as many as read comfortably]"
        ),
    ] = None,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Images per step, for the memory of training.")
    ] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(help="sgd, momentum, adam, adamw ..., for the memory of training."),
    ] = None,
    svg: Annotated[
        str | None, typer.Option(metavar="FILE", help="Also draw the network into this file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> None:
    """Show a network: table, totals, receptive field, memory, picture.

    Equal blocks in a row are folded (layer1.1-2 x2). `sees` is the receptive field in pixels, on
    the shortest and the longest path; `step` the stride so far. For a text with open choices the
    number of its members and its choices are shown.
    """
    from striate.cli.commands._sizes import sizes
    from striate.errors import TextError
    from striate.networks import network, pattern

    given = sizes(input_)
    try:
        made = network(net, input=given)
    except TextError as mistake:
        if mistake.code != OPEN_CHOICE:
            raise
        _show_pattern(pattern(net, input=given), net, as_json=json)
        return
    from striate.analysis.summary import summary

    answers = summary(made.graph, name=made.name, depth=depth, batch=batch, optimizer=optimizer)
    if svg is not None:
        _draw(svg, made.svg(depth=depth))
    if json:
        from json import dumps

        from striate.analysis.summary import as_record

        print(dumps(as_record(answers), indent=2))
        return
    from striate.analysis.report import report

    print(report(answers, _style()))


def _draw(file: str, picture: str) -> None:
    from pathlib import Path

    from striate.errors import UsageError
    from striate.files import replace_text

    try:
        replace_text(Path(file), picture)
    except OSError as problem:
        raise UsageError.of(
            "picture-unwritable",
            f"cannot write '{file}': {problem.strerror}",
            "give the name of a file in a folder that exists and may be written to",
        ) from None
    print(f"drew {file}", file=sys.stderr)


def _style() -> Style:
    from os import environ
    from shutil import get_terminal_size

    from striate.analysis.report import DEFAULT_WIDTH, Style

    can_draw = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    if not sys.stdout.isatty():
        return Style(has_bars=can_draw)
    columns = get_terminal_size((DEFAULT_WIDTH, 24)).columns
    return Style(columns, has_color="NO_COLOR" not in environ, has_bars=can_draw)


def _show_pattern(found: Pattern, text: str, *, as_json: bool) -> None:
    """The size of a space of networks and where its choices stand."""
    from striate.quantities import exact

    count, sites = found.count(), found.sites()
    if as_json:
        from json import dumps

        choices = [{"text": words, "options": options} for words, options in sites]
        print(
            dumps({"name": text, "pattern": True, "members": count, "choices": choices}, indent=2)
        )
        return
    print(f"a pattern of {exact(count)} networks: a text that leaves choices open\n")
    width = max((len(words) for words, _ in sites), default=0)
    for words, options in sites:
        print(f"  {words:{width}}  {options} ways each time it is met")
    print("\nfix the choices to see one of them, or search the pattern on your data")
