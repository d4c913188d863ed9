"""Writes docs/zoo.md: every network of the reference table with ours beside it.

    scripts/zoo_checks                            everything below, for the whole zoo

    python scripts/parity.py resnet50
    python scripts/eject_check.py --record resnet50
    python scripts/onnx_check.py --record resnet50
    python scripts/zoo_table.py

Only the last line is needed where bench/results is up to date. The reference table,
zoo_reference.csv, is not part of the project: it lies in ../shared/reference, or where `--table`
says.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scripts import results
from scripts.paper_rows import OURS
from striate.networks import network
from striate.zoo import Card, cards

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "zoo.md"
TABLE = ROOT.parent / "shared" / "reference" / "zoo_reference.csv"
ROUNDED = 0.03
"""How far a published, rounded count may be from an exact one."""

HEAD = """# The zoo beside its sources

Every network of torchvision and timm that the surveys of architectures name, and those that only
papers describe, with ours beside it. Made by `scripts/zoo_table.py`; change that, not this page.

* **parameters**, **MACs**: of one image of the size given; `=` where ours are the same, else ours
  and why. Those of torchvision and timm were counted on their modules, those of papers by hand,
  from the authors' code, or on a third party's module.
* **outputs**: the largest difference between our outputs and the library's for two small images,
  relative to the largest output, in float32 and eval mode, with the same weights and statistics.
  Bar 1e-4. `scripts/parity.py`
* **ONNX**: the same between onnxruntime and our module, for batches of 1, 3 and 17 and random
  weights. Bar 1e-4; a few networks of hundreds of layers are so steep under random statistics that
  torch's float32 is as far from its own float64: these are *settled*, compared with statistics near
  those of their activations. `scripts/onnx_check.py`
* **ejected**: lines of the file that `striate eject` writes, those of the hand-written file of
  torchvision or timm, and the difference between the two modules' outputs. Bar 1e-6.
  `scripts/eject_check.py`

A `-` stands where there is nothing to compare with, a `?` where the check has not been run.
"""


@dataclass(frozen=True)
class Row:
    """A line of the reference table, and the name of ours."""

    source: str
    variant: str
    params: int | None
    macs: int | None
    size: int | None
    is_rounded: bool
    name: str


@dataclass
class Found:
    """What the checks have said about the networks."""

    parity: dict[str, list[results.Entry]]
    eject: dict[str, results.Entry]
    onnx: dict[str, results.Entry]


def main() -> int:
    """Writes the page; gives 1 where a network is missing or differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--table", type=Path, default=TABLE)
    asked = parser.parse_args()
    text, wrong = page(rows(asked.table))
    PAGE.write_text(text, encoding="utf-8")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def rows(table: Path) -> list[Row]:
    """Those of the reference table that the zoo is to have."""
    with table.open(encoding="utf-8", newline="") as file:
        lines = [one for one in csv.DictReader(file) if one["tier"] in ("canonical", "paper")]
    return [
        Row(
            source=line["source"],
            variant=line["variant"],
            params=int(line["params"]) if line["params"] else None,
            macs=int(line["macs"]) if line["macs"] else None,
            size=int(line["input_hw"]) if line["input_hw"] else None,
            is_rounded="rounded" in line["note"],
            name=OURS.get(line["variant"], line["variant"]),
        )
        for line in lines
    ]


def page(all_rows: list[Row]) -> tuple[str, list[str]]:
    """The whole page, and what is wrong in it."""
    found = on_record()
    wrong: list[str] = []
    sections = []
    for source, title in (
        ("torchvision", "Networks of torchvision"),
        ("timm", "Networks of timm"),
        ("paper", "Networks of papers"),
    ):
        lines = [line_of(row, found, wrong) for row in all_rows if row.source == source]
        sections.append(f"\n## {title}\n\n{table_of(lines)}")
    sections.append(others(all_rows, found, wrong))
    sections.append(in_training())
    return HEAD + summary(all_rows, found, wrong) + "".join(sections), wrong


def on_record() -> Found:
    """All results of the checks."""
    parity: dict[str, list[results.Entry]] = {}
    for entry in results.read("parity"):
        if entry["mode"] == "eval" and entry["dtype"] == "float32":
            parity.setdefault(str(entry["name"]), []).append(entry)
    eject = {str(entry["name"]): entry for entry in results.read("eject")}
    onnx = {str(entry["name"]): entry for entry in results.read("onnx")}
    return Found(parity, eject, onnx)


def table_of(lines: list[str]) -> str:
    """Lines under their heads."""
    head = "| network | parameters | MACs | outputs | ONNX | ejected |\n|---|---|---|---|---|---|\n"
    return head + "".join(line for line in lines if line)


def line_of(row: Row, found: Found, wrong: list[str]) -> str:
    """One network; empty where the zoo has none and says why."""
    card = cards().get(row.name)
    if card is None:
        wrong.append(f"{row.source} {row.variant}: not in the zoo")
        return ""
    counted = network(card.name).params if card.params is None else card.params
    params = compared(row.params, counted, row, card, wrong)
    macs = compared(row.macs, macs_at(card, row), row, card, wrong)
    name = f"`{row.name}`" if row.name == row.variant else f"`{row.name}` {row.variant}"
    return f"| {name} | {params} | {macs} | {checks(row.name, row.source, found, wrong)} |\n"


def macs_at(card: Card, row: Row) -> int | None:
    """Ours for images of the row's size; those of the card where it is for that size."""
    if row.macs is None or row.size is None or len(card.input) < 3 or row.size == card.input[1]:
        return card.macs
    return network(card.name, input=(card.input[0], row.size, row.size)).macs


def compared(theirs: int | None, ours: int | None, row: Row, card: Card, wrong: list[str]) -> str:
    """A count of theirs and what ours is beside it."""
    if theirs is None:
        return "-" if ours is None else grouped(ours)
    if theirs == ours:
        return f"{grouped(theirs)} ="
    said = f"{grouped(theirs)}; ours {'open' if ours is None else grouped(ours)}"
    if row.is_rounded and ours and abs(ours - theirs) <= ROUNDED * theirs:
        return f"{said}; theirs is rounded"
    why = reason(card)
    if not why:
        wrong.append(f"{row.source} {row.variant}: {said}, and the card does not say why")
    return f"{said}; {why or 'WRONG'}"


def reason(card: Card) -> str:
    """What the card says in the brackets of its source."""
    match = re.search(r"\((?:torchvision|timm|paper)[;,:]? *([^)]+)\)", card.notes)
    return match[1] if match else ""


def checks(name: str, source: str, found: Found, wrong: list[str]) -> str:
    """The columns of the three checks."""
    outputs = [
        f"{entry['library']} {figure(entry, wrong, 'outputs')}"
        for entry in found.parity.get(name, ())
    ]
    none = "-" if source == "paper" else "?"
    columns = [", ".join(sorted(outputs, reverse=True)) or none]
    onnx, eject = found.onnx.get(name), found.eject.get(name)
    columns.append(figure(onnx, wrong, "ONNX") if onnx else "?")
    if eject:
        beside = f" of {eject['theirs']}" if eject["theirs"] else ""
        columns.append(f"{eject['lines']}{beside}, {figure(eject, wrong, 'ejected')}")
    else:
        columns.append("?")
    return " | ".join(columns)


def figure(entry: results.Entry, wrong: list[str], column: str) -> str:
    """The difference, or WRONG."""
    if entry["problem"]:
        wrong.append(f"{entry['name']}: {column}: {entry['problem']}")
        return "WRONG"
    difference = entry["difference"]
    assert isinstance(difference, float | int)
    note = ", settled" if entry.get("is_settled") else ""
    return f"{difference:.0e}{note}" if difference else "0"


def grouped(count: int) -> str:
    """With thin spaces between thousands."""
    return f"{count:,}".replace(",", "\u202f")


def others(all_rows: list[Row], found: Found, wrong: list[str]) -> str:
    """Networks of the zoo that the reference table does not have."""
    listed = {row.name for row in all_rows}
    lines = []
    for card in cards().values():
        if card.name not in listed:
            params = grouped(card.params) if card.params else "-"
            macs = grouped(card.macs) if card.macs else "-"
            tail = checks(card.name, card.source or "paper", found, wrong)
            lines.append(f"| `{card.name}` | {params} | {macs} | {tail} |\n")
    return f"\n## Other networks of the zoo\n\nCounts are those of the cards.\n\n{table_of(lines)}"


def in_training() -> str:
    """The table of one step in train mode, and of float64."""
    modes = ("eval", "train")
    found: dict[tuple[str, str], dict[str, results.Entry]] = {}
    for entry in results.read("parity"):
        if entry["dtype"] == "float64":
            key = str(entry["name"]), str(entry["library"])
            found.setdefault(key, {})[str(entry["mode"])] = entry
    lines = []
    for (name, library), of in found.items():
        cells = (figure(of[mode], [], mode) if mode in of else "?" for mode in modes)
        lines.append(f"| `{name}` | {library} | {' | '.join(cells)} |\n")
    return (
        "\n## One network of each family in float64\n\n"
        "Outputs in eval mode, bar 1e-10; all gradients and batch statistics after one step in\n"
        "train mode without dropout, bar 1e-6 of the largest number of the tensor.\n\n"
        "| network | library | outputs | gradients and statistics |\n"
        f"|---|---|---|---|\n{''.join(lines)}"
    )


def summary(all_rows: list[Row], found: Found, wrong: list[str]) -> str:
    """How many of what."""
    lines = []
    for source in ("torchvision", "timm", "paper"):
        names = {row.name for row in all_rows if row.source == source and row.name in cards()}
        of = sum(row.source == source for row in all_rows)
        outputs = sum(1 for name in names if right(found.parity.get(name)))
        onnx = sum(1 for name in names if right([found.onnx[name]] if name in found.onnx else None))
        eject = sum(
            1 for name in names if right([found.eject[name]] if name in found.eject else [])
        )
        lines.append(f"| {source} | {len(names)} of {of} | {outputs} | {onnx} | {eject} |\n")
    head = "\n| rows of | in the zoo | outputs agree | ONNX agrees | ejected file agrees |\n"
    return f"{head}|---|---|---|---|---|\n{''.join(lines)}"


def right(entries: list[results.Entry] | None) -> bool:
    """Whether there are entries and none tells of a problem."""
    return bool(entries) and not any(entry["problem"] for entry in entries or ())


if __name__ == "__main__":
    sys.exit(main())
