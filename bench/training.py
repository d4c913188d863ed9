"""Images per second of training steps, against a plain PyTorch loop over timm's module.

    python bench/training.py [--rounds 7] [--networks NAME ...] [--size 224] [--data DIR]
    python bench/training.py --cuda [--rounds 20]

Contenders, on one batch of the same size each, in one process:

  striate         what `striate fit` does with a step: `learn` on a session, computed the way that
                  was measured to be the fastest here, as before any training
  timm            `module(images)`, cross-entropy, `backward`, SGD with momentum: float32, channels
                  first, as timm's script does unless asked otherwise
  timm bf16       with `--cuda`: timm's module under bfloat16 autocast, channels last, compiled

`with input` shows whole epochs of the photos, from the files: striate by its own loader, with its
default settings (a random resized crop and flips; the second epoch, so that what it keeps is kept),
timm by torch's DataLoader with as many worker processes as cores, torchvision's RandomResizedCrop,
flip and Normalize (it keeps nothing, its second epoch counts as well).

Contenders take turns, a step each; medians of the rounds and their ratio. DIR holds `imagenet200`
(photos); without it photos are made up. Writes a line for each network to
bench/results/training.jsonl (--cuda: training-cuda.jsonl). Needs the extra `bench`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchvision_on_cpu import import_torchvision

from striate.data import Preprocessing
from striate.options import Options
from striate.train import Silent
from striate.train.compute.tune import with_way
from striate.train.course import Clock
from striate.train.learning import learn
from striate.train.plan import plan
from striate.train.prepare import prepare
from striate.train.processes import Team
from striate.train.session import Job, Session
from striate.train.steps import Step

NETWORKS = {
    "mobilenet_v3_small": "mobilenetv3_small_100",
    "efficientnet_lite0": "tf_efficientnet_lite0",
    "resnet18": "resnet18",
}
"""Our name of a network, and timm's."""
PHOTOS = 256
RESULTS = Path(__file__).parent / "results"

Steps = dict[str, Callable[[], None]]


class Case(NamedTuple):
    """What is the same for all networks."""

    data: Path
    device: torch.device
    size: int
    given: int | None

    @property
    def batch(self) -> int:
        """Images of a step: all that is made up on a GPU, which small batches do not fill."""
        return self.given or (256 if self.device.type == "cuda" else 32)


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=NETWORKS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, help="32 by default, 256 with --cuda")
    parser.add_argument("--dry", action="store_true", help="write no results")
    parser.add_argument("--cuda", action="store_true", help="on a GPU, against bf16 and compile")
    parser.add_argument("--input", nargs="*", default=["mobilenet_v3_small"], choices=NETWORKS)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    import_torchvision()
    device = torch.device("cuda" if asked.cuda else "cpu")
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    print(hardware(device), versions(), sep="\n", end="\n\n")
    print(f"{'network':20}{'contender':12}{'ms a step: median (range)':30}{'images/s':>10}{'x':>7}")
    with tempfile.TemporaryDirectory() as folder:
        data = photos(asked.data / "imagenet200", Path(folder))
        case = Case(data, device, asked.size, asked.batch)
        rows = [measured_network(name, case, asked.rounds) for name in asked.networks]
        rows += [measured_input(name, case) for name in ([] if asked.cuda else asked.input)]
    if asked.dry:
        return
    file = RESULTS / ("training-cuda.jsonl" if asked.cuda else "training.jsonl")
    head = {"hardware": hardware(device), "versions": versions(), "rounds": asked.rounds}
    file.write_text("".join(json.dumps(row) + "\n" for row in [head, *rows]), encoding="utf-8")


def hardware(device: torch.device) -> str:
    """What it runs on, in words."""
    chip = platform.processor() or platform.machine()
    if device.type == "cuda":
        chip = torch.cuda.get_device_name(device)
    return f"{chip}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"


def versions() -> str:
    """Of what is compared."""
    return ", ".join(f"{tool} {version(tool)}" for tool in ("striate", "torch", "timm"))


def photos(source: Path, folder: Path) -> Path:
    """Photos in two classes, for the loaders."""
    files = sorted(source.glob("*.JPEG"))[:PHOTOS]
    for number in range(PHOTOS):
        target = folder / "photos" / f"class{number % 2}" / f"{number}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        if number < len(files):
            target.write_bytes(files[number].read_bytes())
        elif not files:
            made_up(number).save(target, quality=90)
    return folder / "photos"


def made_up(number: int) -> Image.Image:
    """A smooth picture of 500×375 pixels, about as hard to decode as a photo."""
    coarse = np.random.default_rng(number).integers(0, 256, (47, 63, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((500, 375), Image.Resampling.BICUBIC)


def session_for(name: str, case: Case) -> tuple[Session, str]:
    """What `fit` makes before its first step, and the way it chose, in words."""
    tell = Silent()
    options: Options = {"batch": case.batch, "epochs": 100, "val_share": 0.0, "size": case.size}
    planned = plan(name, case.data, options, tell)
    assert planned.start is not None
    prepared = prepare(planned.manifest, planned.record, planned.settings, reporter=tell)
    record: Preprocessing = planned.start.suited(prepared.record)
    loader, _ = prepared.loaders(record, planned.settings)
    network = planned.start.network
    settings, _ = with_way(planned.settings, network, loader, record, case.device, reporter=tell)
    job = Job(
        module=planned.start.module(),
        graph=network.graph,
        train=loader,
        val=None,
        record=record,
        settings=settings,
        folder=case.data.parent,
        facts={},
    )
    session = Session(job, Team(), Clock())
    session.train()
    return session, session.way.words


def measured_network(name: str, case: Case, rounds: int) -> dict[str, object]:
    """Steps of all contenders on one network."""
    theirs, device = NETWORKS[name], case.device
    session, way = session_for(name, case)
    step = next(session.shown.epoch(1))
    # Its memory is used again by the next batch.
    step = step._replace(images=step.images.clone(memory_format=torch.preserve_format))
    batch = len(step.images)  # of nearly equal ones, the largest not above what was asked for
    steps: Steps = {"striate": lambda: our_step(session, step)}
    steps["timm"] = their_step(theirs, step.images.contiguous(), step.targets)
    if device.type == "cuda":
        steps["timm bf16"] = their_step(theirs, step.images, step.targets, is_tuned=True)
    times = taken(steps, rounds, device)
    middle = {one: median(seconds) for one, seconds in times.items()}
    for one, seconds in times.items():
        words = f"{1e3 * middle[one]:8.1f} ({1e3 * min(seconds):.1f} - {1e3 * max(seconds):.1f})"
        ratio = "" if one == "striate" else f"{middle[one] / middle['striate']:7.2f}"
        rate = batch / middle[one]
        print(f"{name:20}{one:12}{words:30}{rate:10.0f}{ratio:>7}", flush=True)
    print(f"{'':20}striate: {way}", flush=True)
    return {
        "network": name,
        "batch": batch,
        "size": case.size,
        "way": way,
        "images_per_s": {one: round(batch / seconds, 1) for one, seconds in middle.items()},
        "ratios": {
            one: round(seconds / middle["striate"], 3)
            for one, seconds in middle.items()
            if one != "striate"
        },
    }


def our_step(session: Session, step: Step) -> None:
    """What the loop does with a batch."""
    learned = learn(session, step, weight=1.0)
    session.watch.add(step.number, learned, step.places)
    if session.watch.is_due(step.number):
        session.watch.look(session.position.tally)


def their_step(
    name: str, images: Tensor, labels: Tensor, *, is_tuned: bool = False
) -> Callable[[], None]:
    """A step of a loop as in PyTorch's tutorials."""
    module, optimizer = their_module(name, images.device, is_tuned=is_tuned)

    def step() -> None:
        with torch.autocast(images.device.type, torch.bfloat16, enabled=is_tuned):
            loss = cross_entropy(module(images), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def their_module(
    name: str, device: torch.device, *, is_tuned: bool = False
) -> tuple[nn.Module, torch.optim.Optimizer]:
    """Timm's network for two classes, and an optimizer like ours."""
    import timm

    module: nn.Module = timm.create_model(name, num_classes=2).to(device).train()
    if is_tuned:
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        module.compile()
    optimizer = torch.optim.SGD(
        module.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4
    )
    return module, optimizer


def taken(steps: Steps, rounds: int, device: torch.device) -> dict[str, list[float]]:
    """Seconds of each contender's steps; the first two of each do not count."""
    times: dict[str, list[float]] = {one: [] for one in steps}
    for number in range(-2, rounds):
        for one, step in steps.items():
            start = time.perf_counter()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if number >= 0:
                times[one].append(time.perf_counter() - start)
    return times


def measured_input(name: str, case: Case) -> dict[str, object]:
    """Whole epochs from the files."""
    session, way = session_for(name, case)
    rates = {"striate": our_rate(session), "timm": their_rate(NETWORKS[name], case)}
    ratio = rates["striate"] / rates["timm"]
    for one, rate in rates.items():
        said = f"{ratio:7.2f}" if one == "timm" else ""
        words = "an epoch of photos, with input"
        print(f"{name:20}{one:12}{words:30}{rate:10.0f}{said:>7}", flush=True)
    rounded = {one: round(rate, 1) for one, rate in rates.items()}
    return {"network": name, "with_input": rounded, "way": way, "ratio": round(ratio, 3)}


def our_rate(session: Session) -> float:
    """Images per second of a second epoch."""
    rates = []
    for epoch in (1, 2):
        start, images = time.perf_counter(), 0
        for step in session.shown.epoch(epoch):
            our_step(session, step)
            images += len(step.images)
        rates.append(images / (time.perf_counter() - start))
    return rates[-1]


def their_rate(name: str, case: Case) -> float:
    """Images per second of a second epoch of a plain loop over a DataLoader."""
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms

    change = transforms.Compose(
        [
            transforms.RandomResizedCrop(case.size, scale=(0.35, 1)),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    loader = DataLoader(
        datasets.ImageFolder(str(case.data), change),
        batch_size=case.batch,
        shuffle=True,
        num_workers=os.cpu_count() or 1,
        persistent_workers=True,
    )
    module, optimizer = their_module(name, case.device)
    rates = []
    for _ in range(2):
        start = time.perf_counter()
        for images, labels in batches(loader, case.device):
            optimizer.zero_grad()
            cross_entropy(module(images), labels).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        rates.append(PHOTOS / (time.perf_counter() - start))
    return rates[-1]


def batches(loader: object, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of a DataLoader, on the device."""
    for images, labels in loader:  # type: ignore[attr-defined]
        yield images.to(device), labels.to(device)


if __name__ == "__main__":
    main()
