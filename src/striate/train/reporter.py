"""What a person sees while they wait: live in a terminal, plain lines elsewhere; all on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeAlias

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from striate.data import Advance, silent

# Called with the images of a step, and with what makes a line of figures when one is to be shown.
Show: TypeAlias = "Callable[[int, Callable[[], str]], None]"

# Seconds between two looks at the figures, which may wait for a GPU; and between two lines where
# lines cannot be changed any more.
LOOK_S = 0.25
LINE_S = 60.0


class Reporter(Protocol):
    """Where progress is told."""

    def line(self, text: str) -> None:
        """Say something that stays to be read."""

    def bar(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """Show how far `total` steps are; the block is given what to call with the steps done."""

    def live(self, title: str, total: int) -> AbstractContextManager[Show]:
        """Show how far an epoch of `total` images is, with figures that change."""


class Silent:
    """Says nothing."""

    def line(self, text: str) -> None:
        """Say nothing."""

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:
        """Show nothing."""
        yield silent

    @contextmanager
    def live(self, title: str, total: int) -> Iterator[Show]:
        """Show nothing."""
        yield lambda images, figures: None


class Terminal:
    """Writes to stderr, with bars where that is a terminal."""

    def __init__(
        self, console: Console | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._now = now

    def line(self, text: str) -> None:
        """Print a line; markup in it is printed as it is."""
        self.console.print(text, markup=False)

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:
        """Show a bar that goes away when the block ends."""
        with self._progress(_Bar, TimeRemainingColumn()) as progress:
            task = progress.add_task(title, total=total)
            yield lambda steps: progress.advance(task, steps)

    @contextmanager
    def live(self, title: str, total: int) -> Iterator[Show]:
        """Show a bar with a line of figures; where lines stay, one about every minute."""
        done, shown_at = 0, self._now()
        wait = LOOK_S if self.console.is_terminal else LINE_S
        with self._progress(_Bar) as progress:
            task = progress.add_task(title, total=total)

            def show(images: int, figures: Callable[[], str]) -> None:
                nonlocal done, shown_at
                done += images
                progress.advance(task, images)
                if self._now() - shown_at < wait:
                    return
                if self.console.is_terminal:
                    progress.figures = figures()
                else:
                    self.line(f"{title}  {done:,}/{total:,}  {figures()}")
                shown_at = self._now()

            yield show

    def _progress(self, kind: type[_Bar], *more: TimeRemainingColumn) -> _Bar:
        return kind(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            *more,
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )


class _Bar(Progress):
    """A bar with a line of text below it, if there is one."""

    figures = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if self.figures:
            yield Text(self.figures, style="dim", no_wrap=True, overflow="ellipsis")
