"""A manifest that was saved: by `striate split`, `striate scan` or in a run folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from striate.data.layouts import Reading
from striate.data.layouts._columns import refuse_columns, refuse_links
from striate.data.layouts.digits import DIGITS
from striate.data.manifest import Manifest
from striate.data.stored import is_manifest, load_manifest


def recognises(data: str) -> bool:
    """Whether it is a Parquet file with the head of a manifest."""
    return data.lower().endswith(".parquet") and is_manifest(Path(data))


def index(data: str, how: Reading) -> Manifest:
    """The manifest as it was saved, its splits among it."""
    refuse_columns(how, "saved manifests")
    found = load_manifest(Path(data))
    if found.kind == DIGITS:
        refuse_links(how, data, "a manifest of the digits")
    return replace(found, follows_links=found.follows_links or how.follow_links)
