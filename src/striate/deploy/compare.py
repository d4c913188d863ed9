"""What several networks said about the same images: read where it is known, else asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from striate.deploy.bundle import Bundle
from striate.deploy.evaluate import PREDICTIONS, Request, default_folder, judge, save_judged
from striate.deploy.held_out import held_out
from striate.deploy.pretrained import open_bundle
from striate.errors import DataError
from striate.evaluate import Predictions, load_predictions
from striate.train import Reporter


def said_by(model: str, request: Request, reporter: Reporter) -> Predictions:
    """What a model said about each image of the request.

    model: a run, a published network, or a file that striate eval wrote. A run that has been asked
    before is not asked again, unless its weights or the images have changed since.

    Raises:
        StriateError: it is none of these, or cannot be asked.
    """
    if Path(model).suffix == ".parquet" and not Path(model).is_dir():
        return load_predictions(Path(model))
    bundle = open_bundle(model)
    request = replace(request, run=model)
    known = _known(bundle, request)
    if known is not None:
        return known
    reporter.line(f"{model} has not been asked about these images yet")
    judged = judge(bundle, request, reporter)
    folder = default_folder(bundle, request, judged.evaluation.subject.split)
    if folder is not None:
        save_judged(judged, folder, bundle, None)
    return judged.predictions


def _known(bundle: Bundle, request: Request) -> Predictions | None:
    """What is on disk of these very weights and images."""
    chosen, manifest = held_out(bundle, request.data, request.split, request.allowed)
    folder = default_folder(bundle, request, chosen)
    if folder is None or not (folder / PREDICTIONS).exists():
        return None
    try:
        found = load_predictions(folder / PREDICTIONS)
    except DataError:
        return None
    is_same = (
        found.facts.get("weights_sha256") == bundle.facts.get("weights_sha256")
        and found.facts.get("fingerprint") == manifest.fingerprint()
    )
    return found if is_same else None
