"""The table of odd files in docs/data.md, out of the corpus; or the files, to try things on.

python scripts/fault_corpus.py            writes the table
python scripts/fault_corpus.py FOLDER     writes the files, in FOLDER/legal and FOLDER/refused
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.data.faults.corpus import corpus

PAGE = Path(__file__).parents[1] / "docs" / "data.md"
START = "<!-- Made by scripts/fault_corpus.py from here -->\n"
END = "<!-- to here -->\n"
EXAMPLES = 3


def table() -> str:
    """A row for each kind of odd file: what becomes of it, and which files are tested."""
    rows = ["| what is odd | what becomes of it | tested on |", "|---|---|---|"]
    for kind, cases in groupby(corpus().values(), key=lambda case: case.kind):
        alike = list(cases)
        names = ", ".join(f"`{case.name}`" for case in alike[:EXAMPLES])
        rest = f" and {len(alike) - EXAMPLES} more" if len(alike) > EXAMPLES else ""
        odd, _, outcome = kind.partition(": ")
        rows.append(f"| {odd} | {outcome} | {names}{rest} |")
    return "\n".join([*rows, ""])


def with_table(page: str) -> str:
    """The page with the table in its place."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table()}\n{END}{after}"


def _write(folder: Path) -> None:
    for case in corpus().values():
        path = folder / ("legal" if case.is_legal else "refused") / case.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.content)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _write(Path(sys.argv[1]))
    else:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
