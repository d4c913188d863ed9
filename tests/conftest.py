"""For all tests: fixed seeds, no network, two threads, the shared material where it is present."""

from __future__ import annotations

import gc
import os
import random
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

SHARED = Path(__file__).resolve().parents[2] / "shared"
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
# Before torch or numpy is imported: they read it once. Set, not offered: workers inherit what the
# process that starts them has set, and threads that wait for each other's core are slow.
os.environ["OMP_NUM_THREADS"] = "1" if WORKERS > 1 else "2"
# A shell lets what it starts in the background ignore Ctrl-C, which some tests press.
signal.signal(signal.SIGINT, signal.default_int_handler)

LOOPBACK = ("127.0.0.1", "::1", "localhost")

settings.register_profile("striate", derandomize=True, deadline=None, database=None)
settings.load_profile("striate")


def pytest_configure() -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test wanted to connect to {address}; tests use no network")
        connect(self, address)

    socket.socket.connect = connect_here  # type: ignore[method-assign, assignment]


def pytest_collection_finish() -> None:
    """Spares the garbage collector a look through all of torch again and again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked `gpu` where there is no CUDA device."""
    on_gpu = [item for item in items if item.get_closest_marker("gpu")]
    if not on_gpu:
        return
    import torch

    if not torch.cuda.is_available():
        for item in on_gpu:
            item.add_marker(pytest.mark.skip(reason="no CUDA device here"))


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test starts from the same random state, in whichever order tests run."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of material beside the project, which is not part of it; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared, which is not part of the project")
    return SHARED
