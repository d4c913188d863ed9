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
    Store,
    measure_workers,
    network_input,
    save_unreadable,
)
from striate.errors import DataError, StriateError, UsageError, listing
from striate.files import Json, replace_json, replace_text
from striate.networks import Network, network_for
from striate.quantities import dimensions, exact, short
from striate.train.choose import Way, fastest_way
from striate.train.folder import MANIFEST, NETWORK, SETTINGS, UNREADABLE, check_free, make_folder
from striate.train.loop import SELECTION, Job, Outcome, train
from striate.train.prepare import Glance, Prepared, glance, prepare, read_data
from striate.train.reporter import Reporter, Terminal
from striate.train.settings import Options, Origin, Settings, check_options, resolve
from striate.train.start import Start, find_start

# Multiply-accumulates of a whole training below which measuring the fastest way does not pay.
WORTH_MEASURING = 2e12
# Images to decode below which measuring the fastest number of threads does not pay.
WORTH_MEASURING_WORKERS = 2000
# A photo is decoded at half its size as long as that has twice the pixels, along each axis, that
# it is scaled to: decoding is several times faster, and the picture is nearly the same.
REDUCING_GAP = 2.0
# What the forward and the backward pass of a step cost, in forward passes.
PASSES = 3


def fit(
    net: str | Network,
    data: str | Path,
    *,
    out: str | Path | None = None,
    reporter: Reporter | None = None,
    **options: Unpack[Options],
) -> Outcome:
    """Train `net` on `data`; the run folder holds all that evaluation and prediction need.

    net: a zoo name, notation text, a path to a `.cnn` file, or a network. data: see
    `striate.data.index`. out: the run folder, which must be empty or absent. options: see
    `Options`; what is left out is chosen, and told in the run's `settings.json`.

    Raises:
        UsageError, DataError, TextError, TrainingError: with what is wrong and what to do.
    """
    tell = reporter or Terminal()
    wanted = Path(out) if out is not None else None
    check_options(options)
    check_free(wanted)
    manifest = read_data(data, options, tell)
    seen = glance(manifest)
    chosen = choose_network(net, manifest.classes, seen, size=options.get("size"))
    tell.line(_network_line(chosen, seen))
    start = find_start(chosen, options.get("pretrained", False), tell)
    record = start.suited(input_record(chosen))
    prepared = prepare(
        manifest,
        record,
        Store(options.get("cache", "auto"), options.get("rebuild_cache", False)),
        max_unreadable=options.get("max_unreadable", 0.01),
        reporter=tell,
    )
    record = start.suited(prepared.record)
    is_colour = seen.is_colour and record.channels == 3
    settings = resolve(options, manifest=prepared.train, record=record, is_colour=is_colour)
    settings = with_workers(settings, prepared, reporter=tell)
    loader, val = _loaders(prepared, record, settings)
    settings = with_way(settings, chosen, loader, record, reporter=tell)
    tell.line(_settings_line(settings))
    folder = make_folder(wanted, data=str(data), network=chosen.name)
    _write_head(folder, settings, chosen, data=str(data))
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


def choose_network(
    net: str | Network, classes: tuple[str, ...], seen: Glance, *, size: int | None
) -> Network:
    """The network with an output per class; its input by `size`, else itself, else the data.

    Raises:
        TextError: the text is wrong, or the images are too small for it.
        UsageError: it is no classifier, or not of such images.
        DataError: another number of outputs than classes.
    """
    chosen = net if isinstance(net, Network) else _built(net, len(classes), seen, size)
    record = input_record(chosen)
    if record.colour == "bands" and seen.bands and record.channels not in seen.bands:
        raise UsageError.of(
            "network-input",
            f"{chosen.name} takes {dimensions(chosen.input)}, but the images have "
            f"{' or '.join(map(str, sorted(seen.bands)))} channels",
            "networks of 1 or 3 channels take grey and colour images of all kinds",
        )
    if size not in (None, chosen.input[1]):
        raise UsageError.of(
            "network-size",
            f"--size is {size}, but {chosen.name} takes {dimensions(chosen.input)}",
            "leave --size out, or make the network for that size",
        )
    if chosen.output != (len(classes),):
        _refuse_outputs(chosen, classes)
    return chosen


def input_record(chosen: Network) -> Preprocessing:
    """How images are prepared for a network; mean and deviation are still to be computed.

    Raises:
        UsageError: it takes no images of a stated size.
    """
    match chosen.input:
        case (int(channels), int(height), int(width)):
            return Preprocessing(height, width, channels, reducing_gap=REDUCING_GAP)
    raise UsageError.of(
        "network-input",
        f"{chosen.name} takes {dimensions(chosen.input)}; images have channels, a height and a "
        "width",
        "begin the text with, say, input(3, 32, 32)",
    )


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


def _built(net: str, classes: int, seen: Glance, size: int | None) -> Network:
    """The network of a text or name; where it leaves its input open, one that suits the data."""
    channels = seen.channels
    height, width = (seen.height, seen.width) if seen.share > 0.9 else (224, 224)
    given = (channels, size or height, size or width)
    try:
        chosen = network_for(net, input=None, classes=classes)
    except StriateError:
        # Perhaps all that is missing is an input; if not, this raises what is wrong.
        return network_for(net, classes=classes, input=given)
    if None in chosen.input:
        return network_for(net, classes=classes, input=(chosen.input[0], *given[1:]))
    if size is None or chosen.input[1:] == (size, size):
        return chosen
    return network_for(net, classes=classes, input=(chosen.input[0], size, size))


def _refuse_outputs(chosen: Network, classes: tuple[str, ...]) -> None:
    if len(chosen.output) != 1:
        raise UsageError.of(
            "not-a-classifier",
            f"{chosen.name} ends in {dimensions(chosen.output)}; a classifier ends in one number "
            f"per class, here {len(classes)}",
            f"end the text with -> gap -> fc({len(classes)})",
        )
    raise DataError.of(
        "class-count",
        f"the network ends in {chosen.output[0]} outputs but the data has {len(classes)} classes",
        f"the classes are: {listing(list(classes))}",
        f"end the network with fc({len(classes)}), or name it with classes={len(classes)}",
    )


def _loaders(
    prepared: Prepared, record: Preprocessing, settings: Settings
) -> tuple[Loader, Loader | None]:
    """Of the training images, and of the validation images if there are any."""
    train, val = (
        Loader(
            part,
            record,
            settings.batch,
            seed=settings.seed,
            cache=prepared.cache,
            workers=settings.workers,
        )
        for part in (prepared.train, prepared.val)
    )
    return train, val if len(val.manifest) else None


def with_workers(settings: Settings, prepared: Prepared, *, reporter: Reporter) -> Settings:
    """The settings with the number of threads that loads images fastest here, if there is much
    to load.
    """
    train = Loader(prepared.train, prepared.record, settings.batch, cache=prepared.cache)
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


def _network_line(chosen: Network, seen: Glance) -> str:
    line = (
        f"{chosen.name}: {exact(chosen.params)} parameters, {short(chosen.macs or 0)} MACs, "
        f"input {dimensions(chosen.input)}"
    )
    if (seen.height, seen.width) != chosen.input[1:]:
        line += f"; images, mostly {seen.height}x{seen.width}, are scaled to it"
    if seen.is_colour and chosen.input[0] == 1:
        line += "; colours become grey"
    return line


def _settings_line(settings: Settings) -> str:
    layout = "channels last" if settings.channels_last else "channels first"
    return (
        f"{settings.epochs} epochs, batch {settings.batch}, learning rate {settings.lr:g}, "
        f"shifts of {settings.padding} px, {'flips' if settings.flip else 'no flips'}, "
        f"{settings.precision}, {layout}"
    )


def _speeds(seconds: Mapping[Way, float], images: int) -> str:
    """`bfloat16, channels last 812 images/s; ...`."""
    return "; ".join(
        f"{way.precision}, channels {'last' if way.channels_last else 'first'} "
        f"{images / took:,.0f} images/s"
        for way, took in seconds.items()
    )
