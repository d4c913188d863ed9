"""What every command owes the help text."""

from __future__ import annotations

import inspect

import pytest

from striate.cli import commands
from striate.cli.main import command, summary
from striate.discovery import public_names


@pytest.mark.parametrize("name", public_names(commands))
def test_a_command_says_in_one_line_what_it_does(name: str) -> None:
    line = summary(name)
    assert line == (inspect.getdoc(inspect.getmodule(command(name))) or "").splitlines()[0]
    assert line.endswith(".")
    assert len(line) < 80


@pytest.mark.parametrize("name", public_names(commands))
def test_a_command_has_a_help_text_of_its_own(name: str) -> None:
    assert inspect.getdoc(command(name))
