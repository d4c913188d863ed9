"""How far a training is, from 0 to 1, and when it ends: by steps, or by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

# What is kept of a budget for the end beyond the measured time of it: a share, and some seconds.
SPARE_SHARE, SPARE_S = 0.1, 0.3
# What a validation image costs, as a share of what a training image does, before it was measured.
VALIDATION_COST = 0.5


class Clock:
    """Seconds since a training was asked for, those before it was interrupted included."""

    def __init__(
        self, now: Callable[[], float] = time.perf_counter, *, before_s: float = 0.0
    ) -> None:
        self._now = now
        self._begin = now()
        self.before_s = before_s

    def seconds(self) -> float:
        """The time so far."""
        return self.before_s + self._now() - self._begin


class Course(Protocol):
    """What the learning rate follows."""

    def progress(self, step: int, seconds: float) -> float:
        """How far the training is in the middle of a step, 0..1."""

    def is_over(self, step: int, seconds: float) -> bool:
        """Whether there is no step `step` (from 0) any more."""

    def observe(self, step_s: float, val_share: float) -> None:
        """Learn what a step took; val_share: validation images per image of a step."""

    def left_s(self, step: int, seconds: float, pace_s: float) -> float:
        """Seconds to the end, where a step takes `pace_s` with all that is done besides."""


@dataclass
class BySteps:
    """So many steps."""

    steps: int

    def progress(self, step: int, seconds: float) -> float:
        """Half a step ahead, so that neither the first nor the last step has a rate of zero."""
        return min((step + 0.5) / self.steps, 1.0)

    def is_over(self, step: int, seconds: float) -> bool:
        """Whether all steps are done."""
        return step >= self.steps

    def observe(self, step_s: float, val_share: float) -> None:
        """Nothing depends on it."""

    def left_s(self, step: int, seconds: float, pace_s: float) -> float:
        """Seconds for the steps that are left."""
        return max(self.steps - step, 0) * pace_s


@dataclass
class ByClock:
    """So many seconds for everything: what went before, and what comes after the last step.

    begin_s: when the first step began. end_s: what comes after the last step takes; guessed from
    the steps until somebody has measured it. step_s: what a step takes.
    """

    budget_s: float
    begin_s: float
    end_s: float | None = None
    step_s: float = 0.0
    guessed_s: float = 0.0

    @property
    def _last_s(self) -> float:
        """When the last step must be done."""
        end_s = self.guessed_s if self.end_s is None else self.end_s
        return self.budget_s - end_s * (1 + SPARE_SHARE) - SPARE_S

    def progress(self, step: int, seconds: float) -> float:
        """Share of the time for steps that has passed in the middle of this one."""
        whole = self._last_s - self.begin_s
        middle = seconds - self.begin_s + self.step_s / 2
        return min(max(middle / whole, 0.0), 1.0) if whole > 0 else 1.0

    def is_over(self, step: int, seconds: float) -> bool:
        """Whether another step would take too long; there is always a first one."""
        return step > 0 and seconds + self.step_s > self._last_s

    def observe(self, step_s: float, val_share: float) -> None:
        """Follow the time of steps; slowly, for now and then one takes longer."""
        self.step_s += (step_s - self.step_s) * (0.1 if self.step_s else 1.0)
        self.guessed_s = VALIDATION_COST * self.step_s * val_share

    @property
    def is_spent(self) -> bool:
        """Whether there was no time left when the first step began."""
        return self.begin_s > self._last_s

    def left_s(self, step: int, seconds: float, pace_s: float) -> float:
        """Seconds of the budget that are left."""
        return max(self.budget_s - seconds, 0.0)
