"""Files and functions stay short enough to be read in one sitting."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "bench", "scripts")

FILE_LINES = 600
BODY_LINES = 60
LINE_COLUMNS = 100


def python_files() -> list[Path]:
    return sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a body, its docstring not counted."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_a_body_is_counted_without_its_docstring() -> None:
    tree = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n\n    return a\n')
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert body_lines(function) == 3


def test_files_are_found() -> None:
    assert Path(__file__).resolve() in [file.resolve() for file in python_files()]


def test_no_file_is_too_long() -> None:
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in python_files()}
    assert [f"{file}: {n} lines" for file, n in lengths.items() if n > FILE_LINES] == []


def test_no_function_is_too_long() -> None:
    assert [
        f"{file}:{function.lineno}: {function.name} has {body_lines(function)} lines"
        for file in python_files()
        for function in functions(file)
        if body_lines(function) > BODY_LINES
    ] == []


def test_no_line_is_too_wide() -> None:
    assert [
        f"{file}:{number}: {len(line)} columns"
        for file in python_files()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LINE_COLUMNS
    ] == []
