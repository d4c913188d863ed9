"""The state that the steps of a training change, how it is saved, and how it is gone on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from striate.backends.torch_module import module as module_of
from striate.data import Loader, Preprocessing
from striate.errors import UsageError
from striate.evaluate import Answers
from striate.files import Json
from striate.ir import Graph
from striate.quantities import seconds_of
from striate.train.compute.checkpointing import checkpoint_blocks
from striate.train.compute.replicas import Replicas
from striate.train.compute.ways import arrange, compiled, way_of
from striate.train.course import ByClock, BySteps, Clock, Course
from striate.train.guard import Guard, Watch
from striate.train.logbook import Board, Logbook
from striate.train.optimize.drop_path import with_drop_path
from striate.train.optimize.ema import Ema
from striate.train.optimize.finetune import Parts, keeps_statistics, lr_scales, parts
from striate.train.optimize.losses import loss_of
from striate.train.optimize.optimizers import make_optimizer
from striate.train.optimize.scale_free import scale_free
from striate.train.processes import Team, on_cpu
from striate.train.saving.checkpoint import Checkpoint, save_checkpoint
from striate.train.saving.state import (
    Position,
    States,
    Tally,
    is_finite,
    joined,
    optimizer_state,
    part,
    restore_optimizer,
)
from striate.train.settings import Settings
from striate.train.steps import Steps

# A state is saved about so often within an epoch, and saving takes no more than this share of time.
SAVE_EVERY_S = 60.0
SAVING_SHARE = 0.02


@dataclass(frozen=True)
class Job:
    """All that a training needs.

    module: of this graph, with the weights to begin with. fresh: keys of those that came from
    nowhere. val: None where there are no validation images. facts: what is saved beside all
    weights.
    """

    module: nn.Module
    graph: Graph
    train: Loader
    val: Loader | None
    record: Preprocessing
    settings: Settings
    folder: Path
    facts: Mapping[str, Json]
    fresh: tuple[str, ...] = ()

    def divided(self) -> Parts:
        """Head and body of the network, and what of the body never learns."""
        return parts(
            self.graph,
            self.fresh,
            keeps_statistics=keeps_statistics(self.settings),
            depth_decay=self.settings.depth_decay,
        )

    def optimizer_of(self, module: nn.Module, divided: Parts) -> Optimizer:
        """The optimizer of what requires a gradient in a module of the graph."""
        settings = self.settings
        scales = lr_scales(self.graph, settings.depth_decay, bias_rate=settings.bias_rate)
        # What norms with kept statistics follow has a size that counts.
        free = frozenset[str]() if divided.keeps_statistics else scale_free(self.graph)
        return make_optimizer(module, settings, scales, scale_free=free)


def for_training(module: nn.Module, graph: Graph, settings: Settings) -> tuple[nn.Module, Graph]:
    """The module to train and its graph: with branches left out by chance, where that is wished.

    Weights and their names are the same.
    """
    if settings.drop_path is None:
        return module, graph
    changed = with_drop_path(graph, settings.drop_path)
    made = module_of(changed)
    made.load_state_dict(module.state_dict())
    return made, changed


@dataclass
class Best:
    """The best epoch so far; 0 before any.

    score: the highest of any epoch; more is better. rise: the epoch that reached it; the best may
    be a later one that is about as good. facts: what is saved beside its weights. tensors: its
    weights, as long as they are not on disk. said: what they say about the validation images, if
    that is still known.
    """

    epoch: int = 0
    score: float | None = None
    rise: int = 0
    facts: dict[str, Json] = field(default_factory=dict)
    tensors: dict[str, Tensor] | None = None
    said: Answers | None = None


@dataclass
class Pace:
    """When to save: as the user said, else about each minute and at the end of each epoch.

    Left to itself it saves more seldom where saving takes long.
    """

    every_s: float | None
    saved_at: float = 0.0
    cost_s: float = 0.0

    def is_due(self, now: float, *, is_epoch_end: bool) -> bool:
        """Whether to save now."""
        since = now - self.saved_at
        if self.every_s is not None and since >= self.every_s:
            return True
        affordable = since >= self.cost_s / SAVING_SHARE
        return affordable and (is_epoch_end or (self.every_s is None and since >= SAVE_EVERY_S))


class Session:
    """One training in one process, from its start or from where it was left."""

    def __init__(self, job: Job, team: Team, clock: Clock) -> None:
        settings = job.settings
        self.job = job
        self.team = team
        self.clock = clock
        self.way = way_of(settings)
        self.module = arrange(job.module.to(team.device), self.way)
        self.ema = Ema(self.module, settings.ema) if settings.ema else None
        if settings.checkpointing:
            checkpoint_blocks(self.module, job.graph)
        self.parts = job.divided()
        self.parts.thaw(self.module)
        self.is_frozen = False
        self.running = self._runnable()
        self.loss = loss_of(settings, job.train.manifest, is_multilabel=job.train.is_multilabel)
        self.optimizer = job.optimizer_of(self.module, self.parts)
        self.scaler = torch.amp.GradScaler(team.device.type, enabled=self.is_scaled)
        self.shown = Steps(job.train, job.record, settings, team.device)
        self.position = Position()
        self.best = Best()
        self.guard = Guard()
        self.watch = Watch(job.train.manifest.name, team.device)
        self.states = States(job.folder)
        self.pace = Pace(_every_s(settings), saved_at=clock.seconds())
        self.logbook = Logbook(job.folder)
        self.metrics: dict[str, Json] = {}
        self.lr = 0.0
        self.is_saved = False
        self.saving_s = 0.0
        # Images of a step: batch norm has nothing to divide by where one is alone.
        needs_pairs = any(isinstance(one, _BatchNorm) for one in self.module.modules())
        self.fewest = 2 if needs_pairs else 1
        self.course = self._course()

    def _course(self) -> Course:
        budget_s = self.job.settings.budget_s
        if budget_s is None:
            return BySteps(self.job.settings.epochs * self.shown.steps_per_epoch)
        return ByClock(budget_s, begin_s=self.clock.seconds())

    @property
    def is_scaled(self) -> bool:
        """Whether gradients are scaled, since their numbers have few bits."""
        return self.way.precision == "float16"

    @property
    def evaluated(self) -> nn.Module:
        """The module that is validated and saved: the average where there is one."""
        return self.module if self.ema is None else self.ema.module()

    @property
    def val_share(self) -> float:
        """Validation images per image of a step."""
        val = self.job.val
        return 0.0 if val is None else len(val.manifest) / (self.job.train.batch * self.team.world)

    @property
    def steps_done(self) -> int:
        """Steps since the start."""
        return (self.position.epoch - 1) * self.shown.steps_per_epoch + self.position.step

    @property
    def epochs_done(self) -> int:
        """Epochs that have been shown whole, or as much of them as there was time for."""
        return len(self.logbook.rows)

    def begin(self, saved: Checkpoint | None) -> None:
        """Go on from a saved state; without one, save what a training begins with."""
        if saved is not None:
            self.restore(saved)
        if self.job.settings.tensorboard and self.team.is_first:
            self.logbook.board = Board(self.job.folder, epoch=self.epochs_done)
        if saved is None:
            self.save()

    def save_if_finite(self) -> None:
        """Save, unless the weights are no numbers: then the last state is still wanted."""
        if is_finite(self.module.state_dict().values()):
            self.save()

    def save(self) -> None:
        """Put on disk all that is needed to go on from here; `last`, `best` and the log with it.

        The state is written first and holds all that is new in the others: whatever stops the
        process in between, they are made from it again.
        """
        tallies: list[Json] = [own.to_json() for own in self.team.every(self.position.tally)]
        if self.team.is_first:
            begin = self.clock.seconds()
            self.states.save(self._tensors(), self._facts(tallies))
            self._write_rest()
            self.pace.saved_at = self.clock.seconds()
            self.pace.cost_s = self.pace.saved_at - begin
            self.saving_s += self.pace.cost_s
        self.is_saved = True

    def _write_rest(self) -> None:
        self.logbook.write()
        facts = self._summary()
        tensors = self.evaluated.state_dict()
        save_checkpoint(self.job.folder, "last", tensors, {**facts, **self.job.facts})
        if self.best.tensors is not None:
            save_checkpoint(self.job.folder, "best", self.best.tensors, self.best.facts)
            self.best.tensors = None

    def _tensors(self) -> dict[str, Tensor]:
        parts = {
            "module": self.module.state_dict(),
            "optimizer": optimizer_state(self.optimizer)[0],
            "ema": {} if self.ema is None else self.ema.state(),
            "best": self.best.tensors or {},
        }
        return joined(parts)

    def _facts(self, tallies: list[Json]) -> dict[str, Json]:
        begin_s = self.course.begin_s if isinstance(self.course, ByClock) else 0.0
        return {
            "epoch": self.position.epoch,
            "step": self.position.step,
            "tallies": tallies,
            "lr": self.lr,
            "elapsed_s": self.clock.seconds(),
            "begin_s": begin_s,
            "optimizer": optimizer_state(self.optimizer)[1],
            "scaler": self.scaler.state_dict(),
            "guard": self.guard.to_json(),
            "best": {
                "epoch": self.best.epoch,
                "score": self.best.score,
                "rise": self.best.rise,
                "facts": self.best.facts if self.best.tensors else {},
            },
            "metrics": self.metrics,
            "log": self.logbook.to_json(),
            "facts": dict(self.job.facts),
            "fresh": list(self.job.fresh),
        }

    def _summary(self) -> dict[str, Json]:
        """What stands beside weights about when they were."""
        return {"epoch": self.epochs_done, "step": self.steps_done, "metrics": self.metrics}

    def restore(self, saved: Checkpoint) -> None:
        """Be as `save` found it, to the last bit.

        Raises:
            UsageError: another number of processes than then.
        """
        tensors, facts = saved.tensors, saved.facts
        tallies = _items(facts["tallies"])
        if len(tallies) != self.team.world:
            raise UsageError.of(
                "resume-processes",
                f"{self.job.folder} was trained by {len(tallies)} processes, not by "
                f"{self.team.world}",
                f"go on with as many: torchrun --nproc-per-node {len(tallies)} -m striate fit "
                f"--resume {self.job.folder}",
            )
        self.guard.restore(_object(facts["guard"]))
        self.use_precision(self.guard.precision or self.job.settings.precision)
        self.module.load_state_dict(part(tensors, "module"))
        restore_optimizer(self.optimizer, part(tensors, "optimizer"), _object(facts["optimizer"]))
        if self.ema is not None:
            self.ema.load(part(tensors, "ema"))
        if self.is_scaled:
            self.scaler.load_state_dict(_object(facts["scaler"]))
        tally = Tally.from_json(tallies[self.team.rank])
        self.position = Position(_int(facts["epoch"]), _int(facts["step"]), tally)
        self.lr = _float(facts["lr"])
        if isinstance(self.course, ByClock):
            self.course.begin_s = _float(facts["begin_s"])
        self.metrics = _object(facts["metrics"])
        self.logbook.restore(_object(facts["log"]))
        self.watch.clear()
        self._restore_best(_object(facts["best"]), part(tensors, "best"))

    def _restore_best(self, facts: dict[str, Json], tensors: dict[str, Tensor]) -> None:
        """The best as it was then; with its weights if they may not have reached their own file."""
        score = facts["score"]
        said = self.best.said if self.best.epoch == facts["epoch"] else None
        self.best = Best(
            epoch=_int(facts["epoch"]),
            score=None if score is None else _float(score),
            rise=_int(facts["rise"]),
            facts=_object(facts["facts"]),
            tensors=tensors or None,
            said=said,
        )

    def _runnable(self) -> Replicas:
        """What to call for training; anew when other parameters learn."""
        return Replicas(self.team.wrapped(compiled(self.module, self.way)), self.way.replicas)

    def train(self) -> None:
        """Put all that learns into training mode."""
        self.running.module.train()
        self.parts.train(self.module)

    def freeze(self, *, is_frozen: bool) -> None:
        """Let only the head learn, or everything."""
        if is_frozen == self.is_frozen:
            return
        self.is_frozen = is_frozen
        (self.parts.freeze if is_frozen else self.parts.thaw)(self.module)
        self.running = self._runnable()
        self.train()

    def use_precision(self, precision: str) -> None:
        """Compute with this precision from now on."""
        if precision != self.way.precision:
            self.way = replace(self.way, precision="float32")
            self.scaler = torch.amp.GradScaler(self.team.device.type, enabled=False)

    def set_best(self, score: float | None, said: Answers | None) -> None:
        """The epoch just finished is the best; its weights are kept until they are saved."""
        facts = self._summary()
        highest = self.best.score
        rises = score is None or highest is None or score > highest
        self.best = Best(
            epoch=self.epochs_done,
            score=score if rises else highest,
            rise=self.epochs_done if rises else self.best.rise,
            facts={**facts, **self.job.facts},
            tensors=on_cpu(self.evaluated.state_dict()),
            said=said,
        )


def _every_s(settings: Settings) -> float | None:
    return None if settings.save_every is None else seconds_of(settings.save_every)


def _object(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


def _items(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


def _float(value: Json) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _int(value: Json) -> int:
    assert isinstance(value, int)
    return value
