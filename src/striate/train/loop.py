"""The training loop, flat enough to read from top to bottom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing

from striate.errors import DataError
from striate.evaluate import (
    Answers,
    Scores,
    answers,
    score_answers,
    selection,
    unreadable_of,
)
from striate.quantities import duration
from striate.train.compute.memory import available_bytes, what_would_fit
from striate.train.course import ByClock, Clock
from striate.train.finish import Outcome, finish
from striate.train.growing import scaled, share_of_side
from striate.train.guard import NotFiniteError, no_number, told_when_out_of_memory
from striate.train.interrupt import Interruption, interruptible
from striate.train.learning import learn
from striate.train.logbook import EpochRow, Timing
from striate.train.news import News
from striate.train.optimize.optimizers import set_lr
from striate.train.optimize.schedules import rate
from striate.train.processes import Team
from striate.train.reporter import Reporter, Silent
from striate.train.saving.disk import told_when_full
from striate.train.saving.state import Tally
from striate.train.session import Job, Session
from striate.train.steps import Step

# Validation images by which an earlier epoch may be better by chance: right in five and wrong in
# none of them, it is so once in 16 (the sign test). See docs/finetuning.md.
BY_CHANCE = 4


def train(
    job: Job, reporter: Reporter, *, team: Team | None = None, clock: Clock | None = None
) -> Outcome:
    """Train until all is done or Ctrl-C is pressed; `best` and `last` are on disk then.

    Where the folder holds a saved state, the training goes on from there. clock: has run since it
    was asked for.

    Raises:
        TrainingError: the loss is no longer a number, for the second time; the disk is full; there
            is not enough memory.
        DataError: too many images cannot be read.
    """
    team = team or Team()
    reporter = reporter if team.is_first else Silent()

    def announce() -> None:
        reporter.line("stopping after this batch; Ctrl-C again to stop at once")

    free_bytes = available_bytes(team.device)

    def advice() -> list[str]:
        return what_would_fit(job.graph, job.settings, free_bytes)

    with (
        interruptible(announce) as interruption,
        told_when_out_of_memory(advice),
        told_when_full(job.folder),
    ):
        session = Session(job, team, clock or Clock())
        session.begin(team.first(session.states.newest() if team.is_first else None))
        loop = _Loop(session, News(session, reporter), interruption)
        if isinstance(session.course, ByClock) and session.course.is_spent:
            reporter.line(
                f"preparing took {duration(session.course.begin_s)} and leaves no time to train: "
                "one step is done"
            )
        try:
            while not loop.is_over():
                try:
                    loop.epoch()
                except NotFiniteError as event:
                    loop.go_back(event)
        except DataError:
            session.save()
            raise
        return finish(session, is_interrupted=loop.is_asked_to_stop)


class _Loop:
    """Epochs, steps, validations, in the order in which they happen."""

    def __init__(self, session: Session, news: News, interruption: Interruption) -> None:
        self.session = session
        self.news = news
        self.interruption = interruption
        self.settings = session.job.settings
        self.classes = session.job.train.manifest.classes
        self.is_asked_to_stop = False
        self.is_save_due = False
        self.now_s = session.clock.seconds()
        self.stand_in: Step | None = None

    def is_over(self) -> bool:
        """Whether there is no epoch any more; one that was begun is always finished."""
        session = self.session
        if self.is_asked_to_stop or session.position.step:
            return self.is_asked_to_stop
        patience = self.settings.patience
        if patience and session.epochs_done - session.best.rise >= patience:
            self.news.line(f"stopped: no better score for {patience} epochs")
            return True
        return session.course.is_over(session.steps_done, self.now_s)

    def epoch(self) -> None:
        """Show every training image once, or those that are left; validate; write it all down."""
        session, at = self.session, self.session.position
        session.train()
        with (
            self.news.epoch() as show,
            closing(session.shown.epoch(at.epoch, start=at.step)) as source,
        ):
            for step in source:
                self._learn(step)
                show(len(step.images) * session.team.world)
                self._settle(step)
                if self.is_asked_to_stop or session.course.is_over(step.number + 1, self.now_s):
                    break
        self._look()
        if not self.is_asked_to_stop:
            self._close_epoch(self.news.images_per_s())

    def _learn(self, step: Step) -> None:
        """One step of the optimizer, from one batch."""
        session = self.session
        if session.team.world == 1:
            self.news.refuse_many(session.job.train.unreadable)
        progress = session.course.progress(step.number, self.now_s)
        session.lr = self.settings.lr * rate(progress, self.settings) * session.guard.lr_factor
        set_lr(session.optimizer, session.lr)
        session.freeze(is_frozen=progress < self.settings.freeze or self.settings.freeze == 1)
        shown, weight = self._usable(step)
        if len(shown.images):
            images = scaled(shown.images, share_of_side(progress, self.settings))
            learned = learn(session, shown._replace(images=images), weight=weight)
            session.watch.add(step.number, learned, step.places if weight else ())
        session.position.step += 1
        session.is_saved = False

    def _settle(self, step: Step) -> None:
        """Look at what came of a step; save if it is time."""
        session = self.session
        self._agree(is_epoch_end=False)
        if session.watch.is_due(step.number) or self.is_save_due:
            self._look()
        if self.is_save_due:
            session.save_if_finite()

    def _usable(self, step: Step) -> tuple[Step, float]:
        """The step, and what it counts; where it has too few images another that counts nothing.

        One process alone passes over such a step; several have to do each step together.
        """
        session = self.session
        if len(step.images) >= session.fewest:
            self.stand_in = self.stand_in or step
            return step, step.weight
        if session.team.world == 1:
            return step._replace(images=step.images[:0]), 0.0
        blank = step._replace(
            images=step.images.new_zeros(2, *step.images.shape[1:]),
            targets=step.targets.new_zeros(2, *step.targets.shape[1:]),
        )
        return (self.stand_in or blank)._replace(number=step.number), 0.0

    def _agree(self, *, is_epoch_end: bool) -> None:
        """Let all processes see the first one's clock, and the wishes of each."""
        session = self.session
        now = session.clock.seconds()
        is_due = session.pace.is_due(now, is_epoch_end=is_epoch_end)
        wishes = [float(self.interruption.is_requested()), 0.0, 0.0]
        if session.team.is_first:
            wishes[1:] = [float(is_due), now]
        stop, save, agreed = session.team.total(wishes)
        session.course.observe(agreed - self.now_s, session.val_share)
        self.is_asked_to_stop, self.is_save_due, self.now_s = stop > 0, save > 0, agreed

    def _look(self) -> None:
        """Count what was learned since the last look.

        Raises:
            NotFiniteError: in some process a loss or gradient is no number.
        """
        session = self.session
        event = session.watch.look(session.position.tally)
        if session.team.total([float(event is not None)])[0]:
            every = session.team.every(None if event is None else event.parts)
            raise NotFiniteError(*next(parts for parts in every if parts is not None))

    def _close_epoch(self, images_per_s: float) -> None:
        """Validate, keep what is best, write it down."""
        session, at = self.session, self.session.position
        begin = session.clock.seconds()
        said = self._validate()
        self._agree(is_epoch_end=True)
        if self.is_asked_to_stop:
            return
        validation_s = session.clock.seconds() - begin
        if isinstance(session.course, ByClock):
            session.course.end_s = validation_s + session.pace.cost_s
        scores = score_answers(said, self.classes) if said else None
        if scores is not None and not math.isfinite(scores.log_loss):
            where = "found on the validation images, after the last step"
            raise NotFiniteError("loss", session.steps_done - 1, where)
        row = self._row(_added(session.team.every(at.tally)), scores)
        timing = Timing(
            epoch=at.epoch,
            seconds=session.clock.seconds(),
            images_per_s=images_per_s,
            input_share=session.job.train.waiting,
            validation_s=validation_s,
            saving_s=session.saving_s,
        )
        session.logbook.add(row, timing)
        session.saving_s = 0.0
        session.is_saved = False
        session.metrics = dict(scores.summary()) if scores else {}
        if _is_best(row.score, session.best.score, chance=self._chance()):
            session.set_best(row.score, said)
        at.epoch, at.step, at.tally = at.epoch + 1, 0, Tally()
        self.news.closed(row, timing, now_s=self.now_s)
        if self.is_save_due:
            session.save_if_finite()

    def _validate(self) -> Answers | None:
        """What the network says about the validation images; None without any."""
        session = self.session
        found = unreadable_of(session.job.train)
        val, said = session.job.val, None
        if val is not None:
            session.team.equalise(session.evaluated)
            with self.news.validation(len(val.manifest)) as advance:
                said = answers(
                    session.evaluated,
                    val,
                    session.job.record,
                    advance=advance,
                    is_stopped=self.interruption.is_requested,
                )
            found += unreadable_of(val)
        self.news.refuse_many(found)
        return said

    def _row(self, tally: Tally, scores: Scores | None) -> EpochRow:
        session = self.session
        images = max(tally.images, 1)
        is_counted = not session.job.train.is_multilabel
        return EpochRow(
            epoch=session.position.epoch,
            step=session.steps_done,
            lr=session.lr,
            train_loss=tally.loss / images,
            train_accuracy=tally.correct / images if is_counted else None,
            val_loss=scores.log_loss if scores else None,
            val_accuracy=scores.accuracy if scores else None,
            val_macro_f1=scores.macro_f1 if scores else None,
            score=selection(scores, self.settings.metric) if scores else None,
        )

    def _chance(self) -> float:
        """What a few validation images more or less do to the score, about."""
        val = self.session.job.val
        if val is None or self.settings.metric == "log-loss":
            return 0.0
        return (BY_CHANCE + 0.5) / len(val.manifest)  # macro-F1 moves by steps of about one image

    def go_back(self, event: NotFiniteError) -> None:
        """Go on from the last saved state, more carefully; the second time, not.

        Raises:
            TrainingError: it is the second time.
        """
        session = self.session
        if session.guard.is_used:
            lower = self.settings.lr * session.guard.lr_factor / 4
            where = f"{self._where(event)}, at a learning rate of {session.lr:.3g}"
            raise no_number(event, where=where, lower=lower, folder=session.job.folder)
        saved = session.team.first(session.states.newest() if session.team.is_first else None)
        assert saved is not None
        precision = session.way.precision
        session.restore(saved)
        how = session.guard.change(precision)
        session.use_precision(session.guard.precision or precision)
        self.news.line(
            f"the {event.what} was no longer a number {self._where(event)} ({event.where}); "
            f"goes on from step {session.steps_done}, {how}"
        )

    def _where(self, event: NotFiniteError) -> str:
        steps = self.session.shown.steps_per_epoch
        return f"in epoch {event.step // steps + 1}, step {event.step % steps + 1} of {steps}"


def _added(tallies: Sequence[Tally]) -> Tally:
    """What all processes counted, added up in their order."""
    whole = Tally()
    for own in tallies:
        whole = Tally(whole.loss + own.loss, whole.images + own.images, whole.correct + own.correct)
    return whole


def _is_best(score: float | None, highest: float | None, *, chance: float) -> bool:
    """Whether an epoch is to be kept: as good as the best so far, give or take chance.

    Of equals the later one counts, since the learning rate falls: on small validation sets many
    epochs tie, and log-loss would pick early ones (label smoothing raises it towards the end).
    """
    return score is None or highest is None or score >= highest - chance
