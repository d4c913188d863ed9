"""Images per second from files to batches a network can take, against plain DataLoaders.

    python bench/input.py [--rounds 5] [--data DIR] [--sets photos large cifar]
    python bench/input.py --threads 1 2 3 4 [--cores 1 2]

Every contender gives float32 batches N×C×H×W with mean and deviation taken out, of 224×224 pixels
(CIFAR-10: 32×32), 64 at a time, from the same files, in an order drawn anew each round:

  striate         `Loader` with a random resized crop, nothing kept: a first epoch
  striate cached  the same from a filled cache of whole pictures, whose shorter side is 336 px
  striate final   from a filled cache of what validation sees (centre crop)
  torchvision     `torch.utils.data.DataLoader`, two worker processes; pillow decodes; torchvision's
                  RandomResizedCrop, RandomHorizontalFlip, ToTensor and Normalize
  opencv          the same DataLoader; OpenCV decodes, crops, flips and resizes (its INTER_LINEAR)

On CIFAR-10 images are only flipped, from PNG in the Parquet files of the Hugging Face layout, which
are in memory for all. Two threads or two processes load; torch has two threads. Freed memory is
kept as `fit` keeps it, and the workers of the DataLoaders inherit that. The contenders take turns,
and medians of the rounds are printed with their ratios to torchvision. DIR holds `imagenet200`
(photos) and `cifar10` (Parquet); the large photos are made of the small ones, enlarged to 12
megapixels, JPEG of quality 90, in a temporary folder. Needs the extra `bench`.

With `--threads`, only striate's first epoch of photos, by numbers of threads and of cores that the
process may use.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import platform
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision_on_cpu import import_torchvision

from striate.data import (
    Loader,
    Manifest,
    Preprocessing,
    Store,
    contents,
    index,
    network_input,
    open_cache,
)
from striate.data.augment import Augmentation, Augmenter, RandomCrop
from striate.data.contents import Contents
from striate.train.compute.allocator import keep_freed_memory

BATCH, WORKERS, SIDE = 64, 2, 336
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LARGE_PIXELS = 12_000_000

Pass = Callable[[np.ndarray, int], Iterator[Tensor]]
"""Batches of the images at these places, in this epoch."""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", nargs="+", default=["photos", "large", "cifar"])
    parser.add_argument("--threads", type=int, nargs="+", help="only ours, by numbers of threads")
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    import_torchvision()
    keep_freed_memory()
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {WORKERS} workers"
    )
    tools = ("striate", "torch", "torchvision", "pillow", "simplejpeg", "opencv-python-headless")
    print(", ".join(f"{tool} {version(tool)}" for tool in tools), end="\n\n")
    with tempfile.TemporaryDirectory() as folder:
        if asked.threads:
            manifest, limit = image_set("photos", asked.data, Path(folder))
            print_scaling(manifest, limit, asked.threads, asked.cores, asked.rounds)
            return
        print(f"{'images':8}{'contender':16}{'images/s: median (range)':30}{'x torchvision':>14}")
        for name in asked.sets:
            manifest, limit = image_set(name, asked.data, Path(folder))
            runs = contenders(name, manifest, Path(folder) / f"cache-{name}")
            print_rates(name, measured(runs, len(manifest), limit, asked.rounds))


def image_set(name: str, data: Path, folder: Path) -> tuple[Manifest, int]:
    """The images, and how many of them a round shows."""
    if name == "cifar":
        return index(data / "cifar10" / "train.parquet"), 10_000
    for number, file in enumerate(sorted((data / "imagenet200").glob("*.JPEG"))):
        # Any two classes: labels are loaded, too, but do not matter here.
        target = folder / name / f"class{number % 2}" / f"{file.stem}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        if name == "photos":
            target.write_bytes(file.read_bytes())
        elif number < 100:
            _enlarged(file, target)
    return index(folder / name), 400 if name == "photos" else 50


def _enlarged(file: Path, target: Path) -> None:
    image = Image.open(file).convert("RGB")
    scale = (LARGE_PIXELS / (image.width * image.height)) ** 0.5
    size = (round(image.width * scale), round(image.height * scale))
    image.resize(size, Image.Resampling.BICUBIC).save(target, quality=90)


def contenders(name: str, manifest: Manifest, folder: Path) -> dict[str, Pass]:
    """Who is measured, the caches filled already."""
    side = 32 if name == "cifar" else 224
    record = Preprocessing(side, side, 3, MEAN, DEVIATION, crop_share=1.0, reducing_gap=2.0)
    store = Store(str(folder))
    final = Loader(manifest, record, BATCH, cache=open_cache(manifest, record, store))
    loaders = {"striate final": final}
    if name == "cifar":
        loaders = {"striate": Loader(manifest, record, BATCH), "striate cached": final}
    else:
        view = RandomCrop(0.08)
        whole = open_cache(manifest, record, store, side=SIDE)
        loaders["striate"] = Loader(manifest, record, BATCH, view=view)
        loaders["striate cached"] = Loader(
            manifest, record, BATCH, view=view, side=SIDE, cache=whole
        )
    for loader in loaders.values():
        loader.workers = WORKERS
        if loader.cache is not None:
            for _ in loader.batches():
                pass
    ours: dict[str, Pass] = {key: _ours(loader) for key, loader in sorted(loaders.items())}
    is_cropped = name != "cifar"
    return {
        **ours,
        "torchvision": _theirs(PillowImages(manifest, is_cropped=is_cropped)),
        "opencv": _theirs(OpenCVImages(manifest, is_cropped=is_cropped)),
    }


def _ours(loader: Loader) -> Pass:
    # The others flip in their workers.
    flip = Augmenter(Augmentation(flip=True), 2, loader.record.mean)

    def batches(order: np.ndarray, epoch: int) -> Iterator[Tensor]:
        for step, batch in enumerate(loader.batches(order, epoch=epoch), 10_000 * epoch):
            changed = flip(batch.images, batch.labels, step=step, places=batch.places)
            yield network_input(changed.images, loader.record)

    return batches


class Images(Dataset[tuple[Tensor, int]]):
    """What both of theirs share: the bytes of an image, and its label."""

    def __init__(self, manifest: Manifest, *, is_cropped: bool) -> None:
        self.read: Contents = contents(manifest)
        self.labels = manifest.labels
        self.is_cropped = is_cropped

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        return self.image(self.read(place)), int(self.labels[place])

    def image(self, content: bytes) -> Tensor:
        """Float32, C×H×W."""
        raise NotImplementedError


class PillowImages(Images):
    """As torchvision's and timm's own training scripts do it."""

    def __init__(self, manifest: Manifest, *, is_cropped: bool) -> None:
        super().__init__(manifest, is_cropped=is_cropped)
        from torchvision import transforms

        first = [transforms.RandomResizedCrop(224)] if is_cropped else []
        self.transform = transforms.Compose(
            [
                *first,
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, DEVIATION),
            ]
        )

    def image(self, content: bytes) -> Tensor:
        """Float32, C×H×W."""
        return cast(Tensor, self.transform(Image.open(io.BytesIO(content)).convert("RGB")))


class OpenCVImages(Images):
    """The same steps with OpenCV and numpy."""

    def image(self, content: bytes) -> Tensor:
        """Float32, C×H×W."""
        import cv2
        from torchvision.transforms import RandomResizedCrop

        cv2.setNumThreads(0)
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
        array = np.asarray(decoded)
        if self.is_cropped:
            shape = torch.empty(3, array.shape[0], array.shape[1], device="meta")
            top, left, down, across = RandomResizedCrop.get_params(shape, [0.08, 1], [3 / 4, 4 / 3])
            array = cv2.resize(array[top : top + down, left : left + across], (224, 224))
        if torch.rand(1) < 0.5:
            array = cv2.flip(array, 1)
        scaled = (array / np.float32(255) - np.asarray(MEAN, "f4")) / np.asarray(DEVIATION, "f4")
        return torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)))


def _theirs(images: Images) -> Pass:
    def batches(order: np.ndarray, epoch: int) -> Iterator[Tensor]:
        loader = DataLoader(
            images, BATCH, sampler=order.tolist(), num_workers=WORKERS, worker_init_fn=_alone
        )
        for batch, _ in loader:
            yield batch

    return batches


def _alone(_: int) -> None:
    torch.set_num_threads(1)


def measured(runs: dict[str, Pass], images: int, limit: int, rounds: int) -> dict[str, list[float]]:
    """Images per second of each contender in each round, after one round to warm up."""
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for epoch in range(rounds + 1):
        chance = np.random.default_rng(epoch)
        order = np.concatenate([chance.permutation(images) for _ in range(-(-limit // images))])
        for name in _turned(list(runs), epoch):
            # Ten times as many of those that are over in a moment.
            factor = 10 if "cached" in name or "final" in name else 1
            places = np.tile(order[:limit], factor)
            begin = time.perf_counter()
            shown = sum(_looked_at(batch) for batch in runs[name](places, epoch))
            rate = shown / (time.perf_counter() - begin)
            if epoch:
                rates[name].append(rate)
    return rates


def print_scaling(
    manifest: Manifest, limit: int, threads: list[int], cores: list[int], rounds: int
) -> None:
    """Images per second of our first epoch, by cores (where the system can say) and threads."""
    record = Preprocessing(224, 224, 3, MEAN, DEVIATION)
    usable = sorted(os.sched_getaffinity(0))
    torch.set_num_threads(1)
    rates: dict[tuple[int, int], list[float]] = {}
    places = np.resize(np.arange(len(manifest)), limit)
    for turn, core, count in itertools.product(range(rounds + 1), cores, threads):
        os.sched_setaffinity(0, usable[:core])
        loader = Loader(manifest, record, BATCH, view=RandomCrop(0.08), workers=count)
        begin = time.perf_counter()
        shown = sum(len(batch.labels) for batch in loader.batches(places, epoch=turn))
        if turn:
            rates.setdefault((core, count), []).append(shown / (time.perf_counter() - begin))
    print("cores  threads  images/s: median (range)")
    for (core, count), found in rates.items():
        print(f"{core:5}{count:9}{median(found):9,.0f} ({min(found):,.0f} - {max(found):,.0f})")


def _turned(names: list[str], by: int) -> Iterator[str]:
    """All names, beginning with another one each round."""
    return itertools.islice(itertools.cycle(names), by, by + len(names))


def _looked_at(batch: Tensor) -> int:
    assert batch.dtype == torch.float32
    assert batch.shape[1] == 3
    return len(batch)


def print_rates(name: str, rates: dict[str, list[float]]) -> None:
    """One line for each contender."""
    plain = median(rates["torchvision"])
    for contender, found in rates.items():
        middle = median(found)
        said = f"{middle:8,.0f} ({min(found):,.0f} - {max(found):,.0f})"
        print(f"{name:8}{contender:16}{said:30}{middle / plain:>12.2f} x", flush=True)


if __name__ == "__main__":
    main()
