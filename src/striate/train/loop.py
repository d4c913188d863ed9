"""The training loop, flat enough to read from top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from striate.data import (
    Advance,
    Loader,
    Preprocessing,
    refuse_many,
    save_unreadable,
)
from striate.errors import TrainingError, listing
from striate.evaluate import Scores, answers, score
from striate.files import Json
from striate.train.checkpoint import save_checkpoint
from striate.train.choose import Way, arrange, forward_loss
from striate.train.folder import LOG, UNREADABLE
from striate.train.input import input_advice
from striate.train.interrupt import Interruption, interruptible
from striate.train.logbook import EpochRow, Logbook
from striate.train.optimizers import make_optimizer, set_lr
from striate.train.reporter import Reporter
from striate.train.schedules import rate
from striate.train.settings import Settings
from striate.train.steps import Step, Steps

# Steps between two copies of the weights that are known to give a finite loss.
STEPS_BETWEEN_COPIES = 50

SELECTION = "macro-F1 on the validation split, ties to the later epoch"


@dataclass(frozen=True)
class Job:
    """All that a training needs.

    val: None where there are no validation images. facts: what is saved beside all weights.
    """

    module: nn.Module
    train: Loader
    val: Loader | None
    record: Preprocessing
    settings: Settings
    folder: Path
    facts: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended.

    epochs: how many were finished. best: the one whose weights are `best`; 0 if none was finished.
    scores: of `best` on the validation images, None without any.
    """

    folder: Path
    epochs: int
    best: int
    scores: Scores | None
    seconds: float
    is_interrupted: bool

    def to_json(self) -> dict[str, Json]:
        """Everything, as plain values."""
        return {
            "run": str(self.folder),
            "epochs": self.epochs,
            "best_epoch": self.best,
            "seconds": round(self.seconds, 3),
            "validation": self.scores.to_json() if self.scores else None,
        }


class _Training:
    """The state that the steps of a training change."""

    def __init__(self, job: Job, reporter: Reporter, interruption: Interruption) -> None:
        settings = job.settings
        self.job = job
        self.reporter = reporter
        self.interruption = interruption
        self.way = Way(settings.precision, settings.channels_last)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.module = arrange(job.module.to(self.device), self.way)
        self.optimizer = make_optimizer(self.module, settings)
        self.shown = Steps(job.train, job.record, settings, self.device)
        self.step = 0
        self.lr = 0.0
        self.unreadable = 0
        self.told_unreadable = 0
        self.is_advised = False
        self.good = _copy(self.module)
        # Batch norm has nothing to divide by where an image is alone: a step of one, left over by
        # others that cannot be read, is passed over.
        self.needs_pairs = any(isinstance(part, _BatchNorm) for part in self.module.modules())

    @property
    def steps(self) -> int:
        return self.shown.steps_per_epoch * self.job.settings.epochs

    def epoch(self, number: int, advance: Advance) -> float:
        """Show every training image once; the mean loss. Ends early when interrupted."""
        total, images = 0.0, 0
        self.module.train()
        with closing(self.shown.epoch(number)) as steps:
            for step in steps:
                count = len(step.images)
                advance(count)
                self._refuse_many()
                if count > 1 or not self.needs_pairs:
                    total += self._step(step, number) * count
                    images += count
                if self.interruption.is_requested():
                    break
        return total / max(images, 1)

    def _refuse_many(self) -> None:
        """Tell the images that turned out unreadable since the last time.

        Raises:
            DataError: they are more than is allowed.
        """
        loaders = [loader for loader in (self.job.train, self.job.val) if loader is not None]
        found = [bad for loader in loaders for bad in loader.unreadable]
        if len(found) == self.unreadable:
            return
        self.unreadable = len(found)
        save_unreadable(self.job.folder / UNREADABLE, found)
        images = sum(len(loader.manifest) for loader in loaders)
        refuse_many(found, images, limit=self.job.settings.max_unreadable)

    def _step(self, step: Step, epoch: int) -> float:
        """One step of the optimizer; the loss before it."""
        settings = self.job.settings
        self.step = step.number
        # Half a step ahead: neither the first nor the last step has a rate of zero.
        progress = (self.step + 0.5) / self.steps
        self.lr = settings.lr * rate(progress, settings)
        set_lr(self.optimizer, self.lr)
        loss = forward_loss(
            self.module, step.images, step.targets, self.way, smoothing=settings.smoothing
        )
        value = loss.item()
        if not math.isfinite(value):
            names = [self.job.train.manifest.name(int(place)) for place in step.batch.places]
            raise self._not_finite(epoch, f"images of this batch: {listing(names, most=4)}")
        if self.step % STEPS_BETWEEN_COPIES == 0:
            self.good = _copy(self.module)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.step += 1  # what is saved now is the state before that step
        return value

    def validate(self, epoch: int) -> Scores | None:
        """Scores on the validation images; None without any, or when interrupted."""
        val = self.job.val
        if val is None or self.interruption.is_requested():
            return None
        with self.reporter.bar("validating", len(val.manifest)) as advance:
            said = answers(
                self.module,
                val,
                self.job.record,
                advance=advance,
                is_stopped=self.interruption.is_requested,
            )
        if self.interruption.is_requested():
            return None
        self._refuse_many()
        scores = score(said.log_probabilities, said.labels, val.manifest.classes)
        if not math.isfinite(scores.log_loss):
            raise self._not_finite(epoch, "found on the validation images, after the last step")
        return scores

    def advise(self) -> None:
        """Tell, once each, images that were left out and what would make the input faster."""
        if self.unreadable > self.told_unreadable:
            self.told_unreadable = self.unreadable
            listed = self.job.folder / UNREADABLE
            self.reporter.line(
                f"left out {self.unreadable:,} unreadable images, listed in {listed}"
            )
        if not self.is_advised and (advice := input_advice(self.job.train)):
            self.is_advised = True
            self.reporter.line(advice)

    def _not_finite(self, epoch: int, where: str) -> TrainingError:
        """Save the last weights that gave a finite loss, and say what happened."""
        self.module.load_state_dict(self.good)
        self.save("last", epoch=epoch - 1, scores=None)
        return TrainingError.of(
            "loss-not-finite",
            f"the loss is no longer a number, in epoch {epoch}, step {self.step + 1} of "
            f"{self.steps}, at a learning rate of {self.lr:.3g}",
            where,
            f"the last weights with a finite loss are in {self.job.folder / 'last.safetensors'}",
            f"try a lower learning rate, such as --lr {self.job.settings.lr / 4:.2g}",
        )

    def save(self, name: str, *, epoch: int, scores: Scores | None) -> None:
        """Save the weights as they are now."""
        facts: dict[str, Json] = {
            "epoch": epoch,
            "step": self.step,
            "metrics": dict(scores.summary()) if scores else {},
            **self.job.facts,
        }
        save_checkpoint(self.job.folder, name, self.module.state_dict(), facts)


def train(job: Job, reporter: Reporter) -> Outcome:
    """Train until all epochs are done or Ctrl-C is pressed; `best` and `last` are on disk then.

    Raises:
        TrainingError: the loss is no longer a number; `last` holds weights from before.
    """
    logbook = Logbook(job.folder / LOG)
    best, best_scores = 0, None
    start = time.perf_counter()

    def announce() -> None:
        reporter.line("stopping after this batch; Ctrl-C again to stop at once")

    with interruptible(announce) as interruption:
        training = _Training(job, reporter, interruption)
        images = len(job.train.manifest)
        training.save("last", epoch=0, scores=None)
        for epoch in range(1, job.settings.epochs + 1):
            begin = time.perf_counter()
            with reporter.bar(f"epoch {epoch}/{job.settings.epochs}", images) as advance:
                loss = training.epoch(epoch, advance)
            images_per_s = images / (time.perf_counter() - begin)
            scores = training.validate(epoch)
            if interruption.is_requested():
                training.save("last", epoch=epoch - 1, scores=None)
                break
            training.save("last", epoch=epoch, scores=scores)
            if _is_better(scores, best_scores):
                training.save("best", epoch=epoch, scores=scores)
                best, best_scores = epoch, scores
            seconds = time.perf_counter() - start
            row = _row(training, epoch, seconds, loss, scores, images_per_s)
            logbook.add(row)
            reporter.line(row.line(job.settings.epochs))
            training.advise()
    seconds = time.perf_counter() - start
    return Outcome(
        folder=job.folder,
        epochs=len(logbook.rows),
        best=best,
        scores=best_scores,
        seconds=seconds,
        is_interrupted=interruption.is_requested(),
    )


def _is_better(scores: Scores | None, best: Scores | None) -> bool:
    """Whether an epoch is at least as good as the best so far.

    Of equals the later one counts, since the learning rate falls: on small validation sets many
    epochs tie, and log-loss would pick early ones (label smoothing raises it towards the end).
    """
    return scores is None or best is None or scores.macro_f1 >= best.macro_f1


def _row(
    training: _Training, epoch: int, seconds: float, loss: float, scores: Scores | None, rate: float
) -> EpochRow:
    return EpochRow(
        epoch=epoch,
        seconds=seconds,
        lr=training.lr,
        train_loss=loss,
        val_loss=scores.log_loss if scores else None,
        val_accuracy=scores.accuracy if scores else None,
        val_macro_f1=scores.macro_f1 if scores else None,
        images_per_s=rate,
        input_share=training.job.train.waiting,
    )


def _copy(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
