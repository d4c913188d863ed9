"""The folder of a run: where it is made, and what it holds besides weights."""

from __future__ import annotations

import re
from pathlib import Path

from striate.errors import BundleError, StriateError, UsageError
from striate.files import nearest, why_unreadable
from striate.networks import Network, network

SETTINGS = "settings.json"
NETWORK = "network.cnn"
LOG = "log.csv"
TIMING = "timing.csv"
BOARD = "tensorboard"
MANIFEST = "manifest.parquet"
UNREADABLE = "unreadable.csv"
RUNS = Path("runs")
# Among the facts of `last`: that there is nothing left to do.
FINISHED = "is_finished"


def check_free(folder: Path | None) -> None:
    """Refuse a folder that holds something already, or that cannot be.

    Raises:
        UsageError: it does, or it or what it is to be in is a file.
    """
    if folder is None:
        return
    place = nearest(folder)
    if not place.is_dir():
        raise UsageError.of(
            "out-is-a-file", f"{place} is a file", "name a folder that is empty or does not exist"
        )
    if folder.exists() and any(folder.iterdir()):
        raise UsageError.of(
            "out-not-empty",
            f"{folder} holds something already",
            "name another folder with --out, or remove this one; nothing is overwritten",
            "without --out a new folder is made: runs/<data>-<network>-<number>",
        )


def make_folder(wanted: Path | None, *, data: str, network: str) -> Path:
    """The wanted folder, or the next free `runs/<data>-<network>-<number>`; made and empty.

    Raises:
        UsageError: it holds something already, or cannot be made.
    """
    try:
        if wanted is not None:
            check_free(wanted)
            wanted.mkdir(parents=True, exist_ok=True)
            return wanted
        return _next_free(f"{_plain(data)}-{_plain(network)}")
    except OSError as refusal:
        raise UsageError.of(
            "out-not-made",
            f"the folder {wanted or RUNS} cannot be made: {refusal.strerror or refusal}",
            "name another one with --out",
        ) from refusal


def read_network(folder: Path) -> Network:
    """The network of a run.

    Raises:
        BundleError: its text is missing or damaged.
    """
    path = folder / NETWORK
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise BundleError.of(
            "network-missing", f"{path} is missing", "restore it, or train again"
        ) from missing
    except (OSError, ValueError) as damage:
        raise BundleError.of(
            "network-unreadable", f"{path}: {why_unreadable(damage)}", "restore it"
        ) from damage
    try:
        return network(text)
    except StriateError as mistake:
        raise BundleError.of(
            "network-damaged",
            f"{path} is not the text of a network",
            *str(mistake).splitlines(),
            "restore it, or train again",
        ) from mistake


def _next_free(stem: str) -> Path:
    RUNS.mkdir(exist_ok=True)
    number = 1
    while True:
        folder = RUNS / f"{stem}-{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def _plain(name: str) -> str:
    """Letters, digits, dots and dashes of a name, at most 40."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", Path(name).name).strip("-.")
    return plain[:40] or "run"
