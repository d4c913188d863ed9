"""From a network and a folder of images to a run folder with trained weights."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import numpy as np
import PIL
import torch

from striate import __version__
from striate.data import (
    Manifest,
    Preprocessing,
    measure_workers,
    save_unreadable,
)
from striate.errors import UsageError
from striate.evaluate.metrics import written
from striate.files import Json, replace_json, replace_text
from striate.networks import Network
from striate.options import Options, check_options
from striate.train.compute.allocator import keep_freed_memory
from striate.train.compute.tune import checked_wishes, with_batch, with_way
from striate.train.compute.ways import way_of
from striate.train.course import Clock
from striate.train.finish import Outcome
from striate.train.folder import (
    MANIFEST,
    NETWORK,
    RUNS,
    SETTINGS,
    UNREADABLE,
    check_free,
    make_folder,
)
from striate.train.logbook import check_tensorboard
from striate.train.loop import train
from striate.train.pictures.preview import (
    check_picture_name,
    first_images,
    preview_title,
    save_preview,
)
from striate.train.plan import Plan, plan
from striate.train.prepare import Prepared, prepare
from striate.train.processes import Team
from striate.train.reporter import Reporter, Silent, Terminal
from striate.train.resume import go_on
from striate.train.saving.disk import require_room
from striate.train.saving.state import run_bytes
from striate.train.session import Job, for_training
from striate.train.settings import Origin, Settings
from striate.train.start import Start
from striate.train.steps import Steps

# Images to decode below which measuring the fastest number of threads does not pay.
WORTH_MEASURING_WORKERS = 2000


def fit(
    net: str | Network | None = None,
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    preview: str | Path | None = None,
    reporter: Reporter | None = None,
    **options: Unpack[Options],
) -> Outcome:
    """Train `net` on `data`; the run folder holds all that evaluation and prediction need.

    net: a zoo name, notation text, a path to a `.cnn` file, or a network; None for one that suits
    the data. data: see `striate.data.index`. out: the run folder, which must be empty or absent.
    resume: a run folder, to go on with in place of all these. preview: a picture to write of the
    first images as the network sees them. options: see `Options`; what is left out is chosen, and
    told in the run's `settings.json`.

    Under `torchrun` or `accelerate launch` all processes train one network together.

    Raises:
        UsageError, DataError, TextError, TrainingError: with what is wrong and what to do.
    """
    clock = Clock()
    keep_freed_memory()
    check_options(options)
    if resume is not None:
        given = {"net": net, "data": data, "out": out, "preview": preview, **options}
        return go_on(Path(resume), given, reporter or Terminal(), clock)
    if data is None:
        raise UsageError.of(
            "no-data", "there is nothing to train on", "name a folder of images: striate fit photos"
        )
    wanted = Path(out) if out is not None else None
    check_free(wanted)
    if preview is not None:
        check_picture_name(Path(preview))
    if options.get("tensorboard"):
        check_tensorboard()
    team = Team()
    tell = (reporter or Terminal()) if team.is_first else Silent()
    # The first process fills the cache; the others find it filled.
    with team.first_goes_first():
        planned = plan(net, data, options, tell)
        start, manifest, settings = planned.start, planned.manifest, planned.settings
        team.share_of_batch(settings.batch)
        checked_wishes(settings, start.network, team.device, world=team.world)
        prepared = prepare(manifest, planned.record, settings, reporter=tell)
    record = start.suited(prepared.record)
    settings, measured = team.first(
        _measured(planned, prepared, team, tell, finds_batch=options.get("batch") == "auto")
        if team.is_first
        else (settings, {})
    )
    loader, val = prepared.loaders(record, settings)
    tell.line(_settings_line(settings))
    if preview is not None and team.is_first:
        steps = Steps(loader, record, settings, torch.device("cpu"))
        save_preview(Path(preview), first_images(steps), title=preview_title(data, settings))
        tell.line(f"wrote {preview}, the first images as the network sees them")
    torch.manual_seed(settings.seed)
    module, graph = for_training(start.module(), start.network.graph, settings)
    require_room(wanted or RUNS, run_bytes(module, settings), what="this training")
    folder = None
    if team.is_first:
        folder = make_folder(wanted, data=str(data), network=start.network.name)
        _write_head(folder, settings, start.network, data=str(data), measured=measured)
        manifest.save(folder / MANIFEST)
        save_unreadable(folder / UNREADABLE, prepared.unreadable)
    folder = team.first(folder)
    assert folder is not None
    job = Job(
        module=module,
        graph=graph,
        train=team.divided(loader, is_training=True),
        val=None if val is None else team.divided(val, is_training=False),
        record=record,
        settings=settings,
        folder=folder,
        facts=_facts(start, manifest, record, settings),
        fresh=() if start.loaded is None else tuple(start.loaded.fresh),
    )
    return train(job, tell, team=team, clock=clock)


def _measured(
    planned: Plan, prepared: Prepared, team: Team, tell: Reporter, *, finds_batch: bool
) -> tuple[Settings, dict[str, Json]]:
    """The settings that are best on this machine, and the figures they were chosen by."""
    assert planned.start is not None
    network, record = planned.start.network, planned.start.suited(prepared.record)
    settings = with_workers(planned.settings, prepared, reporter=tell)
    loader, _ = prepared.loaders(record, settings)
    settings, figures = with_way(
        settings, network, loader, record, team.device, world=team.world, reporter=tell
    )
    if finds_batch:
        images = len(loader.manifest)
        settings, figures["batch"] = with_batch(
            settings, network, images, team.device, world=team.world, reporter=tell
        )
    return settings, figures


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


def _write_head(
    folder: Path, settings: Settings, chosen: Network, *, data: str, measured: dict[str, Json]
) -> None:
    """The files that say what a run is: settings and network."""
    head: dict[str, Json] = {
        "striate": __version__,
        "data": data,
        "network": chosen.name,
        "settings": settings.to_json(),
        "measured": measured,
    }
    replace_json(folder / SETTINGS, head)
    replace_text(folder / NETWORK, chosen.text)


def _facts(
    start: Start, manifest: Manifest, record: Preprocessing, settings: Settings
) -> dict[str, Json]:
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
        "selection": f"{written(settings.metric)} on the validation split, give or take four "
        "images; of equal epochs the later",
        "data": {"root": manifest.root, "fingerprint": manifest.fingerprint()},
        "versions": dict(versions),
    }


def _settings_line(settings: Settings) -> str:
    length = f"{settings.time} in all" if settings.time else f"{settings.epochs} epochs"
    return (
        f"{length}, batch {settings.batch}, learning rate {settings.lr:g}, {settings.changes}, "
        f"{way_of(settings).words}"
    )
