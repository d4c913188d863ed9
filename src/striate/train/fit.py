"""From a network and a folder of images to a run folder with trained weights."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import numpy as np
import PIL
import torch

from striate import __version__
from striate.data import (
    Loader,
    Manifest,
    Preprocessing,
    measure_workers,
    network_input,
    save_unreadable,
)
from striate.files import Json, replace_json, replace_text
from striate.networks import Network
from striate.options import Options, check_options
from striate.train.choose import Way, fastest_way
from striate.train.folder import MANIFEST, NETWORK, SETTINGS, UNREADABLE, check_free, make_folder
from striate.train.loop import SELECTION, Job, Outcome, train
from striate.train.plan import plan
from striate.train.prepare import Prepared, prepare
from striate.train.preview import check_picture_name, first_images, preview_title, save_preview
from striate.train.reporter import Reporter, Terminal
from striate.train.settings import Origin, Settings
from striate.train.start import Start
from striate.train.steps import Steps

# Multiply-accumulates of a whole training below which measuring the fastest way does not pay.
WORTH_MEASURING = 2e12
# Images to decode below which measuring the fastest number of threads does not pay.
WORTH_MEASURING_WORKERS = 2000
# What the forward and the backward pass of a step cost, in forward passes.
PASSES = 3


def fit(
    net: str | Network | None,
    data: str | Path,
    *,
    out: str | Path | None = None,
    preview: str | Path | None = None,
    reporter: Reporter | None = None,
    **options: Unpack[Options],
) -> Outcome:
    """Train `net` on `data`; the run folder holds all that evaluation and prediction need.

    net: a zoo name, notation text, a path to a `.cnn` file, or a network; None for one that suits
    the data. data: see `striate.data.index`. out: the run folder, which must be empty or absent.
    preview: a picture to write of the first images as the network sees them. options: see
    `Options`; what is left out is chosen, and told in the run's `settings.json`.

    Raises:
        UsageError, DataError, TextError, TrainingError: with what is wrong and what to do.
    """
    tell = reporter or Terminal()
    wanted = Path(out) if out is not None else None
    check_options(options)
    check_free(wanted)
    if preview is not None:
        check_picture_name(Path(preview))
    planned = plan(net, data, options, tell)
    start, manifest, settings = planned.start, planned.manifest, planned.settings
    prepared = prepare(manifest, planned.record, settings, reporter=tell)
    record = start.suited(prepared.record)
    settings = with_workers(settings, prepared, reporter=tell)
    loader, val = prepared.loaders(record, settings)
    settings = with_way(settings, start.network, loader, record, reporter=tell)
    tell.line(_settings_line(settings))
    if preview is not None:
        steps = Steps(loader, record, settings, torch.device("cpu"))
        save_preview(Path(preview), first_images(steps), title=preview_title(data, settings))
        tell.line(f"wrote {preview}, the first images as the network sees them")
    folder = make_folder(wanted, data=str(data), network=start.network.name)
    _write_head(folder, settings, start.network, data=str(data))
    manifest.save(folder / MANIFEST)
    save_unreadable(folder / UNREADABLE, prepared.unreadable)
    torch.manual_seed(settings.seed)
    job = Job(
        module=start.module(),
        train=loader,
        val=val,
        record=record,
        settings=settings,
        folder=folder,
        facts=_facts(start, manifest, record),
    )
    return train(job, tell)


def with_way(
    settings: Settings,
    chosen: Network,
    loader: Loader,
    record: Preprocessing,
    *,
    reporter: Reporter,
) -> Settings:
    """The settings with the arithmetic and layout that are fastest here, if measuring pays.

    A precision that the user gave is kept; then only the layout is chosen.
    """
    origins: dict[str, Origin] = dict(settings.origins)
    given = settings.precision if origins["precision"] == "option" else None
    macs = PASSES * (chosen.macs or 0) * settings.epochs * len(loader.manifest)
    if macs < WORTH_MEASURING:
        return replace(settings, channels_last=settings.precision == "bfloat16")
    with closing(loader.batches()) as batches:
        batch = next(batches)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    images = network_input(batch.images.to(device), record)
    labels = batch.labels.to(device)
    seconds = fastest_way(chosen.module().to(device), images, labels, precision=given)
    way = next(iter(seconds))
    reporter.line(f"measured: {_speeds(seconds, len(batch.labels))}")
    origins["channels_last"] = "measured"
    origins["precision"] = "option" if given else "measured"
    return replace(
        settings, precision=way.precision, channels_last=way.channels_last, origins=origins
    )


def with_workers(settings: Settings, prepared: Prepared, *, reporter: Reporter) -> Settings:
    """The settings with the number of threads that loads images fastest here, if there is much
    to load.
    """
    train, _ = prepared.loaders(prepared.record, settings)
    left = (1 - train.kept) * len(train.manifest)
    if settings.origins["workers"] == "option" or left < WORTH_MEASURING_WORKERS:
        return settings
    measured = measure_workers(train)
    reporter.line(f"measured: {measured}")
    origins: dict[str, Origin] = {**settings.origins, "workers": "measured"}
    return replace(settings, workers=measured.count, origins=origins)


def _write_head(folder: Path, settings: Settings, chosen: Network, *, data: str) -> None:
    """The files that say what a run is: settings and network."""
    head: dict[str, Json] = {
        "striate": __version__,
        "data": data,
        "network": chosen.name,
        "settings": settings.to_json(),
    }
    replace_json(folder / SETTINGS, head)
    replace_text(folder / NETWORK, chosen.text)


def _facts(start: Start, manifest: Manifest, record: Preprocessing) -> dict[str, Json]:
    """What is saved beside all weights of a run."""
    versions: Mapping[str, str] = {
        "striate": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "pillow": PIL.__version__,
    }
    return {
        "network": start.network.name,
        "pretrained": None if start.loaded is None else start.loaded.origin,
        "classes": list(manifest.classes),
        "preprocessing": record.to_json(),
        "selection": SELECTION,
        "data": {"root": manifest.root, "fingerprint": manifest.fingerprint()},
        "versions": dict(versions),
    }


def _settings_line(settings: Settings) -> str:
    layout = "channels last" if settings.channels_last else "channels first"
    return (
        f"{settings.epochs} epochs, batch {settings.batch}, learning rate {settings.lr:g}, "
        f"{settings.changes}, {settings.precision}, {layout}"
    )


def _speeds(seconds: Mapping[Way, float], images: int) -> str:
    """`bfloat16, channels last 812 images/s; ...`."""
    return "; ".join(
        f"{way.precision}, channels {'last' if way.channels_last else 'first'} "
        f"{images / took:,.0f} images/s"
        for way, took in seconds.items()
    )
