"""What a training is done with on this machine: the fastest way and, if wished, the batch size."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import torch

from striate.data import Loader, Preprocessing, network_input
from striate.errors import TrainingError, UsageError
from striate.files import Json
from striate.networks import Network
from striate.quantities import byte_size
from striate.train.compute.batch_size import Trial, search
from striate.train.compute.checkpointing import checkpoint_blocks
from striate.train.compute.fastest import PASSES, Wish, fastest_way, images_to_measure
from striate.train.compute.memory import available_bytes, largest_batch, what_would_fit
from striate.train.compute.replicas import draws, most_replicas
from striate.train.compute.ways import Way, arrange, check_way
from striate.train.optimize.defaults import USUAL, most_by_data
from striate.train.reporter import Reporter
from striate.train.settings import Origin, Settings

# Multiply-accumulates a second, for a first guess of how many images a budget of time will show.
GUESSED_SPEED = {"cpu": 5e10, "cuda": 5e12}


def with_way(  # noqa: PLR0913  all by name
    settings: Settings,
    chosen: Network,
    loader: Loader,
    record: Preprocessing,
    device: torch.device,
    *,
    world: int = 1,
    reporter: Reporter,
) -> tuple[Settings, dict[str, Json]]:
    """The settings with the way of computing that is fastest here, and the figures it is chosen by.

    What the user gave is kept. Where measuring would take more than a twentieth of the training it
    is float32 with channels last, and there are no figures. world: processes that train together.

    Raises:
        UsageError: what the user gave cannot be computed here.
    """
    wish, replicas = checked_wishes(settings, chosen, device, world=world)
    total = _images_shown(settings, chosen, len(loader.manifest), device)
    batch = settings.batch // settings.accumulate
    is_cuda = device.type == "cuda"
    count = images_to_measure(chosen.macs or 0, batch=batch, total=total, is_cuda=is_cuda)
    if count is None:
        is_last = True if wish.channels_last is None else wish.channels_last
        return replace(settings, channels_last=is_last), {}
    with closing(loader.batches()) as batches:
        shown = next(batches)
    images = network_input(shown.images[:count].to(device), record)
    with torch.random.fork_rng([]):
        module = chosen.module().to(device)
    steps = total // max(len(images), 1)
    labels = shown.labels[:count].to(device)
    found = fastest_way(module, images, labels, wish=wish, steps=steps, replicas=replicas)
    if not found.seconds:
        return _taken(settings, found.way), {}
    reporter.line(f"measured: {found}")
    return _taken(settings, found.way), found.to_json()


def with_batch(
    settings: Settings,
    chosen: Network,
    images: int,
    device: torch.device,
    *,
    world: int,
    reporter: Reporter,
) -> tuple[Settings, dict[str, Json]]:
    """The settings with the batch that fits and is fast, by real steps, and what they took.

    A learning rate that nobody stated follows the batch. images: to train on. world: processes that
    share a batch, each with a device like this one.

    Raises:
        TrainingError: not even two images fit.
    """
    free = available_bytes(device)
    most = most_by_data(images // world)
    if device.type == "cpu":  # there, too much memory ends in being killed
        most = min(most, largest_batch(chosen.graph, settings, free))
    way = Way(settings.precision, settings.channels_last)
    with torch.random.fork_rng([]):
        module = arrange(chosen.module().to(device), way)
    if settings.checkpointing:
        checkpoint_blocks(module, chosen.graph)
    shape = tuple(size or settings.size for size in chosen.input)
    trial = Trial(module, shape, chosen.output[0] or 1, way, device)
    found = search(trial.seconds, most) if most >= 2 else None
    if found is None:
        raise TrainingError.of(
            "batch-memory",
            f"not even two images fit into the {byte_size(free)} that are free",
            *what_would_fit(chosen.graph, settings, free)[1:],
        )
    batch = found.batch * world
    reporter.line(f"measured: {found}; taken: {batch}")
    origins: dict[str, Origin] = {**settings.origins, "batch": "measured"}
    lr = settings.lr
    if origins["lr"] == "default":
        lr *= (batch / settings.batch) ** USUAL[settings.optimizer].power
        lr = float(f"{lr:.3g}")
    return replace(settings, batch=batch, lr=lr, origins=origins), found.to_json()


def checked_wishes(
    settings: Settings, chosen: Network, device: torch.device, *, world: int
) -> tuple[Wish, int]:
    """What of the way is settled, and how many replicas may be faster than one.

    Quick: no image is looked at, so that mistakes can be told before images are decoded.

    Raises:
        UsageError: what the user gave cannot be computed here.
    """
    wish = wish_of(settings)
    if settings.checkpointing:
        wish = _without_compiling(wish)
    alone = _why_alone(settings, chosen, device, world=world)
    replicas = _replicas_to_try(settings, alone)
    check_way(Way(wish.precision or "float32", True, bool(wish.compile)), device)
    return wish, replicas


def wish_of(settings: Settings) -> Wish:
    """What of the way the user, or the recipe, has settled."""
    return Wish(
        precision=settings.precision if _is_given(settings, "precision") else None,
        channels_last=settings.channels_last if _is_given(settings, "channels_last") else None,
        compile=settings.compile if _is_given(settings, "compile") else None,
        replicas=settings.replicas if _is_given(settings, "replicas") else None,
    )


def _why_alone(
    settings: Settings, chosen: Network, device: torch.device, *, world: int
) -> str | None:
    """Why there can be no replicas of a network in this process; None where there can."""
    if device.type != "cpu":
        return "a GPU computes whole batches faster"
    if world > 1:
        return "each of several processes has one"
    if settings.checkpointing:
        return "--checkpointing works on one network only"
    if settings.compile:
        return "a compiled network runs in one thread only"
    if settings.drop_path or draws(chosen.graph):
        return "what a layer drops by chance would depend on which thread comes first"
    return None


def _replicas_to_try(settings: Settings, reason: str | None) -> int:
    """How many replicas may be faster than one.

    Raises:
        UsageError: the user wants some, but there is a reason against any.
    """
    if reason is None:
        return most_replicas(settings.batch // settings.accumulate)
    if settings.replicas > 1:
        raise UsageError.of(
            "replicas",
            f"--replicas {settings.replicas} cannot be had here: {reason}",
            "leave --replicas out",
        )
    return 1


def _without_compiling(wish: Wish) -> Wish:
    """What the user said, for activations that are computed twice.

    Raises:
        UsageError: compiling is wished too.
    """
    if wish.compile:
        raise UsageError.of(
            "compile-checkpointing",
            "--compile and --checkpointing exclude each other: a compiled network keeps what it "
            "chooses",
            "leave one of the two out",
        )
    return replace(wish, compile=False)


def _is_given(settings: Settings, name: str) -> bool:
    return settings.origins[name] in ("option", "recipe")


def _taken(settings: Settings, way: Way) -> Settings:
    origins = dict(settings.origins)
    for name in ("precision", "channels_last", "compile", "replicas"):
        if not _is_given(settings, name):
            origins[name] = "measured"
    return replace(
        settings,
        precision=way.precision,
        channels_last=way.channels_last,
        compile=way.compile,
        replicas=way.replicas,
        origins=origins,
    )


def _images_shown(settings: Settings, chosen: Network, images: int, device: torch.device) -> int:
    """How many images the training will show, guessed where it has a budget of time."""
    most = settings.epochs * images
    if settings.budget_s is None:
        return most
    speed = GUESSED_SPEED[device.type] / (PASSES * max(chosen.macs or 0, 1))
    return min(most, int(settings.budget_s * speed))
