"""The page that tells how to extend striate does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
BLOCK = re.compile(r"(?ms)^```\w+(?: file=(?P<file>\S+))?\n(?P<text>.*?)^```$")


def test_the_worked_examples_run(tmp_path: Path) -> None:
    program = []
    for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        if name := block["file"]:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(block["text"], encoding="utf-8")
        else:
            program.append(block["text"])
    assert len(program) == 3
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(program)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert (done.returncode, done.stderr.count("error:")) == (0, 1), done.stderr
