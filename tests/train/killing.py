"""Trainings in processes of their own, which may be killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path

import torch

from striate.cli.main import run as run_command
from striate.options import Options
from striate.train import Silent, fit
from tests.train.runs import Counting

NET = (
    "input(3, 8, 8) -> conv(8) -> bn -> relu -> conv(8, s=2) -> bn -> relu -> dropout(0.3) -> gap "
    "-> fc(2)"
)
# All that could make a training that is gone on with end differently.
EVERYTHING = Options(
    epochs=3, batch=8, optimizer="adamw", lr=0.01, ema=0.9, accumulate=2, clip=1.0, flip=True,
    rotate=10.0, erase=0.5, mixup=0.2, cutmix=1.0, jitter=0.2, crop_scale=0.6,
    save_every="0.001s", precision="float32", channels_last=False, compile=False, workers=1,
)  # fmt: skip
RESULTS = ("best.safetensors", "last.safetensors", "best.json", "last.json", "log.csv")

# Which call of what, counted from 1, is the process's last.
Deadly = tuple[str, int]


def server() -> ForkServerContext:
    """A process with everything imported, from which others begin in a moment."""
    context = multiprocessing.get_context("forkserver")
    # Torch imports the second at the first step, which takes seconds.
    context.set_forkserver_preload(["tests.train.killing", "torch._dynamo"])
    return context


def run_two(
    context: ForkServerContext,
    photos: Path,
    out: Path,
    net: str,
    options: Options,
    *,
    last_step: int | None = None,
) -> None:
    """Train with two processes, which find each other as those of `torchrun` do.

    Goes on with what is in `out`, if anything is. last_step: of those of this call, at which the
    first process is killed; the second is then killed too, as `torchrun` would.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [
        context.Process(target=_ranked, args=(rank, port, photos, out, net, options, last_step))
        for rank in (0, 1)
    ]
    for process in processes:
        process.start()
    processes[0].join(60)
    if last_step is not None:
        processes[1].kill()
    processes[1].join(60)
    if last_step is None:
        assert [process.exitcode for process in processes] == [0, 0]
    else:
        assert processes[0].exitcode == -signal.SIGKILL


def _ranked(  # noqa: PLR0913
    rank: int,
    port: int,
    photos: Path,
    out: Path,
    net: str,
    options: Options,
    last_step: int | None,
) -> None:
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    left = [last_step if rank == 0 and last_step is not None else sys.maxsize]

    def step() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if (out / "settings.json").exists():
        fit(resume=out, reporter=Counting(step))
    else:
        fit(net, photos, out=out, reporter=Counting(step), **options)
    torch.distributed.destroy_process_group()


def train_and_evaluate(photos: Path, out: Path) -> None:
    """Train and evaluate as the command line does, and fail if a socket is opened meanwhile."""

    def refuse(event: str, _arguments: object) -> None:
        if event.startswith("socket."):
            os._exit(99)

    torch.set_num_threads(1)
    sys.addaudithook(refuse)
    fit(NET, photos, out=out, reporter=Silent(), epochs=1, batch=8)
    os._exit(run_command(["eval", str(out)]))


def run(context: ForkServerContext, photos: Path, out: Path, deadly: Deadly | None) -> int:
    """Train in a process of its own, from the start or from where the last one ended; exit code."""
    process = context.Process(target=_train, args=(photos, out, deadly))
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


def results(run_folder: Path) -> dict[str, bytes]:
    """What a training leaves behind that must be the same every time."""
    return {name: (run_folder / name).read_bytes() for name in RESULTS}


def _train(photos: Path, out: Path, deadly: Deadly | None) -> None:
    torch.set_num_threads(1)
    what, count = deadly or ("nothing", 0)
    left = [count]

    def deadly_call() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if what == "write":
        _before("os", "fsync", deadly_call)
    if what == "rename":
        _before("pathlib.Path", "replace", deadly_call)
    if what == "evaluation":
        _before("striate.train.loop", "score_answers", deadly_call)
    reporter = Counting(deadly_call) if what == "step" else Silent()
    if out.exists():
        fit(resume=out, reporter=reporter)
    else:
        fit(NET, photos, out=out, reporter=reporter, **EVERYTHING)


def _before(owner: str, name: str, called: Callable[[], None]) -> None:
    """Call something before each call of a function."""
    import pkgutil

    held = pkgutil.resolve_name(owner.replace(".Path", ":Path"))
    original = getattr(held, name)

    def both(*arguments: object, **named: object) -> object:
        called()
        return original(*arguments, **named)

    setattr(held, name, both)
