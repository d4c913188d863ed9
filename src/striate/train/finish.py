"""How a training ends: what the best weights are worth, and that nothing is left to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from striate.evaluate import Answers, Scores, answers, calibrate, score_answers
from striate.files import Json
from striate.train.folder import FINISHED
from striate.train.saving.checkpoint import load_checkpoint, save_checkpoint
from striate.train.session import Session


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended.

    epochs: how many were finished, the last of which may have been cut short by the clock. shown:
    how often every image was shown. best: the epoch whose weights are `best`; 0 if none was
    finished. scores: of `best` on the validation images, None without any. rank: of the process
    among those that trained; the first, 0, is the one that should speak.
    """

    folder: Path
    epochs: int
    best: int
    scores: Scores | None
    seconds: float
    is_interrupted: bool
    shown: float = 0.0
    rank: int = 0

    def to_json(self) -> dict[str, Json]:
        """Everything, as plain values."""
        return {
            "run": str(self.folder),
            "epochs": self.epochs,
            "epochs_shown": round(self.shown, 2),
            "best_epoch": self.best,
            "seconds": round(self.seconds, 3),
            "validation": self.scores.to_json() if self.scores else None,
        }


def finish(session: Session, *, is_interrupted: bool) -> Outcome:
    """Save; unless it was interrupted, note that nothing is left to do, and drop the states."""
    if not session.is_saved:
        session.save()
    said = _said_by_best(session, is_interrupted=is_interrupted)
    classes = session.job.train.manifest.classes
    if session.team.is_first:
        if said is not None and not is_interrupted:
            _rewrite(session, "best", calibration=calibrate(said, classes).to_json())
        if not is_interrupted:
            _rewrite(session, "last", **{FINISHED: True})
            session.states.clear()
        if session.logbook.board is not None:
            session.logbook.board.close()
    session.team.wait()
    rows = session.logbook.rows
    return Outcome(
        folder=session.job.folder,
        epochs=len(rows),
        best=session.best.epoch,
        scores=None if said is None else score_answers(said, classes),
        seconds=session.clock.seconds(),
        is_interrupted=is_interrupted,
        shown=rows[-1].step / session.shown.steps_per_epoch if rows else 0.0,
        rank=session.team.rank,
    )


def _said_by_best(session: Session, *, is_interrupted: bool) -> Answers | None:
    """What the best weights say about the validation images; asked again after an interruption."""
    best, val = session.best, session.job.val
    if best.said is not None or val is None or not best.epoch or is_interrupted:
        return best.said
    folder = session.job.folder
    saved = session.team.first(
        load_checkpoint(folder, "best").tensors if session.team.is_first else None
    )
    assert saved is not None
    session.evaluated.load_state_dict(saved)
    return answers(session.evaluated, val, session.job.record)


def _rewrite(session: Session, name: str, **more: Json) -> None:
    """The same weights with more facts."""
    saved = load_checkpoint(session.job.folder, name)
    save_checkpoint(session.job.folder, name, saved.tensors, {**saved.facts, **more})
