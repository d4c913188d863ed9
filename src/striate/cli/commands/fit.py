"""Train a network on images; makes a run folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Unpack

import typer

from striate.cli.training_options import taking
from striate.options import Options

if TYPE_CHECKING:
    from striate.train import Reporter


@taking()
def fit(
    data: Annotated[
        str | None,
        typer.Argument(
            help="Folder of class folders, list (.csv, .tsv, .jsonl), Parquet, .tar, "
            "hf:owner/dataset, a saved manifest, or: digits."
        ),
    ] = None,
    net: Annotated[
        str | None,
        typer.Option(
            help="Zoo name, notation text, or path to a .cnn file. [default: one that suits the "
            "images, with published weights where they are installed]"
        ),
    ] = None,
    preview: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a picture of the first images, as .png or .jpg."),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Go on with a training that was stopped; all else comes from its folder.",
        ),
    ] = None,
    find_lr: Annotated[
        bool, typer.Option("--find-lr", help="Try rising learning rates, suggest one, and stop.")
    ] = False,
    out: Annotated[
        str | None, typer.Option(help="The run folder. [default: runs/<data>-<network>-<number>]")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    **options: Unpack[Options],
) -> int:
    """Train a network on images; makes a run folder.

    The folder holds all that eval and predict need: the network's text, the class names, how images
    are prepared, the list of images with their splits, the settings and where each came from, a log
    with a row per epoch, and the best and the last weights.

    What is not given is chosen, and told. Ctrl-C finishes the batch, saves, and stops; --resume RUN
    goes on from there, as it does after any other end, and comes to the very same weights.
    """
    from json import dumps

    from striate.cli.commands._threads import yield_while_waiting

    yield_while_waiting()

    from striate.cli.main import INTERRUPTED
    from striate.evaluate import accuracy_line, class_table
    from striate.quantities import duration
    from striate.train import Terminal
    from striate.train import fit as train

    tell = Terminal()
    if find_lr:
        unused = {"--resume": resume, "--out": out, "--preview": preview, "--lr": options.get("lr")}
        _refuse_unused([flag for flag, value in unused.items() if value is not None])
        return _suggest(net, data, tell, is_json=json, **options)
    outcome = train(net, data, out=out, resume=resume, preview=preview, reporter=tell, **options)
    if outcome.rank > 0:
        return INTERRUPTED if outcome.is_interrupted else 0
    if outcome.is_interrupted:
        tell.line(f"stopped and saved; go on with: striate fit --resume {outcome.folder}")
        return INTERRUPTED
    tell.line(f"trained in {duration(outcome.seconds)}; next: striate eval {outcome.folder}")
    if json:
        print(dumps(outcome.to_json(), allow_nan=False))
        return 0
    cut = "" if outcome.shown == outcome.epochs else f" ({outcome.shown:.3g} times the images)"
    print(f"best epoch {outcome.best} of {outcome.epochs}{cut}, in {outcome.folder}")
    if outcome.scores is not None:
        print(f"validation {accuracy_line(outcome.scores)}")
        print(class_table(outcome.scores))
    return 0


def _refuse_unused(flags: list[str]) -> None:
    from striate.errors import UsageError

    if flags:
        raise UsageError.of(
            "unused-with-find-lr",
            f"--find-lr makes no use of {', '.join(flags)}",
            "it tries rates, suggests one, and makes no run: leave the other out",
        )


def _suggest(
    net: str | None, data: str | None, tell: Reporter, *, is_json: bool, **options: Unpack[Options]
) -> int:
    """Print the learning-rate range test."""
    from json import dumps

    from striate.errors import UsageError
    from striate.train.optimize.lr_find import suggest_lr

    if data is None:
        raise UsageError.of(
            "no-data-to-try", "--find-lr needs images", "striate fit photos --find-lr"
        )
    curve = suggest_lr(net, data, reporter=tell, **options)
    print(dumps(curve.to_json()) if is_json else "\n".join(curve.lines()))
    return 0
