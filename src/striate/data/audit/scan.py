"""Decodes every image of a data set once, and says what was found."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from striate.data.audit import findings
from striate.data.audit.facts import FACTS, Facts, describe, to_row
from striate.data.audit.finding import SEVERITIES, TOPICS, Finding, Found, Scanned
from striate.data.audit.store import FactStore, open_store
from striate.data.audit.workers import Job, in_children
from striate.data.contents import contents
from striate.data.decode import PIXEL_LIMIT
from striate.data.health import Advance, silent
from striate.data.layouts._search import OUTSIDE_CLASSES, Search
from striate.data.manifest import SCHEMA, Manifest
from striate.discovery import load_all
from striate.files import Json

# A child may use so much, and so much for each pixel that an image may have: a picture is held in
# several forms at once while it is converted.
CHILD_BYTES, PIXEL_BYTES = 3 * 2**30, 16


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a scan.

    workers: child processes; None is one per core.
    max_pixels: images with more are not decoded.
    seconds: for one image.
    """

    workers: int | None = None
    max_pixels: int = PIXEL_LIMIT
    seconds: float = 60

    @property
    def crew(self) -> int:
        """How many child processes."""
        return self.workers or os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan has found.

    manifest: with the columns that only a scan can fill.
    found: the kinds of finding that apply, the worst first.
    known: images whose facts an earlier scan had found.
    seconds: that this one took, without the findings.
    """

    scanned: Scanned
    found: tuple[Found, ...]
    known: int
    seconds: float
    limits: Limits

    @property
    def manifest(self) -> Manifest:
        """The manifest with all columns filled."""
        return self.scanned.manifest

    def count(self, severity: str) -> int:
        """Kinds of finding of this severity."""
        return sum(found.kind.severity == severity for found in self.found)


def scan(
    manifest: Manifest,
    limits: Limits | None = None,
    *,
    cache: Path | None = None,
    advance: Advance = silent,
) -> Scan:
    """Decode every image once, in child processes, and look for what may spoil a training.

    Facts are kept in `cache` (by default the user's cache folder) while it runs: a scan that was
    ended goes on where it was, and decodes again only what has changed.

    Raises:
        DataError: the images are gone, or no child process can be started.
    """
    limits = limits or Limits()
    start = time.monotonic()
    store = open_store(manifest, limits.max_pixels, cache)
    known, _ = store.known()
    advance(len(known))
    lost = _decode(manifest, np.setdiff1d(np.arange(len(manifest)), known), limits, store, advance)
    rows, facts = store.known()
    store.merge(rows, facts)
    seconds = time.monotonic() - start
    scanned = as_scanned(manifest, _complete(len(manifest), rows, facts, lost))
    return Scan(scanned, check_all(scanned), len(known), seconds, limits)


def as_scanned(manifest: Manifest, facts: pa.Table) -> Scanned:
    """A manifest with the facts about each of its images, in its order."""
    names = [name for name in FACTS.names if name in SCHEMA.names]
    columns = {name: facts[name].combine_chunks() for name in names}
    before = manifest.table["bytes"].combine_chunks()
    columns["bytes"] = pc.coalesce(columns["bytes"], before)
    left_out, suffixes = _left_out(manifest)
    return Scanned(
        manifest.with_columns(**columns),
        formats=np.asarray(facts["format"].to_numpy(), dtype=object),
        is_animated=np.asarray(facts["is_animated"].fill_null(False).to_numpy()),
        has_alpha=np.asarray(facts["has_alpha"].fill_null(False).to_numpy()),
        left_out=left_out,
        suffixes=suffixes,
    )


def check_all(scanned: Scanned) -> tuple[Found, ...]:
    """Every kind of finding that applies, the worst first."""
    found = [Found(kind, kind.check(scanned)) for kind in kinds()]
    return tuple(each for each in found if each.hits.count)


def kinds() -> tuple[Finding, ...]:
    """All kinds of finding, the worst first."""
    known: list[Finding] = [module.FINDING for module in load_all(findings)]
    assert len({kind.code for kind in known}) == len(known), "two findings of one code"
    return tuple(
        sorted(
            known,
            key=lambda kind: (
                SEVERITIES.index(kind.severity),
                TOPICS.index(kind.topic),
                kind.code,
            ),
        )
    )


def _decode(
    manifest: Manifest, todo: np.ndarray, limits: Limits, store: FactStore, advance: Advance
) -> dict[int, dict[str, Json]]:
    """Facts about these images into the store; those that say nothing lasting come back."""
    places = todo.tolist()
    lost: dict[int, dict[str, Json]] = {}
    if not places:
        return lost
    job = Job(
        described,
        contents(manifest),
        {"max_pixels": limits.max_pixels},
        seconds=limits.seconds,
        memory_bytes=CHILD_BYTES + PIXEL_BYTES * limits.max_pixels,
    )
    names = [str(place) for place in places]
    try:
        with in_children(places, names, job, workers=limits.crew) as answers:
            for answer in answers:
                if answer.said is None:
                    lost[answer.place] = Facts(answer.status, answer.reason).to_json()
                else:
                    store.add(answer.place, answer.said)
                advance(1)
    finally:
        store.flush()
    return lost


def described(content: bytes, name: str, options: Mapping[str, Json]) -> dict[str, Json]:
    """Facts about an image, as a child process sends them."""
    return describe(content, name, max_pixels=int(str(options["max_pixels"]))).to_json()


def _complete(
    count: int, rows: np.ndarray, facts: pa.Table, lost: Mapping[int, Mapping[str, Json]]
) -> pa.Table:
    """Facts about all images in their order, from those of `rows` and the few others."""
    others = sorted(lost)
    assert len(rows) + len(others) == count
    rest = pa.Table.from_pylist([to_row(lost[place]) for place in others], schema=FACTS)
    order = np.argsort(np.concatenate([rows, np.asarray(others, np.int64)]))
    return pa.concat_tables([facts, rest]).take(pa.array(order, pa.int64()))


def _left_out(manifest: Manifest) -> tuple[dict[str, list[str]], dict[str, int]]:
    """What lies in the folder of a manifest and is not in it: names by reason, and suffixes."""
    root = Path(manifest.root)
    if manifest.kind != "folder" or not root.is_dir():
        return {}, {}
    search = Search(root, follow_links=manifest.follows_links)
    meant = set(manifest.table["path"].to_pylist())
    beside = [path for path, _ in search.images(root) if path not in meant]
    left_out = dict(search.left_out)
    if beside:
        left_out[OUTSIDE_CLASSES] = beside
    return left_out, dict(search.suffixes)
