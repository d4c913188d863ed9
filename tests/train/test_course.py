"""How far a training is, by steps and by the clock; and that a budget of time is kept."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from striate.data import Advance
from striate.train import fit
from striate.train import fit as fit_module
from striate.train.course import ByClock, BySteps, Clock
from tests.data.pictures import stripe_folder
from tests.train.runs import NET, Counting


class Hours:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Slow(Counting):
    """Lets each step take a second, and each validation image a tenth of one."""

    def __init__(self, hours: Hours) -> None:
        super().__init__(lambda: setattr(hours, "now", hours.now + 1.0))
        self.hours = hours

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:
        def advance(images: int) -> None:
            if title == "validating":
                self.hours.now += 0.1 * images

        yield advance


def test_steps_are_counted_from_their_middle() -> None:
    course = BySteps(4)
    assert [course.progress(step, 0) for step in range(4)] == [0.125, 0.375, 0.625, 0.875]
    assert [course.is_over(step, 1e9) for step in (0, 3, 4)] == [False, False, True]
    assert course.left_s(1, 0, 2.0) == 6.0


def test_the_clock_counts_what_went_before_and_keeps_time_for_the_end() -> None:
    course = ByClock(100.0, begin_s=20.0, end_s=8.0)  # 8.8 + 0.3 seconds for the end
    assert course.progress(0, 20.0) == 0.0
    assert course.progress(5, 55.45) == pytest.approx(0.5)
    assert course.progress(9, 95.0) == 1.0
    course.observe(2.0, 0.0)
    assert not course.is_over(5, 88.8)
    assert course.is_over(5, 89.0)  # the step would end after 90.9 seconds
    assert not course.is_over(0, 99.0)  # there is always a first step


def test_time_before_an_interruption_counts() -> None:
    hours = Hours()
    clock = Clock(hours, before_s=30.0)
    hours.now += 5.0
    assert clock.seconds() == 35.0


def test_a_budget_of_time_is_kept_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stripe_folder(tmp_path / "photos", images=20)
    hours = Hours()
    monkeypatch.setitem(fit_module.__globals__, "Clock", lambda: Clock(hours))
    notes = Slow(hours)
    outcome = fit(
        NET, tmp_path / "photos", out=tmp_path / "run", reporter=notes, time="60s", batch=8,
        val_share=0.25, flip=False, workers=1, precision="float32", channels_last=False,
        compile=False,
    )  # fmt: skip
    assert 57.0 <= outcome.seconds <= 60.0
    with (tmp_path / "run" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    # Epochs of 4 steps and 10 validation images: 5 s each, of which 59 s hold 11 and 2 steps.
    assert len(rows) == outcome.epochs == 12
    assert 11.0 < outcome.shown < 12.0
    assert outcome.shown == int(rows[-1]["step"]) / 4
    assert float(rows[-1]["lr"]) < 0.1 * max(float(row["lr"]) for row in rows)
