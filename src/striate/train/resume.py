"""A training that was stopped, gone on with from what its run folder holds."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from torch import nn

from striate.data import Preprocessing, load_manifest
from striate.errors import BundleError, UsageError
from striate.quantities import dimensions, seconds_of
from striate.train.course import Clock
from striate.train.finish import Outcome
from striate.train.folder import FINISHED, MANIFEST, NETWORK, SETTINGS, TIMING, read_network
from striate.train.loop import train
from striate.train.prepare import reopened
from striate.train.processes import Team
from striate.train.reporter import Reporter, Silent
from striate.train.saving.checkpoint import Checkpoint, load_checkpoint
from striate.train.saving.state import States, part
from striate.train.session import Job, for_training
from striate.train.settings import Settings


def go_on(folder: Path, given: Mapping[str, object], reporter: Reporter, clock: Clock) -> Outcome:
    """Go on with the training in a run folder; data, network and settings are those of the run.

    given: what was asked for besides; only what the run has anyway.

    Raises:
        BundleError: it is no run, or damaged.
        UsageError: something else was asked for, or there is nothing to go on from.
    """
    settings = read_settings(folder)
    _refuse_others(folder, settings, given)
    if (outcome := _finished(folder)) is not None:
        States(folder).clear()
        reporter.line(f"{folder} is finished: nothing is left to do")
        return outcome
    team = Team()
    tell = reporter if team.is_first else Silent()
    saved = team.first(States(folder).newest() if team.is_first else None)
    if saved is None:
        raise UsageError.of(
            "resume-nothing",
            f"the training in {folder} was stopped before its first step",
            "begin it again, in another folder",
        )
    if team.is_first:
        _clean(folder)
    job = _job(folder, saved, settings, tell, team)
    elapsed, epoch, step = saved.facts["elapsed_s"], saved.facts["epoch"], saved.facts["step"]
    assert isinstance(elapsed, int | float)
    clock.before_s += elapsed
    tell.line(f"goes on with {folder}, from step {step} of epoch {epoch}")
    return train(job, tell, team=team, clock=clock)


def _job(folder: Path, saved: Checkpoint, settings: Settings, tell: Reporter, team: Team) -> Job:
    facts, fresh = saved.facts["facts"], saved.facts["fresh"]
    assert isinstance(facts, dict)
    assert isinstance(fresh, list)
    preprocessing = facts["preprocessing"]
    assert isinstance(preprocessing, dict)
    record = Preprocessing.from_json(preprocessing)
    chosen = read_network(folder)
    manifest = load_manifest(folder / MANIFEST)
    with team.first_goes_first():
        prepared = reopened(manifest, record, settings, reporter=tell)
    loader, val = prepared.loaders(record, settings)
    module, graph = for_training(chosen.module(), chosen.graph, settings)
    _check_fit(folder, module, saved)
    return Job(
        module=module,
        graph=graph,
        train=team.divided(loader, is_training=True),
        val=None if val is None else team.divided(val, is_training=False),
        record=record,
        settings=settings,
        folder=folder,
        facts=facts,
        fresh=tuple(map(str, fresh)),
    )


def _check_fit(folder: Path, module: nn.Module, saved: Checkpoint) -> None:
    """Refuse weights of another network.

    Raises:
        BundleError: a weight is of another shape than the network's, or one has no place in it.
    """
    own = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    for name, tensor in part(saved.tensors, "module").items():
        if own.get(name) != tuple(tensor.shape):
            raise BundleError.of(
                "weights-mismatch",
                f"the weights in {folder} do not fit {NETWORK}: {name} is "
                f"{dimensions(tuple(tensor.shape))} in the one, "
                f"{dimensions(own[name]) if name in own else 'not there'} in the other",
                f"{NETWORK} was changed after the training began: restore it, or train again",
            )


def read_settings(folder: Path) -> Settings:
    """The settings that a run was begun with.

    Raises:
        BundleError: there are none, or they are those of another version.
    """
    path = folder / SETTINGS
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as missing:
        raise BundleError.of(
            "no-run",
            f"{folder} is no run folder: {path.name} is missing",
            "name a folder that striate fit made, such as runs/photos-resnet18-1",
        ) from missing
    except (OSError, ValueError) as damage:
        raise _damaged(path, getattr(damage, "strerror", None) or str(damage)) from damage
    try:
        rows = stored["settings"].items()
        values = {name: one["value"] for name, one in rows}
        origins = {name: one["origin"] for name, one in rows}
    except (KeyError, TypeError, AttributeError) as damage:
        raise _damaged(path, "it holds no table of settings with their origins") from damage
    known = {one.name for one in fields(Settings)} - {"origins"}
    if values.keys() != known:
        names = ", ".join(sorted(values.keys() ^ known))
        raise BundleError.of(
            "settings-version",
            f"{path} is of another version of striate; they differ in {names}",
            "go on with the version that began the training",
        )
    return Settings(**values, origins=origins)


def _damaged(path: Path, what: str) -> BundleError:
    return BundleError.of("settings-damaged", f"{path}: {what}", "restore it, or train again")


def _refuse_others(folder: Path, settings: Settings, given: Mapping[str, object]) -> None:
    """Refuse what contradicts the run.

    Raises:
        UsageError: something does.
    """
    for name, value in given.items():
        flag = "--" + name.replace("_", "-")
        if name in ("net", "data", "out", "preview"):
            if value is not None:
                raise UsageError.of(
                    "resume-differs",
                    f"{'data are' if name == 'data' else flag + ' is'} given, but --resume goes on "
                    f"with what {folder} was begun with",
                    "leave it out",
                )
            continue
        has = getattr(settings, name)
        is_same = value == has or (_time(value) is not None and _time(value) == _time(has))
        if not is_same:
            raise UsageError.of(
                "resume-differs",
                f"{flag} is {value}, but {folder} was begun with {has}",
                "leave it out: all settings are those of the run; or train anew",
            )


def _time(value: object) -> float | None:
    return seconds_of(value) if isinstance(value, str) else None


def _finished(folder: Path) -> Outcome | None:
    """How the training ended; None if it did not."""
    try:
        facts = json.loads((folder / "last.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not (isinstance(facts, dict) and facts.get(FINISHED)):
        return None
    best = load_checkpoint(folder, "best").facts
    return Outcome(
        folder=folder,
        epochs=int(facts["epoch"]),
        best=int(str(best["epoch"])),
        scores=None,
        seconds=_seconds(folder),
        is_interrupted=False,
        shown=float(facts["epoch"]),
    )


def _seconds(folder: Path) -> float:
    """How long it took, by the last row of its log of times."""
    try:
        with (folder / TIMING).open(encoding="utf-8") as file:
            return float(list(csv.DictReader(file))[-1]["seconds"])
    except (OSError, ValueError, LookupError):
        return 0.0


def _clean(folder: Path) -> None:
    """Remove files that were being written when the process was stopped."""
    for path in (*folder.glob(".*.part"), *States(folder).folder.glob(".*.part")):
        path.unlink()
