"""Images on disk to batches: one manifest, one preprocessing record, one way to decode."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from striate.data.cache import Cache, Store, open_cache
from striate.data.contents import contents, read_file
from striate.data.decode import (
    Header,
    Picture,
    UnreadableImageError,
    decode,
    header,
    picture,
    resampled,
)
from striate.data.health import (
    Advance,
    Unreadable,
    refuse_many,
    save_unreadable,
    silent,
)
from striate.data.index import index
from striate.data.manifest import SPLITS, Manifest, Split
from striate.data.preprocessing import Box, Preprocessing
from striate.data.sharding import Shard
from striate.data.splits import default_share, stratified, with_validation
from striate.data.stored import load_manifest
from striate.data.workers import Workers, measure_workers, usable_cores

if TYPE_CHECKING:
    from striate.data.float_input import network_input
    from striate.data.loader import Batch, Loader

__all__ = [
    "SPLITS",
    "Advance",
    "Batch",
    "Box",
    "Cache",
    "Header",
    "Loader",
    "Manifest",
    "Picture",
    "Preprocessing",
    "Shard",
    "Split",
    "Store",
    "Unreadable",
    "UnreadableImageError",
    "Workers",
    "contents",
    "decode",
    "default_share",
    "header",
    "index",
    "load_manifest",
    "measure_workers",
    "network_input",
    "open_cache",
    "picture",
    "read_file",
    "refuse_many",
    "resampled",
    "save_unreadable",
    "silent",
    "stratified",
    "usable_cores",
    "with_validation",
]

# These modules import torch, which takes a second or two that audits and their child processes
# spare.
_WITH_TORCH = {"Batch": "loader", "Loader": "loader", "network_input": "float_input"}


def __getattr__(name: str) -> object:
    """What needs torch, imported when it is first asked for."""
    if name in _WITH_TORCH:
        return getattr(import_module(f"striate.data.{_WITH_TORCH[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
