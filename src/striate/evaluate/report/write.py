"""Puts the page of an evaluation together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from striate import __version__
from striate.data import Manifest, silent
from striate.data.names import escaped, shown
from striate.evaluate.evaluation import Evaluation
from striate.evaluate.predictions import Predictions
from striate.evaluate.report import sections
from striate.evaluate.report.curves import training_curves
from striate.evaluate.report.gallery import Album
from striate.evaluate.report.story import Story
from striate.files import replace_text
from striate.pages import template


def write_report(
    path: Path,
    evaluation: Evaluation,
    said: Predictions,
    manifest: Manifest | None,
    story: Story | None = None,
    *,
    advance: Callable[[int], None] = silent,
) -> None:
    """Write the page, in one step.

    said: what the network said of each image; its places are those of `manifest`, which knows how
    to get at the pictures. advance: called for every picture, `STEPS` in all.
    """
    replace_text(path, page(evaluation, said, manifest, story, advance=advance))


def page(
    evaluation: Evaluation,
    said: Predictions,
    manifest: Manifest | None,
    story: Story | None = None,
    *,
    advance: Callable[[int], None] = silent,
) -> str:
    """The page as text."""
    story = story or Story()
    album = Album(said, manifest, advance)
    heads, rows, rest = sections.class_rows(evaluation)
    rejection = evaluation.rejection
    return template("striate.evaluate.report", "page.html.j2").render(
        version=__version__,
        evaluation=evaluation,
        subject={name: shown(str(value)) for name, value in evaluation.subject.to_json().items()},
        headline=_headline(evaluation),
        scores=sections.score_rows(evaluation.scores, is_multilabel=evaluation.is_multilabel),
        curves=training_curves(story, evaluation.selection),
        heads=heads,
        classes=rows,
        rest=rest,
        confusion=sections.confusion_of(evaluation),
        reliability=sections.reliability_charts(evaluation),
        calibration=evaluation.calibration,
        confidence=sections.confidence_chart(said),
        risk=None if rejection is None else sections.risk_chart(rejection),
        rejects=[] if rejection is None else sections.reject_rows(rejection),
        mistakes=album.mistakes(),
        suspects=album.wrong_labels(),
        story=story,
        settings=sections.settings_rows(evaluation.settings),
        shown=shown,
        escaped=escaped,
    )


def _headline(evaluation: Evaluation) -> list[tuple[str, str, str]]:
    """Number, what it is, and its interval: the few that matter most."""
    chosen = ["accuracy", "macro_f1", "log_loss"]
    if evaluation.is_multilabel:
        chosen = ["macro_f1", "average_precision", "accuracy", "log_loss"]
    rows = sections.score_rows(
        {name: evaluation.scores[name] for name in chosen if name in evaluation.scores},
        is_multilabel=evaluation.is_multilabel,
    )
    told = [(row.value, row.title, row.interval) for row in rows]
    before, after = evaluation.calibration.before.ece, evaluation.calibration.after
    if after is not None:
        words = f"{100 * before.value:.1f} % → {100 * after.ece.value:.1f} %"
        return [
            *told,
            (words, "ECE before and after scaling", sections.written("ece", after.ece)[1]),
        ]
    value, interval = sections.written("ece", before)
    return [*told, (value, "ECE", interval)]
