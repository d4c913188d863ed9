"""What a report tells besides scores and pictures, handed in as plain values."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Row = Mapping[str, float | None]

# How the network knows the images: some were trained on; some chose its best weights; none of
# either; or nobody can tell.
Known = Literal["trained", "validated", "new", "unknown"]


@dataclass(frozen=True)
class Story:
    """How the network came about, and what surrounds the evaluation.

    log: a row for each epoch, by column; None where a number is missing. best_epoch: the one whose
    weights were evaluated. known: how the network knows the images. audit: lines about the data, as
    `quick_audit` gives them. facts: tables of words to show at the end, by heading: network,
    versions, machine.
    """

    log: Sequence[Row] = ()
    best_epoch: int | None = None
    known: Known = "unknown"
    audit: Sequence[str] = ()
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_log(*paths: Path) -> list[Row]:
    """Rows of CSV files that belong side by side, matched by `epoch`; files not there are left out.

    What is not a number, or an epoch that only some files have, gives None. A row whose epoch is
    no number is left out.
    """
    rows: dict[int, dict[str, float | None]] = {}
    for path in paths:
        for row in _rows(path):
            epoch = row.get("epoch")
            if epoch is not None and math.isfinite(epoch):
                rows.setdefault(int(epoch), {}).update(row)
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    return [{name: rows[epoch].get(name) for name in names} for epoch in sorted(rows)]


def _rows(path: Path) -> list[dict[str, float | None]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    return [
        {str(name): _number(word) for name, word in row.items() if name}
        for row in csv.DictReader(text.splitlines())
    ]


def _number(word: object) -> float | None:
    try:
        return float(str(word))
    except ValueError:
        return None
