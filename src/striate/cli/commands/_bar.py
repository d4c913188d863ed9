"""A bar on stderr for what takes more than a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 1.0


@contextmanager
def bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives what to call with the steps done; shows a bar in a terminal once it takes long."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, highlight=False)
    progress = Progress(*columns, console=console, transient=True)
    task = progress.add_task(title, total=total)
    start = time.monotonic()
    is_shown = False

    def advance(steps: int) -> None:
        nonlocal is_shown
        progress.advance(task, steps)
        if not is_shown and console.is_terminal and time.monotonic() - start > PATIENCE_SECONDS:
            is_shown = True
            progress.start()

    try:
        yield advance
    finally:
        if is_shown:
            progress.stop()
