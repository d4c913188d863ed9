"""The frame around all commands, tried with commands from a folder outside."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import striate
from striate.cli import commands
from striate.cli.main import command, overview, run

PAINT = '''"""Paint a wall."""

from enum import StrEnum
from typing import Annotated

import typer

from striate.errors import UsageError


class Finish(StrEnum):
    matt = "matt"
    gloss = "gloss"


def paint(
    wall: Annotated[str, typer.Argument(metavar="WALL", help="which one")],
    coats: Annotated[int, typer.Option(min=1)] = 2,
    thinner: float = 0.1,
    finish: Finish = Finish.matt,
) -> int | None:
    """Paint a wall."""
    if wall == "ceiling":
        raise UsageError.of("not-a-wall", "a ceiling is no wall", "use a ladder")
    if wall == "wet":
        raise KeyboardInterrupt
    print(f"{wall}: {coats} coats, {finish}")
    return 1 if wall == "crooked" else None
'''

HELP = "   = help: striate paint --help lists what it takes\n"


@pytest.fixture(autouse=True)
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two commands, `paint` and `from`, in place of the real ones."""
    (tmp_path / "paint.py").write_text(PAINT)
    (tmp_path / "from.py").write_text('"""Tell where from."""\n\ndef from_() -> None: ...\n')
    monkeypatch.setattr(commands, "__path__", [str(tmp_path)])
    real = {name for name in sys.modules if name.startswith("striate.cli.commands.")}
    kept = {name: sys.modules.pop(name) for name in real}
    yield
    for name in ("paint", "from"):
        sys.modules.pop(f"striate.cli.commands.{name}", None)
    sys.modules.update(kept)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_each_command_with_its_first_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 0
    out = capsys.readouterr().out
    assert "  from   Tell where from.\n  paint  Paint a wall.\n" in out


def test_help_of_a_command_lists_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["paint", "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Usage: striate paint [OPTIONS]")
    assert "--coats" in out


def test_version_is_the_version_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"striate {striate.__version__}\n"


def test_a_command_that_returns_nothing_exits_with_zero(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["paint", "north", "--coats", "3", "--finish", "gloss"]) == 0
    assert capsys.readouterr().out == "north: 3 coats, gloss\n"


def test_a_command_chooses_its_exit_code() -> None:
    assert run(["paint", "crooked"]) == 1


def test_a_verb_that_python_reserves_has_an_underscore_behind_it() -> None:
    assert command("from").__name__ == "from_"
    assert run(["from"]) == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "--verbose",
            "error: striate has no option '--verbose' before the command  [unknown-option]\n"
            "   = help: the command comes first: striate COMMAND [ARGUMENTS] [OPTIONS]\n"
            "   = help: striate --help lists the commands\n",
        ),
        (
            "pant north",
            "error: striate has no command 'pant'; did you mean 'paint'?  [unknown-command]\n"
            "   = help: the commands are: from, paint\n",
        ),
        (
            "paint north --coat 2",
            "error: striate paint has no option '--coat'; did you mean '--coats'?"
            "  [unknown-option]\n" + HELP,
        ),
        ("paint", "error: striate paint: missing argument 'WALL'  [bad-arguments]\n" + HELP),
        (
            "paint north south",
            "error: striate paint: got unexpected extra argument(s) (south)  [bad-arguments]\n"
            + HELP,
        ),
        (
            "paint north --coats two",
            "error: striate paint: --coats takes a whole number, found 'two'  [bad-arguments]\n"
            + HELP,
        ),
        (
            "paint north --coats 0",
            "error: striate paint: --coats takes a number of 1 or more, found 0  [bad-arguments]\n"
            + HELP,
        ),
        (
            "paint north --thinner 0,5",
            "error: striate paint: --thinner takes a number, found '0,5'  [bad-arguments]\n" + HELP,
        ),
        (
            "paint north --finish satin",
            "error: striate paint: --finish: 'satin' is not one of 'matt', 'gloss'"
            "  [bad-arguments]\n" + HELP,
        ),
        (
            "paint north --coats",
            "error: striate paint: option '--coats' requires an argument  [bad-arguments]\n" + HELP,
        ),
        ("paint ceiling", "error: a ceiling is no wall  [not-a-wall]\n   = help: use a ladder\n"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_two(
    line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 2
    told = capsys.readouterr()
    assert told.err == message
    assert told.out == ""


def test_an_interruption_is_told_and_exits_as_shells_expect(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["paint", "wet"]) == 128 + 2
    assert capsys.readouterr().err == "interrupted\n"


def test_a_full_disk_is_the_same_kind_of_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", "model.py")

    monkeypatch.setattr("striate.cli.main._dispatch", full)
    assert run(["eject", "resnet18", "-o", "model.py"]) == 2
    assert capsys.readouterr().err == (
        "error: the disk is full: there is no room for 'model.py'  [disk-full]\n"
        "   = help: make room, or write to another disk, and give the command again\n"
    )


def test_a_reader_that_leaves_early_sees_no_complaint() -> None:
    program = "import sys; from striate.cli.main import main; sys.argv[1:] = ['--help']; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", f"input(); {program}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stdin.write(b"go\n")
    process.stdin.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=60), complaint) == (1, b"")


def test_no_commands_at_all_is_still_a_help_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "__path__", [])
    assert "Commands:" in overview()
