"""The layout of generated code, against ruff and against Python's own reading of it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import striate
from striate.backends.torch_source._format import formatted

FILES = sorted((Path(striate.__file__).parent / "nn").glob("*.py"))

WIDE = "self.layer = nn.Conv2d(in_channels, out_channels, kernel_size, stride=stride, bias=False)"
CASES = [
    f"if a:\n    if b:\n        {WIDE}\n    else:\n        {WIDE}\n",
    'class A(B):\n    """Doc."""\n    rank = 2\n    def f(self): return 1\n    def g(self): pass\n',
    'import math\nfrom torch import nn\n"""x"""\nx = -(a + b) ** -2 * (c if d else not e)\n',
    "x = [f(a) for a, b in zip(c, d) if a > 1]; y = {**a, 'b': (1,)}\n"
    "z = a[1:, None, ..., b + 1:c]\n",
    "for i, (a, b) in c:\n    x += f'{a!r} {b:>3} {{}}'\nwhile not a < b <= c: del x\n",
    "def f(a, b=1, *c, d: int = 2, e): return a, b\ndef g(): return (yield)\n",
    "y = lambda a, b: a @ b\nx = a if (b if c else d) else e\nx = (a or b) and not (c == d) in e\n",
]


def arranged(code: str, width: int) -> str:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--isolated",
        "--line-length",
        str(width),
        "-",
    ]
    return subprocess.run(command, input=code, text=True, capture_output=True, check=True).stdout


@pytest.mark.parametrize("code", CASES)
def test_ruff_leaves_it_as_it_is_at_both_widths(code: str) -> None:
    made = formatted(code)
    assert ast.dump(ast.parse(made)) == ast.dump(ast.parse(code))
    assert arranged(made, 88) == made
    assert arranged(made, 100) == made


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_means_the_same(file: Path) -> None:
    code = file.read_text("utf-8")
    made = formatted(code)
    assert _without_layout(made) == _without_layout(code)
    assert formatted(made) == made


def _without_layout(code: str) -> str:
    """The statements, docstrings with their indentation left out."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = " ".join(node.value.split())
    return ast.dump(tree)
