"""striate: a convolutional network is a text that compiles to a typed graph.

>>> import striate
>>> net = striate.network("resnet18(classes=10)", input=(3, 32, 32))
>>> net.params
11181642

Nothing is imported before it is used, so that `import striate` is quick and torch-free.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from striate.deploy import Bundle as Bundle
    from striate.deploy import load as load
    from striate.deploy.fit import fit as fit
    from striate.networks import Network as Network
    from striate.networks import folded as folded
    from striate.networks import network as network
    from striate.networks import pattern as pattern
    from striate.ops import register as register

__version__ = "0.1.0"

# Public name and the module that has it.
_HOMES = {
    "Bundle": "striate.deploy",
    "Network": "striate.networks",
    "fit": "striate.deploy",
    "load": "striate.deploy",
    "folded": "striate.networks",
    "network": "striate.networks",
    "pattern": "striate.networks",
    "register": "striate.ops",
}

__all__ = ["Bundle", "Network", "fit", "folded", "load", "network", "pattern", "register"]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'striate' has no attribute '{name}'")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
