"""Time of one forward pass, against timm's and torchvision's modules, in one run.

    python bench/inference.py [--repeats 15] [--batch 1 16] [--compile] [NAME ...]

Ours is the folded module with channels last, `folded(network(NAME).module())`; with `--compile`
also what `torch.compile` makes of it, and the faster of the two counts. Theirs are the modules as
their makers give them, in eval mode. All in float32, without gradients, on the same images. The
contenders take turns, so that a slow minute of the machine is everybody's; medians and quartiles of
the repeats. Needs the extra `bench` and, for `--compile`, a C++ compiler.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from statistics import median, quantiles

import torch
from torch import Tensor, nn
from torchvision_on_cpu import import_torchvision

from striate import folded, network

NETWORKS = {
    "resnet50": ("resnet50", "resnet50"),
    "mobilenet_v3_large": ("mobilenetv3_large_100", "mobilenet_v3_large"),
    "efficientnet_lite0": ("tf_efficientnet_lite0", None),
    "densenet121": ("densenet121", "densenet121"),
}
"""Our name of a network, timm's, and torchvision's where it has one."""
SIZE = 224

Contenders = dict[str, Callable[[], Tensor]]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NETWORKS)}; all by default")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--compile", action="store_true", help="measure the compiled module too")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    import_torchvision()
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    print(
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, float32"
    )
    tools = ("striate", "torch", "timm", "torchvision")
    print(", ".join(f"{tool} {version(tool)}" for tool in tools), end="\n\n")
    print(f"{'network':20}{'batch':>6}  {'ms: median (quartiles)':28}{'ratios: theirs / ours'}")
    for name in asked.names or NETWORKS:
        for batch in asked.batch:
            print_times(name, batch, asked.repeats, compiles=asked.compile)


@torch.no_grad()
def print_times(name: str, batch: int, repeats: int, *, compiles: bool) -> None:
    """One line for each contender, and how many times longer theirs take than ours."""
    times = measured(contenders(name, batch, compiles=compiles), repeats)
    ours = min(median(times[one]) for one in times if one.startswith("striate"))
    for one, seconds in times.items():
        low, middle, high = (1e3 * second for second in quantiles(seconds, n=4))
        said = f"{middle:8.1f} ({low:.1f} - {high:.1f})"
        ratio = "" if one.startswith("striate") else f"{median(seconds) / ours:6.2f}"
        print(f"{name:20}{batch:6}  {one:18}{said:28}{ratio}", flush=True)


def contenders(name: str, batch: int, *, compiles: bool) -> Contenders:
    """The forward passes to time, by who made the module."""
    import timm
    import torchvision

    images = torch.randn(batch, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    last = images.contiguous(memory_format=torch.channels_last)
    ours = folded(network(name).module())
    ours.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch leaves it out
    timms, torchvisions = NETWORKS[name]
    found: Contenders = {"striate": called(ours, last)}
    if compiles:
        found["striate compiled"] = called(torch.compile(ours), last)
    found["timm"] = called(timm.create_model(timms).eval(), images)
    if torchvisions:
        theirs = torchvision.models.get_model(torchvisions).eval()
        found["torchvision"] = called(theirs, images)
    return found


def called(module: Callable[[Tensor], Tensor] | nn.Module, images: Tensor) -> Callable[[], Tensor]:
    """The call of a module on images."""
    return lambda: module(images)


def measured(found: Contenders, repeats: int) -> dict[str, list[float]]:
    """Seconds of each contender's calls; the first two of each do not count."""
    for _ in range(2):
        for call in found.values():
            call()
    times: dict[str, list[float]] = {one: [] for one in found}
    for _ in range(repeats):
        for one, call in found.items():
            start = time.perf_counter()
            call()
            times[one].append(time.perf_counter() - start)
    return times


if __name__ == "__main__":
    main()
