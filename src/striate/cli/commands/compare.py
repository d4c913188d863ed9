"""Say which of several trained networks is better, and whether that is sure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from striate.evaluate import Predictions


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN RUN ...",
            help="Run folders, published networks, or predictions.parquet that striate eval wrote.",
        ),
    ],
    data: Annotated[
        str | None, typer.Option(help="Images to judge on. [default: those held out by each run]")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="train, val or test. [default: test where there is one, else val]"),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="macro-f1, accuracy, balanced-accuracy, log-loss or map. [default: macro-f1]",
        ),
    ] = None,
    common: Annotated[
        bool, typer.Option("--common", help="Leave out images that not all were asked about.")
    ] = False,
    batch: Annotated[int, typer.Option(help="Images at a time.", min=1)] = 256,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Say which of several trained networks is better, and whether that is sure.

    All are judged on the same images, so differences are told much sooner than by comparing two
    intervals. The first is compared with each of the others, in accuracy and in one more metric;
    each difference comes with its 95 % interval, and where it is not resolved, with how many images
    would be needed. Runs that have not been evaluated on these images yet are.
    """
    from json import dumps

    from striate.cli.commands._threads import yield_while_waiting

    yield_while_waiting()

    from striate.deploy.compare import said_by
    from striate.deploy.evaluate import Request
    from striate.errors import UsageError
    from striate.evaluate.compare import aligned
    from striate.evaluate.compare import compare as compared
    from striate.evaluate.metrics import check_selection
    from striate.train import Terminal

    if len(runs) < 2:
        raise UsageError.of(
            "one-run",
            "there is nothing to compare with: one run is named",
            "name two or more: striate compare RUN RUN",
        )
    if metric is not None:
        check_selection(metric, is_multilabel=True)  # whether they are is seen later
    tell = Terminal()
    request = Request(run="", data=data, split=split, batch=batch)
    said = [said_by(run, request, tell) for run in runs]
    same = aligned(runs, said, is_common=common)
    for note in _notes(runs, said, same):
        tell.line(f"note: {note}")
    metrics = list(dict.fromkeys(["accuracy", metric or "macro-f1"]))
    found = compared(runs, same, metrics)
    if json:
        rows = [one.to_json() for one in found]
        print(dumps({"images": len(same[0]), "comparisons": rows}, allow_nan=False))
        return
    print(f"{len(same[0]):,} images of {same[0].facts.get('data')}")
    width = max(map(len, runs))
    for run, one in zip(runs, same, strict=True):
        print(f"{run:{width}}  accuracy {100 * one.is_right.mean():.2f} %")
    for comparison in found:
        print(comparison.sentence())


def _notes(
    runs: Sequence[str], said: Sequence[Predictions], same: Sequence[Predictions]
) -> list[str]:
    """What a reader must know."""
    notes = []
    for run, one, left in zip(runs, said, same, strict=True):
        if len(left) < len(one):
            notes.append(f"{len(one) - len(left):,} images of {run} are left out")
        if trained_on := one.facts.get("trained_on"):
            notes.append(f"{run} was trained on {trained_on:,} of its images, which flatters it")
    if len(runs) > 2:
        notes.append(
            f"{len(runs) - 1} comparisons: p is corrected by Holm's method, intervals are not"
        )
    return notes
