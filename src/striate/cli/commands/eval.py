"""Score a trained network on held-out images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.commands._arguments import Model, Weights

if TYPE_CHECKING:
    from striate.evaluate import Evaluation
    from striate.train import Reporter


def eval_(
    run: Model,
    data: Annotated[
        str | None, typer.Argument(help="Other images. [default: those held out by the run]")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="train, val or test. [default: test where there is one, else val]"),
    ] = None,
    weights: Weights = None,
    batch: Annotated[int, typer.Option(help="Images at a time.", min=1)] = 256,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Accept data that lack some of the classes.")
    ] = False,
    drop_unknown: Annotated[
        bool, typer.Option("--drop-unknown", help="Leave out images of classes it does not know.")
    ] = False,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Follow links out of the data folder.")
    ] = False,
    max_unreadable: Annotated[
        float, typer.Option(help="Share of unreadable images to put up with.", min=0, max=1)
    ] = 0.01,
    out: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Where the files go. [default: RUN/eval-<split or data>]"),
    ] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.html.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Score a trained network on held-out images.

    Prints every number with its 95 % interval and the number of images, and precision, recall and
    F1 of every class. Writes metrics.json with all of it, predictions.parquet with a row for every
    image, and report.html, a page that shows both, into the run, or for a published network where
    --out says.

    Without DATA, the images are those that the run has never trained on, by the list in its folder.
    Classes of other data are matched by name; those of ImageNet may also be called by their WordNet
    numbers (n02123045) or by all their words. Under torchrun or accelerate launch, the processes
    share the images, each of which is shown exactly once.
    """
    from striate.cli.commands._threads import yield_while_waiting

    yield_while_waiting()

    from striate.deploy import open_bundle
    from striate.deploy.evaluate import (
        Request,
        check_writable,
        default_folder,
        judge,
        save_judged,
    )
    from striate.deploy.held_out import Allowed
    from striate.evaluate.gather import joined, rank
    from striate.train import Silent, Terminal

    request = Request(
        run=run,
        data=data,
        split=split,
        allowed=Allowed(allow_missing, drop_unknown, follow_links),
        batch=batch,
        max_unreadable=max_unreadable,
    )
    with joined():
        bundle = open_bundle(run, weights)
        if out is not None:
            check_writable(Path(out))
        tell = Silent() if rank() else Terminal()
        judged = judge(bundle, request, tell)
        if rank():
            return
    chosen = judged.evaluation.subject.split
    folder = Path(out) if out is not None else default_folder(bundle, request, chosen)
    _show(judged.evaluation, tell, is_json=json)
    if folder is not None:
        save_judged(judged, folder, bundle, None if no_report else tell)
        tell.line(f"wrote {folder / ('metrics.json' if no_report else 'report.html')}")


def _show(evaluation: Evaluation, tell: Reporter, *, is_json: bool) -> None:
    """Print an evaluation; what is to be known besides goes to stderr."""
    from json import dumps

    from striate.data.names import shown
    from striate.evaluate.text import evaluation_lines

    for path, reason in evaluation.unreadable:
        tell.line(f"left out: {shown(path)}: {reason}")
    for note in evaluation.notes:
        tell.line(f"note: {note}")
    if is_json:
        print(dumps(evaluation.to_json(), allow_nan=False))
        return
    for line in evaluation_lines(evaluation):
        print(line)
