"""One step of a training: what the network says, the gradient of the loss, new weights."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from striate.train.compute.ways import forward
from striate.train.guard import SMALLEST_SCALE, Learned
from striate.train.processes import seed_step
from striate.train.session import Session
from striate.train.steps import Step


def learn(session: Session, step: Step, *, weight: float) -> Learned:
    """Do a step, whose images count `weight`: forward, backward, clipping, optimizer, average."""
    seed_step(session.job.settings.seed, step.number, session.team.rank, step.images.device)
    session.optimizer.zero_grad()
    loss, correct = _gradient(session, step, weight)
    length = _update(session)
    if session.ema is not None:
        session.ema.update(session.module, step.number + 1)
    return Learned(loss, correct, length)


def _gradient(session: Session, step: Step, weight: float) -> tuple[Tensor, Tensor]:
    """Mean loss and right answers; gradients are added up, part by part where that is wished."""
    count = max(1, min(session.job.settings.accumulate, len(step.images) // session.fewest))
    total = torch.zeros((), device=step.images.device)
    correct = torch.zeros((), device=step.images.device)
    pairs = zip(step.images.tensor_split(count), step.targets.tensor_split(count), strict=True)

    def share(module: nn.Module, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        logits = forward(module, images, session.way)
        loss = session.loss(logits, targets) * (len(images) / len(step.images))
        session.scaler.scale(loss * weight).backward()  # type: ignore[no-untyped-call]
        return loss.detach(), _correct(logits.detach(), targets)

    for number, pair in enumerate(pairs, 1):
        with _together(session, is_last=number == count):
            for loss, right in session.running.learn(*pair, share, fewest=session.fewest):
                total += loss
                correct += right
    return total, correct


def _update(session: Session) -> Tensor | None:
    """One step of the optimizer; the length of the gradient.

    Where gradients are scaled an infinite one is no fault: the step is left out and the scale is
    halved, down to where something must be wrong.
    """
    session.scaler.unscale_(session.optimizer)
    parameters = [one for one in session.module.parameters() if one.grad is not None]
    length = get_total_norm([one.grad for one in parameters if one.grad is not None])
    if session.job.settings.clip:
        clip_grads_with_norm_(parameters, session.job.settings.clip, length)
    session.scaler.step(session.optimizer)
    session.scaler.update()
    is_fault = not session.is_scaled or session.scaler.get_scale() < SMALLEST_SCALE
    return length if is_fault else None


def _together(session: Session, *, is_last: bool) -> AbstractContextManager[None]:
    """A block in which gradients stay with this process, unless it is the last of a step."""
    running = session.running.module
    if not is_last and isinstance(running, DistributedDataParallel):
        return running.no_sync()
    return nullcontext()


def _correct(logits: Tensor, targets: Tensor) -> Tensor:
    wanted = targets if targets.ndim == 1 else targets.argmax(dim=1)
    return (logits.argmax(dim=1) == wanted).sum()
