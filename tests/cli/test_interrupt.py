"""Ctrl-C in the middle of a command: one word, code 130, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from striate.cli import main as cli

# What stands in for a command's work: says that it has begun, then takes long.
SLOW = """
import sys, time
import striate.deploy.{module} as place
def slow(*_, **__):
    print("begun", flush=True)
    time.sleep(600)
place.{function} = slow
from striate.cli.main import main
main()
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.deploy.runs import stripe_run

    return stripe_run(tmp_path_factory.mktemp("made"))


@pytest.mark.parametrize(
    ("command", "module", "function"),
    [
        (["eval", "run"], "evaluate", "answers"),
        (["predict", "run", "photos/across/0.png"], "bundle", "predict"),
    ],
)
def test_ctrl_c_leaves_with_code_130_and_one_word(
    made: Path, command: list[str], module: str, function: str
) -> None:
    script = SLOW.format(module=module, function=function)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", script, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=made.parent,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == "interrupted\n"


def test_what_breaks_because_of_ctrl_c_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where numpy, half imported, is imported again."""

    def swallowing(_: object) -> int:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RecursionError from None
        return 0

    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(cli, "run", swallowing)
    try:
        with pytest.raises(SystemExit) as left:
            cli.main()
    finally:
        signal.signal(signal.SIGINT, handler)
    assert left.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_our_own_mistakes_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: object) -> int:
        raise RecursionError

    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(cli, "run", failing)
    try:
        with pytest.raises(RecursionError):
            cli.main()
    finally:
        signal.signal(signal.SIGINT, handler)
