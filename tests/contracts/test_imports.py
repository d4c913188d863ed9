"""The core loads no framework: asked of a fresh interpreter, as a static graph misses paths."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import striate

HEAVY = {"torch", "numpy", "scipy", "sklearn", "pandas", "PIL", "pyarrow", "onnx", "onnxruntime"}

FRAMEWORK_FREE = [
    "errors",
    "source",
    "quantities",
    "files",
    "discovery",
    "ir",
    "ops",
    "notation",
    "analysis",
    "rewrites",
    "lint",
    "zoo",
    "backends.torch_source",
    "backends.svg",
    "cli",
]

LOAD_ALL_BELOW = """
import importlib, pkgutil
for name in {names}:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), name + "."):
        importlib.import_module(found.name)
"""


def heavy_after(program: str, *arguments: str) -> set[str]:
    """Which heavy packages a fresh interpreter holds after a program."""
    question = f"\nimport sys\nprint('\\n', *({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    answer = subprocess.run(
        [sys.executable, "-c", program + question, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
    return set(answer.stderr.splitlines()[-1].split())


def test_the_question_notices_a_heavy_import() -> None:
    assert heavy_after("import numpy") == {"numpy"}


def test_the_question_notices_a_heavy_import_in_a_package_below() -> None:
    assert "numpy" in heavy_after(LOAD_ALL_BELOW.format(names=["numpy.linalg"]))


def test_importing_striate_loads_no_framework() -> None:
    assert heavy_after("import striate") == set()


def test_no_module_of_the_core_loads_a_framework() -> None:
    present = [f"striate.{name}" for name in FRAMEWORK_FREE if is_present(f"striate.{name}")]
    assert len(present) >= 4
    assert heavy_after(LOAD_ALL_BELOW.format(names=present)) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["show", "--help"]])
def test_help_loads_no_framework(arguments: list[str]) -> None:
    program = "import sys\nfrom striate.cli.main import run\nassert run(sys.argv[1:]) == 0"
    assert heavy_after(program, *arguments) == set()


def test_help_loads_neither_a_command_nor_the_parser_of_options() -> None:
    program = (
        "import sys\nfrom striate.cli.main import run\nrun(['--help'])\n"
        "assert 'typer' not in sys.modules\n"
        "assert not [name for name in sys.modules if name.startswith('striate.cli.commands.')]"
    )
    heavy_after(program)


def is_present(name: str) -> bool:
    """Whether a module of the project exists yet; asks without importing it."""
    assert striate.__path__
    parent = name.rpartition(".")[0]
    return bool(find_spec(parent)) and bool(find_spec(name))
