"""What the checks over the whole zoo found, a line for each network, so that pages can tell it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

FOLDER = Path(__file__).resolve().parents[1] / "bench" / "results"

Entry: TypeAlias = dict[str, str | int | float | list[int] | None]


def read(kind: str) -> list[Entry]:
    """All entries of a kind: parity, eject or onnx; none where the check has not run."""
    file = FOLDER / f"{kind}.jsonl"
    lines = file.read_text("utf-8").splitlines() if file.exists() else ()
    return [json.loads(line) for line in lines]


def record(kind: str, found: Iterable[Entry], keys: tuple[str, ...] = ("name",)) -> None:
    """Writes entries, in place of those that have the same `keys`."""
    entries = {_key(entry, keys): entry for entry in [*read(kind), *found]}
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(entries[key]) + "\n" for key in sorted(entries))
    (FOLDER / f"{kind}.jsonl").write_text(text, encoding="utf-8")


def _key(entry: Entry, keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(entry.get(key, "")) for key in keys)
