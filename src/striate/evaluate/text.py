"""Scores as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from striate.evaluate.evaluation import Evaluation
from striate.evaluate.intervals import Estimate
from striate.evaluate.metrics import ClassScore, Scores

MOST_CLASSES = 40

# What the scores of an evaluation are called. Those in SHARES are told in percent.
TITLES = {
    "accuracy": "accuracy",
    "top5_accuracy": "top-5 accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_precision": "macro-precision",
    "macro_recall": "macro-recall",
    "macro_f1": "macro-F1",
    "log_loss": "log-loss",
    "brier": "Brier score",
    "ece": "calibration error",
    "auroc": "AUROC",
    "average_precision": "average precision",
    "risk_coverage_area": "risk-coverage area",
}
PLAIN = ("log_loss", "brier", "auroc", "average_precision", "risk_coverage_area")


def accuracy_line(scores: Scores) -> str:
    """`accuracy 98.61 % (95 % interval 96.78 to 99.41) on 360 images`."""
    low, high = 100 * scores.interval.low, 100 * scores.interval.high
    return (
        f"accuracy {100 * scores.accuracy:.2f} % (95 % interval {low:.2f} to {high:.2f}) "
        f"on {scores.images:,} images"
    )


def evaluation_lines(evaluation: Evaluation) -> Iterator[str]:
    """What was evaluated, every score with its interval, the classes, and what is mistaken."""
    subject = evaluation.subject
    yield f"{subject.run} ({subject.weights}) on {subject.split} of {subject.data}"
    accuracy = evaluation.scores["accuracy"]
    what = "all labels right" if evaluation.is_multilabel else "accuracy"
    yield (
        f"{what} {100 * accuracy.value:.2f} % (95 % interval {100 * accuracy.low:.2f} to "
        f"{100 * accuracy.high:.2f}) on {evaluation.images:,} images"
    )
    width = max(map(len, TITLES.values()))
    for name, one in evaluation.scores.items():
        if name != "accuracy":
            yield f"{TITLES.get(name, name):{width}}  {written(name, one)}"
    yield from _calibration_lines(evaluation)
    rows = [
        ClassScore(one.name, one.images, one.predicted, one.correct) for one in evaluation.per_class
    ]
    yield _table(rows, evaluation.scores["macro_f1"].value)
    names = [one.name for one in rows]
    if mistakes := _mistakes(names, evaluation.confusion, most=5):
        yield mistakes


def written(name: str, one: Estimate) -> str:
    """A score with its interval: `98.61 % (96.78 to 99.41)`."""
    times, digits, unit = (1, 4, "") if name in PLAIN else (100, 2, " %")
    low, high = times * one.low, times * one.high
    return f"{times * one.value:.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def class_table(scores: Scores) -> str:
    """One line per class: images, precision, recall, F1; the worst first where they are many."""
    return _table(scores.per_class, scores.macro_f1)


def _calibration_lines(evaluation: Evaluation) -> Iterator[str]:
    found = evaluation.calibration
    if found.after is not None:
        ece, loss = written("ece", found.after.ece), written("log_loss", found.after.log_loss)
        yield f"at temperature {found.temperature:.3g}: calibration error {ece}, log-loss {loss}"
        yield f"  the temperature was found on {found.fitted_on}"
    if evaluation.outliers is not None:
        above = evaluation.outliers.above
        yield (
            f"unlike the training images, by energy: {written('above', above)}; "
            "1 % of the validation images are"
        )


def _table(classes: Sequence[ClassScore], macro_f1: float) -> str:
    cut = list(classes)
    if len(classes) > MOST_CLASSES:
        cut = sorted(classes, key=lambda one: one.f1 if one.f1 is not None else 2.0)[:MOST_CLASSES]
    width = max(len("macro-F1"), *(len(_short(one.name)) for one in cut))
    lines = [f"{'class':{width}}  images  precision  recall      F1"]
    for one in cut:
        shares = f"{_percent(one.precision, 9)}  {_percent(one.recall, 6)}  {_percent(one.f1, 6)}"
        lines.append(f"{_short(one.name):{width}}  {one.images:6,}  {shares}")
    if len(cut) < len(classes):
        lines.append(f"... the {MOST_CLASSES} of {len(classes):,} classes with the lowest F1")
    mean = _percent(macro_f1, 6)
    lines.append(f"{'macro-F1':{width}}  {'':6}  {'':9}  {'':6}  {mean}")
    return "\n".join(lines)


def _mistakes(names: Sequence[str], confusion: tuple[tuple[int, ...], ...], *, most: int) -> str:
    """The classes most often taken for others, or nothing if all is right."""
    wrong = [
        (count, names[row], names[column])
        for row, counts in enumerate(confusion)
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
    # Names of classes often differ in their last letters alone.
    return shown if len(shown) <= 40 else f"{shown[:24]}...{shown[-13:]}"
