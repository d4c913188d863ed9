"""What the report of an evaluation tells of the run that it is about."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

import torch

from striate import __version__
from striate.data import Manifest, load_manifest
from striate.data.audit import quick_audit
from striate.deploy.bundle import Bundle
from striate.deploy.held_out import seen_before
from striate.errors import StriateError
from striate.evaluate.report import Known, Story, read_log
from striate.files import Json, memory_bytes
from striate.quantities import byte_size, dimensions, exact, short
from striate.train import LOG, MANIFEST
from striate.train.folder import TIMING

PROCESSORS = Path("/proc/cpuinfo")


def story_of(bundle: Bundle, manifest: Manifest) -> Story:
    """How a network came about, and where it is evaluated; reads the files of its run.

    manifest: of the images that were evaluated; the data told of are those of the whole run, where
    there is one that holds them.
    """
    folder = bundle.folder
    epoch = bundle.facts.get("epoch")
    return Story(
        log=() if folder is None else read_log(folder / LOG, folder / TIMING),
        best_epoch=epoch if isinstance(epoch, int) else None,
        known=_known(bundle, manifest),
        audit=_audit(bundle, manifest),
        facts={
            "Network": _network(bundle),
            "Trained with": _words(bundle.facts.get("versions")),
            "Evaluated with": {**_versions(), **machine()},
        },
    )


def machine() -> dict[str, str]:
    """What the machine is, as far as it says: processor, cores, memory, accelerator."""
    found = {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count() or 1),
        "memory": byte_size(memory_bytes()),
    }
    if torch.cuda.is_available():
        found["accelerator"] = torch.cuda.get_device_name()
    return found


def _known(bundle: Bundle, manifest: Manifest) -> Known:
    """How the network knows these images."""
    if bundle.folder is None:
        return "unknown"
    seen = seen_before(bundle, manifest)
    return "trained" if seen.trained_on else "validated" if seen.validated_on else "new"


def _audit(bundle: Bundle, manifest: Manifest) -> tuple[str, ...]:
    """What the heads of the images say; nothing where they are gone."""
    whole = manifest
    try:
        if bundle.folder is not None:
            known = load_manifest(bundle.folder / MANIFEST)
            whole = known if known.root == manifest.root else manifest
        return quick_audit(whole).lines
    except StriateError:
        return ()


def _network(bundle: Bundle) -> dict[str, str]:
    network = bundle.network
    record = bundle.preprocessing
    told = {
        "name": str(bundle.facts.get("network") or network.name),
        "input": dimensions(network.input),
        "parameters": exact(network.params),
        "MACs": "unknown" if network.macs is None else short(network.macs),
        "images": (
            f"{record.resize}, crop {100 * record.crop_share:.4g} %, {record.interpolation}, "
            f"mean {_numbers(record.mean)}, deviation {_numbers(record.deviation)}"
        ),
    }
    started = bundle.facts.get("pretrained")
    return {**told, "started from": str(started)} if started else told


def _versions() -> dict[str, str]:
    return {
        "striate": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _words(found: Json) -> Mapping[str, str]:
    """An object of plain values as words; nothing where it is none."""
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.3g}" for value in values[:4]) + (", ..." if len(values) > 4 else "")


def _processor() -> str:
    """The name of the processor; the word of the system where it says nothing better."""
    try:
        lines = PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
