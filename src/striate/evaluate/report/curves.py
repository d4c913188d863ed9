"""The course of a training as drawings, from its log."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from striate.evaluate.report.axes import Axis, around
from striate.evaluate.report.charts import Series, line_chart
from striate.evaluate.report.story import Row, Story

# Columns that are none of the validation's scores.
NO_SCORES = ("epoch", "step", "lr", "score", "seconds", "images_per_s", "input_share")
NAMES = {
    "train_loss": "training",
    "val_loss": "validation",
    "train_accuracy": "accuracy in training",
    "val_accuracy": "accuracy",
    "val_macro_f1": "macro-F1",
}
# How many times a loss must shrink before it is drawn in powers of ten.
SHRUNK = 30


def training_curves(story: Story, selection: str) -> list[Markup]:
    """Loss, scores, learning rate and speed by epoch; those that the log has.

    selection: by what the best epoch was chosen, the name of a score at its start; drawn first.
    """
    log = story.log
    if not log or "epoch" not in log[0]:
        return []
    drawn = [
        _losses(story),
        _scores(story, selection),
        _course(story, "lr", "highest of all layers", title="Learning rate"),
        _course(story, "images_per_s", "images per second", title="Speed of training"),
    ]
    return [drawing for drawing in drawn if drawing is not None]


def _losses(story: Story) -> Markup | None:
    names = [name for name in _columns(story.log) if "loss" in name]
    series = [_series(story.log, name) for name in names]
    values = _values(series)
    if not values:
        return None
    low, high = min(values), max(values)
    y = around(values, "loss", from_zero=True)
    if low > 0 and high / low > SHRUNK:
        ends = math.floor(math.log10(low)), math.ceil(math.log10(high))
        y = Axis("loss", 10.0 ** ends[0], 10.0 ** ends[1], is_log=True)
    return line_chart(series, _epochs(story.log), y, title="Loss", mark=_best(story))


def _scores(story: Story, selection: str) -> Markup | None:
    names = [
        name
        for name in _columns(story.log)
        if not name.endswith("_s")
        and name not in NO_SCORES
        and "loss" not in name
        and _are_shares(story.log, name)
    ]
    chosen = [name for name in names if _plain(selection).startswith(_plain(name))]
    names = [*chosen, *(name for name in names if name not in chosen)][:4]
    series = [_series(story.log, name) for name in names]
    values = _values(series)
    if not values:
        return None
    rough = around(values, "")
    y = Axis("share", max(rough.low, 0), min(rough.high, 1), is_share=True)
    return line_chart(series, _epochs(story.log), y, title="Scores", mark=_best(story))


def _course(story: Story, column: str, label: str, *, title: str) -> Markup | None:
    """The numbers of a column of the log, from zero; None where it has none."""
    series = [_series(story.log, name) for name in _columns(story.log) if name == column]
    values = _values(series)
    if not values:
        return None
    return line_chart(
        series, _epochs(story.log), around(values, label, from_zero=True), title=title
    )


def _columns(log: Sequence[Row]) -> list[str]:
    return [name for name in log[0] if name != "epoch"]


def _series(log: Sequence[Row], name: str) -> Series:
    points = [(float(row["epoch"] or 0), row.get(name)) for row in log]
    return Series(NAMES.get(name) or name.removeprefix("val_").replace("_", " "), points)


def _values(series: Sequence[Series]) -> list[float]:
    return [y for one in series for _, y in one.points if y is not None and math.isfinite(y)]


def _are_shares(log: Sequence[Row], name: str) -> bool:
    known = [value for row in log if (value := row.get(name)) is not None]
    return bool(known) and all(0 <= value <= 1 for value in known)


def _epochs(log: Sequence[Row]) -> Axis:
    numbers = [int(row["epoch"] or 0) for row in log]
    low, high = min(numbers), max(numbers)
    if low == high:
        return Axis("epoch", low - 1, high + 1, ticks=(low,), is_whole=True)
    return Axis("epoch", low, high, is_whole=True)


def _best(story: Story) -> tuple[float, str] | None:
    numbers = {row["epoch"] for row in story.log}
    if story.best_epoch is None or story.best_epoch not in numbers:
        return None
    return float(story.best_epoch), f"best: {story.best_epoch}"


def _plain(name: str) -> str:
    return name.removeprefix("val_").replace("-", "_").lower()
