"""Say what is in image files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.commands._arguments import Model, Weights

if TYPE_CHECKING:
    from striate.deploy import Belief, Prediction
    from striate.evaluate.rejection import Cutoff

WIDEST = 60  # characters up to which names are filled up with spaces


def predict(
    run: Model,
    files: Annotated[list[str], typer.Argument(help="Image files.")],
    top: Annotated[int, typer.Option(help="Classes per file.", min=1)] = 5,
    weights: Weights = None,
    precision: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Answer only where so many answers are right, 0.95 say; else: none of these.",
        ),
    ] = None,
    coverage: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Answer so many of the files, the surest, 0.9 say; else: none of these.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> int:
    """Say what is in image files.

    One line per file: its most probable classes, best first, with their probabilities, which are
    calibrated on the validation images of the run. Images that look unlike those, by the energy of
    the network's answer, are marked. With --precision or --coverage, the threshold from which an
    answer is given is chosen on the validation images, and told.

    Images are prepared as in training, by the record in the run or beside the published weights. A
    file that cannot be read is told, and the exit code is then 2; the other files are answered all
    the same. Nothing is fetched from elsewhere unless --weights asks for it.
    """
    import sys
    from json import dumps

    from striate.cli.commands._threads import yield_while_waiting

    yield_while_waiting()

    from striate.data.names import escaped
    from striate.deploy import open_bundle
    from striate.train import Terminal

    bundle = open_bundle(run, weights)
    tell = Terminal()
    believed = bundle.belief(precision=precision, coverage=coverage)
    if believed.cutoff is not None:
        tell.line(_told(believed.cutoff))
    with tell.bar("predicting", len(files)) as advance:
        predictions = bundle.predict(
            files, top=top, precision=precision, coverage=coverage, advance=advance
        )
    if json:
        head = {"run": run, "weights": bundle.name, **_believed(believed)}
        rows = [_row(prediction) for prediction in predictions]
        print(dumps({**head, "predictions": rows}, allow_nan=False))
    else:
        width = min(max(len(escaped(prediction.file)) for prediction in predictions), WIDEST)
        for prediction in predictions:
            if prediction.error is None:
                print(f"{escaped(prediction.file):{width}}  {_shown(prediction)}")
    unreadable = [prediction for prediction in predictions if prediction.error is not None]
    sys.stdout.flush()
    for prediction in unreadable:
        tell.line(f"error: {escaped(prediction.file)}: {prediction.error}  [unreadable-image]")
    return 2 if unreadable else 0


def _shown(prediction: Prediction) -> str:
    guesses = ", ".join(
        f"{guess.name} {100 * guess.probability:.1f} %" for guess in prediction.guesses
    )
    mark = "  (unlike the training images)" if prediction.is_unlike else ""
    if prediction.is_none_of_these:
        return f"none of these ({guesses}){mark}"
    if len(prediction.labels) > 1 or prediction.labels[0] != prediction.best:
        return f"{' + '.join(prediction.labels)} ({guesses}){mark}"
    return f"{guesses}{mark}"


def _told(cutoff: Cutoff) -> str:
    """Where the threshold lies, and what it gave where it was chosen."""
    right, answered = cutoff.precision, cutoff.coverage
    return (
        f"answers from a probability of {100 * cutoff.threshold:.1f} % on: of the "
        f"{answered.images:,} validation images {100 * answered.value:.1f} % were answered, "
        f"{100 * right.value:.1f} % of those rightly (95 % interval {100 * right.low:.1f} to "
        f"{100 * right.high:.1f}; a little flattering, since chosen on them; on other kinds of "
        "images it may be less)"
    )


def _believed(believed: Belief) -> dict[str, object]:
    """How far the network is believed, as plain values."""
    known, cutoff = believed.calibration, believed.cutoff
    return {
        "temperature": None if known is None else known.temperature,
        "energy_limit": None if known is None else known.energy_limit,
        "reject": None if cutoff is None else cutoff.to_json(),
    }


def _row(prediction: Prediction) -> dict[str, object]:
    """A prediction as plain values."""
    if prediction.error is not None:
        return {"file": prediction.file, "error": prediction.error}
    guesses = [
        {"class": guess.name, "probability": round(guess.probability, 6)}
        for guess in prediction.guesses
    ]
    return {
        "file": prediction.file,
        "labels": list(prediction.labels),
        "none_of_these": prediction.is_none_of_these,
        "unlike_training": prediction.is_unlike,
        "energy": prediction.energy,
        "classes": guesses,
    }
