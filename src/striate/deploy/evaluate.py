"""A network judged on images: the record, a row for every image, and the page that shows both."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from striate.data import Loader, Manifest, refuse_many
from striate.deploy.bundle import Bundle
from striate.deploy.held_out import Allowed, held_out, seen_before
from striate.deploy.story import story_of
from striate.errors import BundleError, DataError, UsageError
from striate.evaluate import (
    Answers,
    Circumstances,
    Evaluation,
    Predictions,
    Subject,
    answers,
    assess,
    unreadable_of,
)
from striate.evaluate.gather import device, shard
from striate.evaluate.report import STEPS, write_report
from striate.files import Json, nearest, replace_json, replace_text
from striate.train import SETTINGS, Reporter

METRICS = "metrics.json"
PREDICTIONS = "predictions.parquet"
REPORT = "report.html"
# Classes up to which a record is laid out for readers.
READABLE_CLASSES = 100


@dataclass(frozen=True, slots=True)
class Request:
    """What to judge a network on, and how.

    run: the network as the user named it. data, split: see `held_out`. batch: images at a time.
    max_unreadable: share of the images that may turn out unreadable.
    """

    run: str
    data: str | None = None
    split: str | None = None
    allowed: Allowed = field(default_factory=Allowed)
    batch: int = 256
    max_unreadable: float = 0.01


@dataclass(frozen=True)
class Judged:
    """What came of it. manifest: of the images that were to be answered."""

    evaluation: Evaluation
    predictions: Predictions
    manifest: Manifest


def judge(bundle: Bundle, request: Request, reporter: Reporter) -> Judged:
    """Ask a network about images and measure how right it is.

    Where several processes do so together, each asks about its part, and each gets the whole.

    Raises:
        StriateError: the images do not fit the network, or cannot be read.
    """
    chosen, manifest = held_out(bundle, request.data, request.split, request.allowed)
    if manifest.is_multilabel and not bundle.is_multilabel:
        raise _other_task(request, manifest)
    for notice in manifest.notices:
        reporter.line(notice)
    loader = Loader(
        manifest,
        bundle.preprocessing,
        request.batch,
        shard=shard(),
        is_multilabel=bundle.is_multilabel,
    )
    module = bundle.module().to(device())
    with reporter.bar("evaluating", len(manifest)) as advance:
        said = answers(module, loader, bundle.preprocessing, advance=advance)
    unreadable = unreadable_of(loader)
    refuse_many(unreadable, len(manifest), limit=request.max_unreadable)
    _refuse_no_numbers(said, manifest)
    left_out = tuple((bad.path, bad.reason) for bad in unreadable)
    known = _circumstances(bundle, request, (chosen, manifest.taken(said.places)), left_out)
    known = replace(known, marks={**known.marks, "fingerprint": manifest.fingerprint()})
    with reporter.bar("measuring", 1) as advance:
        evaluation, predictions = assess(said, bundle.classes, known)
        advance(1)
    return Judged(evaluation, predictions, manifest)


def save_judged(judged: Judged, folder: Path, bundle: Bundle, reporter: Reporter | None) -> None:
    """Write metrics, predictions and, given someone to tell of the progress, the page.

    Raises:
        UsageError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _save_metrics(judged.evaluation, folder / METRICS)
        judged.predictions.save(folder / PREDICTIONS)
        if reporter is not None:
            _save_page(judged, folder / REPORT, bundle, reporter)
    except OSError as refusal:
        raise _cannot_write(folder, refusal.strerror or str(refusal)) from refusal


def check_writable(folder: Path) -> None:
    """Refuse a folder that nothing can be written into, before any work is done for it.

    Raises:
        UsageError: it is one.
    """
    place = nearest(folder)
    if not place.is_dir():
        raise _cannot_write(folder, f"{place} is a file")
    if not os.access(place, os.W_OK):
        raise _cannot_write(folder, f"{place} is not yours to write into")


def _cannot_write(folder: Path, why: str) -> UsageError:
    return UsageError.of(
        "cannot-write", f"{folder} cannot be written: {why}", "name another folder with --out"
    )


def default_folder(bundle: Bundle, request: Request, chosen: str) -> Path | None:
    """Where the results of a run go; None for a network that is no run."""
    if bundle.folder is None:
        return None
    name = chosen
    if request.data:
        name = Path(request.data).stem or "data"
        name += f"-{request.split}" if request.split else ""
    suffix = "" if bundle.name == "best" else f"-{bundle.name}"
    return bundle.folder / f"eval-{name}{suffix}"


def _save_metrics(evaluation: Evaluation, path: Path) -> None:
    """Write the record: for readers, or where classes are too many to be read, in one line."""
    values = evaluation.to_json()
    if len(evaluation.classes) <= READABLE_CLASSES:
        replace_json(path, values)
    else:
        replace_text(path, json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n")


def _save_page(judged: Judged, path: Path, bundle: Bundle, reporter: Reporter) -> None:
    story = story_of(bundle, judged.manifest)
    with reporter.bar("drawing the report", STEPS) as advance:
        write_report(
            path, judged.evaluation, judged.predictions, judged.manifest, story, advance=advance
        )


def _circumstances(
    bundle: Bundle,
    request: Request,
    answered: tuple[str, Manifest],
    unreadable: tuple[tuple[str, str], ...],
) -> Circumstances:
    chosen, images = answered
    seen = seen_before(bundle, images)
    return Circumstances(
        subject=Subject(
            run=request.run,
            weights=bundle.name,
            data=request.data or images.root,
            split=chosen,
            network=str(bundle.facts.get("network") or bundle.network.name),
        ),
        calibration=bundle.calibration,
        is_fitted_here=seen.validated_on > 0 and bundle.calibration is not None,
        selection=str(bundle.facts.get("selection", "")),
        paths=tuple(images.full_name(row) for row in range(len(images))),
        content_hashes=tuple(images.table["content_hash"].to_pylist()),
        unreadable=unreadable,
        notes=_notes(images, seen.trained_on, seen.validated_on),
        settings=_settings(bundle),
        marks={
            "weights_sha256": bundle.facts.get("weights_sha256"),
            "trained_on": seen.trained_on,
        },
    )


def _notes(images: Manifest, trained_on: int, validated_on: int) -> tuple[str, ...]:
    """What a reader of the numbers must know."""
    count, notes = len(images), []
    if trained_on:
        notes.append(
            f"the network was trained on {_of(trained_on, count)} of these images: the numbers "
            "flatter it"
        )
    if validated_on:
        notes.append(
            f"the best weights were chosen on {_of(validated_on, count)} of these images: the "
            "numbers flatter it a little; a test split shows what to expect of new images"
        )
    missing = [name for name, n in zip(images.classes, images.counts(), strict=True) if not n]
    if missing:
        notes.append(
            f"there are no images of {len(missing):,} of the {len(images.classes):,} classes: "
            "averages over classes leave them out"
        )
    return tuple(notes)


def _of(part: int, whole: int) -> str:
    return "all" if part == whole else f"{part:,} of the {whole:,}"


def _settings(bundle: Bundle) -> Mapping[str, Json]:
    """The settings of the training; nothing where they cannot be read."""
    if bundle.folder is None:
        return {}
    try:
        found = json.loads((bundle.folder / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    inner = found.get("settings") if isinstance(found, dict) else None
    return inner if isinstance(inner, dict) else {}


def _other_task(request: Request, manifest: Manifest) -> DataError:
    """The refusal of images with several labels for a network that gives one."""
    counts = np.asarray([len(labels) for labels in manifest.label_lists])
    row = int(np.flatnonzero(counts != 1)[0])
    return DataError.of(
        "several-labels",
        f"{(counts != 1).sum():,} of {len(manifest):,} images of {manifest.root} have several "
        f"labels or none, such as {manifest.name(row)}",
        f"{request.run} was trained to give each image one label: give each one, or train a "
        "network on images with several",
    )


def _refuse_no_numbers(said: Answers, manifest: Manifest) -> None:
    """Stop where the network gives something else than numbers.

    Raises:
        BundleError: it does; names an image.
    """
    bad = np.flatnonzero(~np.isfinite(said.logits).all(axis=1))
    if len(bad):
        raise BundleError.of(
            "answer-no-number",
            f"the network gives no number for {len(bad):,} of {len(said):,} images, such as "
            f"{manifest.name(int(said.places[bad[0]]))}",
            "its weights overflow or are damaged: train again, with a lower learning rate",
        )
