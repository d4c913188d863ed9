"""What fits into memory, by estimate; beside hand-worked bytes and the limits of containers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from striate.ir import Graph
from striate.networks import network
from striate.train.compute.memory import (
    MARGIN,
    _free_in_container,
    _free_in_machine,
    available_bytes,
    fits,
    largest_batch,
    training_bytes,
    what_would_fit,
)
from striate.train.settings import Settings

SGD = Settings(epochs=1, size=8, batch=64, lr=0.1)
MIB = 2**20


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Two blocks of 16x8x8 numbers: 4 KiB of float32 an image, each."""
    text = "block := conv(16) -> bn -> relu\ninput(3, 8, 8) -> block*4 -> gap -> fc(2)"
    return network(text).graph


def test_a_linear_network_worked_by_hand() -> None:
    """100 inputs and 10 outputs: 1,010 weights, and for each image 100 numbers kept."""
    net = network("input(100) -> fc(10)").graph
    weights = 4 * 1010
    # The weights, a copy to go back to, gradients, momentum; the images are made and kept, as the
    # same tensor or another, and the gradient of ten outputs is alive.
    fixed = 4 * weights
    for batch in (1, 50):
        found = training_bytes(net, SGD, batch)
        assert found is not None
        assert fixed + 4 * batch * 100 <= found <= fixed + 4 * batch * (2 * 100 + 2 * 10)
    with_average = training_bytes(net, replace(SGD, ema=0.99), 1)
    without = training_bytes(net, SGD, 1)
    assert with_average is not None
    assert without is not None
    assert with_average - without == weights


def test_fewer_bits_and_forgetting_take_less(graph: Graph) -> None:
    plain = training_bytes(graph, SGD, 64) or 0
    short = training_bytes(graph, replace(SGD, precision="bfloat16"), 64) or 0
    forgetting = training_bytes(graph, replace(SGD, checkpointing=True), 64) or 0
    assert 0 < short < 0.6 * plain
    assert 0 < forgetting < 0.8 * plain


@pytest.mark.parametrize("free", [1 * MIB, 7 * MIB, 100 * MIB])
def test_the_largest_batch_fits_and_one_more_image_does_not(graph: Graph, free: int) -> None:
    most = largest_batch(graph, SGD, free)
    assert most > 2
    assert fits(graph, SGD, most, free)
    assert not fits(graph, SGD, most + 1, free)
    assert (training_bytes(graph, SGD, most) or 0) <= MARGIN * free


def test_where_not_two_images_fit_the_largest_batch_is_none(graph: Graph) -> None:
    assert largest_batch(graph, SGD, 10_000) == 0


def test_advice_names_what_would_fit(graph: Graph) -> None:
    lines = what_would_fit(graph, SGD, 2 * MIB)
    most = largest_batch(graph, SGD, 2 * MIB)
    parts = -(-64 // most)
    assert "free are 2 MiB" in lines[0]
    assert any(line.startswith(f"--accumulate {parts} ") for line in lines)
    assert any("--checkpointing" in line for line in lines)
    batch = next(int(line.split()[1]) for line in lines if line.startswith("--batch"))
    assert batch <= most < 2 * batch


def test_advice_does_not_name_what_is_done_already(graph: Graph) -> None:
    done = replace(SGD, checkpointing=True)
    assert not any("--checkpointing" in line for line in what_would_fit(graph, done, 2 * MIB))


def test_a_machine_says_what_is_free(tmp_path: Path) -> None:
    file = tmp_path / "meminfo"
    file.write_text("MemTotal:  100 kB\nMemFree:  10 kB\nMemAvailable:   40 kB\n", encoding="ascii")
    assert _free_in_machine(file) == 40 * 1024
    assert _free_in_machine(tmp_path / "none") is None
    assert 0 < available_bytes(torch.device("cpu")) < 2**50


def test_a_container_leaves_what_its_limit_says(tmp_path: Path) -> None:
    assert _free_in_container(tmp_path) is None
    (tmp_path / "memory.current").write_text("300\n", encoding="ascii")
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert _free_in_container(tmp_path) is None
    (tmp_path / "memory.max").write_text("1000\n", encoding="ascii")
    assert _free_in_container(tmp_path) == 700
