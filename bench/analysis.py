"""What analysing a network costs: striate beside torchinfo, fvcore and ptflops, in one run.

    python bench/analysis.py [NET] [--runs N]

All four get the same network; the other three get it as a finished torch module, which striate
made, so neither torchvision nor timm is needed, and in the first table their time to build it is
not counted. Tools that are not installed are named and left out.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import striate

Work = Callable[[], object]


def torchinfo_of(module: Any, size: tuple[int, ...]) -> object:
    """Totals by torchinfo."""
    from torchinfo import summary

    return summary(module, input_size=(1, *size), verbose=0, device="cpu").total_params


def fvcore_of(module: Any, size: tuple[int, ...]) -> object:
    """Totals by fvcore."""
    import torch
    from fvcore.nn import FlopCountAnalysis

    logging.getLogger("fvcore").setLevel(logging.ERROR)
    return FlopCountAnalysis(module, torch.zeros(1, *size)).total()


def ptflops_of(module: Any, size: tuple[int, ...]) -> object:
    """Totals by ptflops."""
    from ptflops import get_model_complexity_info

    return get_model_complexity_info(module, size, as_strings=False, print_per_layer_stat=False)


OTHERS = {"torchinfo": torchinfo_of, "fvcore": fvcore_of, "ptflops": ptflops_of}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("net", nargs="?", default="resnet50")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", choices=OTHERS, help="one analysis by one tool, no output")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    if asked.only:
        OTHERS[asked.only](*built(asked.net))
        return
    print_conditions(asked.runs)
    everything_loaded(asked.net, asked.runs)
    whole_process(asked.net, asked.runs)
    text_to_graph(("resnet50", "hrnet_w18"), asked.runs)


def built(net: str) -> tuple[Any, tuple[int, ...]]:
    """The torch module of a network, and the size of its input."""
    network = striate.network(net)
    return network.module().eval(), tuple(size for size in network.input if size is not None)


def print_conditions(runs: int) -> None:
    """Machine, versions and number of runs, without which the numbers say nothing."""
    print(f"{processor()}, {os.cpu_count()} cores; Python {platform.python_version()}")
    print(", ".join(installed(name) for name in ("striate", "torch", *OTHERS)))
    print(f"median of {runs} runs (fastest to slowest)")


def processor() -> str:
    """Name of the processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def installed(package: str) -> str:
    """`torch 2.13.0`, or that it is missing."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} not installed"


def everything_loaded(net: str, runs: int) -> None:
    """One analysis in a process that has imported all it needs."""

    def ours() -> object:
        network = striate.network(net)
        return network.params, network.macs, network.receptive_field

    print(f"\none analysis of {net}, everything loaded")
    own = timed(ours, runs)
    print(row("striate (from the text)", own))
    module, size = built(net)
    for name, analyse in OTHERS.items():
        if find_spec(name):
            print(row(name, timed(partial(analyse, module, size), runs), own))


def whole_process(net: str, runs: int) -> None:
    """Start to exit, as the shell sees it."""
    print("\nwhole process")
    print(row("striate --help", timed(process("-m", "striate", "--help"), runs)))
    own = timed(process("-m", "striate", "show", net), runs)
    print(row(f"striate show {net}", own))
    for name in filter(find_spec, OTHERS):
        theirs = process(__file__, net, "--only", name)
        print(row(f"{name} on {net}", timed(theirs, max(3, runs // 2)), own))


def text_to_graph(nets: tuple[str, ...], runs: int) -> None:
    """Parsing and elaborating alone."""
    print("\ntext to typed graph, in process")
    for net in nets:
        print(row(net, timed(partial(striate.network, net), runs)))


def process(*arguments: str) -> Work:
    """A run of this Python with its output thrown away."""
    return lambda: subprocess.run([sys.executable, *arguments], capture_output=True, check=True)


def timed(work: Work, runs: int) -> list[float]:
    """Wall-clock seconds of each run, sorted, after one run that does not count."""
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)


def row(what: str, seconds: list[float], own: list[float] | None = None) -> str:
    """Median and spread in milliseconds, and how many times as long as striate."""
    middle = statistics.median(seconds)
    ratio = f"{middle / statistics.median(own):8.1f} x striate" if own else ""
    spread = f"({1000 * seconds[0]:.1f} to {1000 * seconds[-1]:.1f})"
    return f"  {what:28} {1000 * middle:9.1f} ms  {spread:22}{ratio}".rstrip()


if __name__ == "__main__":
    main()
