"""Time to the table of a network, against torchinfo, fvcore and ptflops, in one run.

    python bench/analysis.py [--repeats 5]

Ours is text to printed table (parse, elaborate, all analyses). Theirs are measured on a timm model
of the same name that is already built, so its construction is printed apart. Medians; the process
times are whole processes, started fresh. Needs the extra `bench`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import platform
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from statistics import median
from typing import Any

PAIRS = {
    "resnet50": "resnet50",
    "mobilenet_v3_large": "mobilenetv3_large_100",
    "hrnet_w18": "hrnet_w18",
}
"""Our name of a network, and timm's."""
SIZES = (3, 224, 224)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    tools = ("torch", "timm", "torchinfo", "fvcore", "ptflops")
    print(", ".join(f"{tool} {version(tool)}" for tool in tools), end="\n\n")
    print_processes(repeats)
    print_tables(repeats)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median time of a piece of work, after one round that does not count."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def print_processes(repeats: int) -> None:
    """Whole processes: start of Python, imports, work, end."""
    for arguments in (["--help"], ["show", "resnet50"]):
        command = [sys.executable, "-m", "striate", *arguments]

        def run(command: list[str] = command) -> None:
            subprocess.run(command, check=True, capture_output=True)

        print(f"striate {' '.join(arguments):16} {seconds(run, repeats) * 1e3:8.0f} ms a process")
    print()


def print_tables(repeats: int) -> None:
    """For each network our time, theirs, and how many times longer theirs is."""
    print(f"{'ms':20}{'striate':>9}{'elaborate':>11}", end="")
    theirs = {"torchinfo": torchinfo, "fvcore": fvcore, "ptflops": ptflops}
    print("".join(f"{name:>11}{'x':>6}" for name in theirs), f"{'(build)':>9}")
    for ours, timms in PAIRS.items():
        table = seconds(partial(our_table, ours), repeats)
        elaborated = seconds(partial(elaborate, ours), repeats)
        print(f"{ours:20}{table * 1e3:9.1f}{elaborated * 1e3:11.1f}", end="")
        model = built(timms)
        for tool in theirs.values():
            took = seconds(partial(quiet, tool, model), repeats)
            print(f"{took * 1e3:11.1f}{took / table:6.1f}", end="")
        print(f"{seconds(partial(built, timms), 3) * 1e3:10.0f}")


def our_table(name: str) -> str:
    """Text to printed table."""
    import striate

    return str(striate.network(name, input=SIZES))


def elaborate(name: str) -> object:
    """Text to graph."""
    import striate

    return striate.network(name, input=SIZES).graph


def built(name: str) -> Any:
    """The timm model, ready for inference."""
    from torchvision_on_cpu import import_torchvision

    import_torchvision()
    import timm

    return timm.create_model(name).eval()


def quiet(tool: Callable[[Any], object], model: Any) -> None:
    """Run a tool without its prints and warnings."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        tool(model)


def torchinfo(model: Any) -> str:
    """Table with shapes, parameters and multiply-accumulates."""
    from torchinfo import summary

    return str(summary(model, input_size=(1, *SIZES), verbose=0, depth=9))


def fvcore(model: Any) -> str:
    """Table with parameters and multiply-accumulates."""
    import logging

    import torch
    from fvcore.nn import FlopCountAnalysis, flop_count_table

    logging.getLogger("fvcore").setLevel(logging.ERROR)
    return str(flop_count_table(FlopCountAnalysis(model, torch.zeros(1, *SIZES))))


def ptflops(model: Any) -> object:
    """Printed module tree with parameters and multiply-accumulates."""
    from ptflops import get_model_complexity_info

    return get_model_complexity_info(model, SIZES, print_per_layer_stat=True)


if __name__ == "__main__":
    main()
