"""What a person sees while they wait: bars in a terminal, plain lines elsewhere; all on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from striate.data import Advance, silent


class Reporter(Protocol):
    """Where progress is told."""

    def line(self, text: str) -> None:
        """Say something that stays to be read."""

    def bar(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """Show how far `total` steps are; the block is given what to call with the steps done."""


class Silent:
    """Says nothing."""

    def line(self, text: str) -> None:
        """Say nothing."""

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:
        """Show nothing."""
        yield silent


class Terminal:
    """Writes to stderr, with bars where that is a terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)

    def line(self, text: str) -> None:
        """Print a line; markup in it is printed as it is."""
        self.console.print(text, markup=False)

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:
        """Show a bar that goes away when the block ends."""
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        is_shown = self.console.is_terminal
        with Progress(
            *columns, console=self.console, transient=True, disable=not is_shown
        ) as progress:
            task = progress.add_task(title, total=total)
            yield lambda steps: progress.advance(task, steps)
