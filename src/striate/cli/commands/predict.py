"""Say what is in image files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from striate.deploy import Prediction

WIDEST = 60  # characters up to which names are filled up with spaces


def predict(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN|NET",
            help="Run folder that striate fit made, or a published network: efficientnet_lite0.",
        ),
    ],
    files: Annotated[list[str], typer.Argument(help="Image files.")],
    top: Annotated[int, typer.Option(help="Classes per file.", min=1)] = 5,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Of a run: best or last. Of a network: a .safetensors, .pt or .pth file, "
            "hf:owner/name, or pretrained. [default: best; of a network those installed here]",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> int:
    """Say what is in image files.

    One line per file: its most probable classes, best first, with the probabilities the network
    gives them. Images are prepared as in training, by the record in the run or beside the published
    weights. A file that cannot be read is told, and the exit code is then 2; the other files are
    answered all the same. Nothing is fetched from elsewhere unless --weights asks for it.
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
    with tell.bar("predicting", len(files)) as advance:
        predictions = bundle.predict(files, top=top, advance=advance)
    if json:
        rows = [_row(prediction) for prediction in predictions]
        print(dumps({"run": run, "weights": bundle.name, "predictions": rows}, allow_nan=False))
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
    return ", ".join(
        f"{guess.name} {100 * guess.probability:.1f} %" for guess in prediction.guesses
    )


def _row(prediction: Prediction) -> dict[str, object]:
    """A prediction as plain values."""
    if prediction.error is not None:
        return {"file": prediction.file, "error": prediction.error}
    guesses = [
        {"class": guess.name, "probability": round(guess.probability, 6)}
        for guess in prediction.guesses
    ]
    return {"file": prediction.file, "classes": guesses}
