"""What is shown while a training runs, in a terminal and elsewhere."""

from __future__ import annotations

import io

from rich.console import Console

from striate.train.logbook import EpochRow, Timing, epoch_line
from striate.train.reporter import Terminal


def test_where_lines_stay_there_is_one_about_each_minute() -> None:
    text, now = io.StringIO(), [0.0]
    terminal = Terminal(Console(file=text, width=100), now=lambda: now[0])
    with terminal.live("epoch 1/9", 1000) as show:
        for _ in range(10):
            now[0] += 15.0
            show(100, lambda: "loss 1.2345")
    assert text.getvalue().splitlines() == [
        "epoch 1/9  400/1,000  loss 1.2345",
        "epoch 1/9  800/1,000  loss 1.2345",
    ]


def test_a_terminal_shows_figures_below_a_bar_and_takes_both_away() -> None:
    text, now = io.StringIO(), [0.0]
    console = Console(file=text, width=100, force_terminal=True)
    asked = 0

    def figures() -> str:
        nonlocal asked
        asked += 1
        return "[loss] 1.2345"

    with Terminal(console, now=lambda: now[0]).live("epoch 1/9", 1000) as show:
        for _ in range(10):
            now[0] += 0.1
            show(100, figures)
    assert asked == 3  # every quarter of a second
    shown = text.getvalue()
    assert "epoch 1/9" in shown
    assert "[loss] 1.2345" in shown
    assert "1000/1000" in shown


def test_an_epoch_is_a_line() -> None:
    row = EpochRow(3, 60, 0.1, 0.51234, 0.8, 0.4, 0.912, 0.9, 0.9)
    timing = Timing(3, 30.0, 1234.4, 0.08, 1.0, 0.1)
    assert epoch_line(row, timing, epochs=10, left_s=70.0) == (
        "epoch  3/10  loss 0.5123  val accuracy 91.20 %  1,234 images/s (input 8 %, model 92 %)  "
        "1 min 10 s left"
    )
    assert epoch_line(row, timing, epochs=3, left_s=2.0).endswith("(input 8 %, model 92 %)  30.0 s")
    assert epoch_line(row, timing, epochs=None, left_s=70.0).startswith("epoch 3  loss")
