"""Scores as plain text for a terminal."""

from __future__ import annotations

from striate.evaluate.metrics import Scores

MOST_CLASSES = 40


def accuracy_line(scores: Scores) -> str:
    """`accuracy 98.61 % (95 % interval 96.78 to 99.41) on 360 images`."""
    low, high = 100 * scores.interval.low, 100 * scores.interval.high
    return (
        f"accuracy {100 * scores.accuracy:.2f} % (95 % interval {low:.2f} to {high:.2f}) "
        f"on {scores.images:,} images"
    )


def class_table(scores: Scores) -> str:
    """One line per class: images, precision, recall, F1; the worst first where they are many."""
    classes = list(scores.per_class)
    cut = classes
    if len(classes) > MOST_CLASSES:
        cut = sorted(classes, key=lambda one: one.f1 if one.f1 is not None else 2.0)[:MOST_CLASSES]
    width = max(len("macro-F1"), *(len(_short(one.name)) for one in cut))
    lines = [f"{'class':{width}}  images  precision  recall      F1"]
    for one in cut:
        shares = f"{_percent(one.precision, 9)}  {_percent(one.recall, 6)}  {_percent(one.f1, 6)}"
        lines.append(f"{_short(one.name):{width}}  {one.images:6,}  {shares}")
    if len(cut) < len(classes):
        lines.append(f"... the {MOST_CLASSES} of {len(classes):,} classes with the lowest F1")
    mean = _percent(scores.macro_f1, 6)
    lines.append(f"{'macro-F1':{width}}  {'':6}  {'':9}  {'':6}  {mean}")
    return "\n".join(lines)


def mistakes_line(scores: Scores, most: int = 5) -> str:
    """The classes most often taken for others, or nothing if all is right."""
    names = [one.name for one in scores.per_class]
    wrong = [
        (count, names[row], names[column])
        for row, counts in enumerate(scores.confusion)
        for column, count in enumerate(counts)
        if row != column and count
    ]
    wrong.sort(key=lambda cell: -cell[0])
    shown = ", ".join(
        f"{_short(truth)} as {_short(taken)} ({n})" for n, truth, taken in wrong[:most]
    )
    return f"most often mistaken: {shown}" if shown else ""


def _percent(share: float | None, width: int) -> str:
    return f"{'-':>{width}}" if share is None else f"{100 * share:{width}.1f}"


def _short(name: str) -> str:
    shown = name if name.isprintable() else repr(name)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
