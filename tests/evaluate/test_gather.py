"""Two processes find what one finds, each image exactly once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from striate.data import Loader, Preprocessing, index
from striate.evaluate import answers, unreadable_of
from tests.data.pictures import stripe_folder

RECORD = Preprocessing(8, 8, 3, mean=(0.5, 0.5, 0.5), deviation=(0.25, 0.25, 0.25))

# What each process does; the folder comes first, then where to write.
SCRIPT = """
import sys
import numpy as np
from striate.data import Loader, index
from striate.evaluate import answers, unreadable_of
from striate.evaluate.gather import gathered, gathered_texts, joined, rank, shard
from tests.evaluate.test_gather import RECORD, network

with joined():
    for images in (7, 1):
        manifest = index(sys.argv[1]).taken(np.arange(images))
        loader = Loader(manifest, RECORD, 2, workers=1, shard=shard())
        said = answers(network(), loader, RECORD)
        bad = [one.path for one in unreadable_of(loader)]
        if rank() == 0:
            np.savez(f"{sys.argv[2]}/{images}.npz", logits=said.logits, labels=said.labels,
                     places=said.places, bad=bad)
    assert gathered(np.full((rank() + 1, 2), rank())).tolist() == [[0, 0], [1, 1], [1, 1]]
    assert gathered_texts(["é"] * rank() + ["x"]) == ["x", "é", "x"]
"""


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 2)).eval()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    """Seven images, one of which is damaged; and one image, which leaves a process without any."""
    photos, out = stripe_folder(tmp_path / "photos", images=4), tmp_path / "out"
    out.mkdir()
    (photos / "across" / "3.png").write_bytes(b"oops")
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"src{os.pathsep}."}
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(photos), str(out)],
            env={**alone, **meeting, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=Path(__file__).parents[2],
        )
        for rank in range(2)
    ]
    try:
        assert [process.wait(100) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
    for images in (7, 1):
        loader = Loader(index(photos).taken(np.arange(images)), RECORD, 2, workers=1)
        expected = answers(network(), loader, RECORD)
        found = np.load(out / f"{images}.npz")
        np.testing.assert_allclose(found["logits"], expected.logits, atol=1e-6)
        assert found["labels"].tolist() == expected.labels.tolist()
        assert found["places"].tolist() == expected.places.tolist()
        assert found["bad"].tolist() == [one.path for one in unreadable_of(loader)]
