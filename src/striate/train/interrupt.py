"""Ctrl-C, or a job's end, as a wish to stop at the next good place; the second stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# SIGTERM is what a machine that is wanted for something else sends some seconds before it takes it.
WISHES = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        self._is_requested = False

    def request(self) -> None:
        """Ask to stop at the next good place."""
        self._is_requested = True

    def is_requested(self) -> bool:
        """Whether to stop."""
        return self._is_requested


@contextmanager
def interruptible(announce: Callable[[], None]) -> Iterator[Interruption]:
    """Turn the first Ctrl-C inside the block into a request, told by `announce`.

    Outside the main thread Ctrl-C is left as it is, since Python lets no other thread handle it.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.getsignal(number) for number in WISHES}

    def on_interrupt(_number: int, _frame: FrameType | None) -> None:
        restore()
        interruption.request()
        announce()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in WISHES:
        signal.signal(number, on_interrupt)
    try:
        yield interruption
    finally:
        restore()
