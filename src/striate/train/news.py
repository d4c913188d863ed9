"""What is told while a training runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from striate.data import Advance, Unreadable, refuse_many, save_unreadable
from striate.quantities import duration
from striate.train.folder import UNREADABLE
from striate.train.input import input_advice
from striate.train.logbook import EpochRow, Timing, epoch_line
from striate.train.reporter import Reporter
from striate.train.session import Session


class News:
    """Turns what happens in a session into lines and bars."""

    def __init__(self, session: Session, reporter: Reporter) -> None:
        self.session = session
        self.line = reporter.line
        self._reporter = reporter
        self._begun = (session.clock.seconds(), session.steps_done)
        self._epoch_begun = (0.0, 0)
        self._unreadable = 0
        self._told_unreadable = 0
        self._is_advised = False

    @contextmanager
    def epoch(self) -> Iterator[Callable[[int], None]]:
        """Show an epoch; the block is given what to call with the images of each step."""
        session, at = self.session, self.session.position
        images, steps = len(session.job.train.manifest), session.shown.steps_per_epoch
        settings = session.job.settings
        title = f"epoch {at.epoch}" + ("" if settings.time else f"/{settings.epochs}")
        self._epoch_begun = (session.clock.seconds() - session.saving_s, at.tally.images)
        with self._reporter.live(title, images) as show:
            if at.step:
                show(images * at.step // steps, self._figures)
            yield lambda count: show(count, self._figures)

    def images_per_s(self) -> float:
        """In this epoch so far, the time for saving not counted."""
        session = self.session
        begun_s, before = self._epoch_begun
        seconds = session.clock.seconds() - begun_s - session.saving_s
        shown = (session.position.tally.images - before) * session.team.world
        return shown / max(seconds, 1e-9)

    def _figures(self) -> str:
        session, at = self.session, self.session.position
        tally = at.tally
        parts = [f"step {at.step:,}/{session.shown.steps_per_epoch:,}"]
        if tally.images:
            parts.append(f"loss {tally.loss / tally.images:.4f}")
            if not session.job.train.is_multilabel:
                parts.append(f"accuracy {100 * tally.correct / tally.images:.1f} %")
        parts.append(f"{self.images_per_s():,.0f} images/s")
        parts.append(f"input {session.job.train.waiting:.0%}".replace("%", " %"))
        parts.append(f"{duration(self.left_s(session.clock.seconds()))} left")
        return "  ".join(parts)

    def left_s(self, now_s: float) -> float:
        """Seconds to the end, if it goes on like this."""
        begun_s, begun_step = self._begun
        done = self.session.steps_done - begun_step
        pace_s = (now_s - begun_s) / done if done > 0 else 0.0
        return self.session.course.left_s(self.session.steps_done, now_s, pace_s)

    @contextmanager
    def validation(self, images: int) -> Iterator[Advance]:
        """Show a validation; several processes are taken to be equally fast."""
        world = self.session.team.world
        with self._reporter.bar("validating", images) as advance:
            yield lambda count: advance(count * world)

    def closed(self, row: EpochRow, timing: Timing, *, now_s: float) -> None:
        """Tell what an epoch came to, and, once each, what should be known."""
        session = self.session
        epochs = None if session.job.settings.time else session.job.settings.epochs
        self.line(epoch_line(row, timing, epochs=epochs, left_s=self.left_s(now_s)))
        if self._unreadable > self._told_unreadable:
            self._told_unreadable = self._unreadable
            listed = session.job.folder / UNREADABLE
            self.line(f"left out {self._unreadable:,} unreadable images, listed in {listed}")
        if not self._is_advised and (advice := input_advice(session.job.train)):
            self._is_advised = True
            self.line(advice)

    def refuse_many(self, found: Sequence[Unreadable]) -> None:
        """Write down the images that turned out unreadable since the last time.

        Raises:
            DataError: they are more than is allowed.
        """
        if len(found) <= self._unreadable:
            return
        self._unreadable = len(found)
        job = self.session.job
        if self.session.team.is_first:
            save_unreadable(job.folder / UNREADABLE, found)
        images = len(job.train.manifest) + (0 if job.val is None else len(job.val.manifest))
        refuse_many(found, images, limit=job.settings.max_unreadable)
