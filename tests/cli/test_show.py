"""`striate show`: what it prints, its JSON, its picture, and what it says of mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from striate.cli.main import run

TEXT = "input(3, 32, 32) -> (conv(16) -> bn -> relu)*2 -> gap -> fc(10)"
PATTERN = "input(3, 32, 32) -> conv({16, 32}) -> relu? -> gap -> fc(10)"


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["show", *arguments]) == 0
    return capsys.readouterr().out


def record(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown(capsys, *arguments, "--json"))
    return found


def test_a_text_is_shown_with_its_layers_and_totals(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(capsys, TEXT)
    params = (3 * 9 * 16 + 16) + (16 * 9 * 16 + 16) + 2 * 2 * 16 + 16 * 10 + 10
    macs = 32 * 32 * (3 * 9 * 16 + 16 * 9 * 16) + 160
    assert "network   3x32x32 -> 10" in said
    assert f"parameters   {params:,} and" in said
    assert f"{macs / 1e6:.4g} MMACs = {2 * macs / 1e6:.4g} MFLOPs per image" in said
    assert "5x5 px, step 1" in said


def test_a_file_is_shown_under_its_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "tiny.cnn"
    file.write_text(TEXT)
    assert shown(capsys, str(file)).startswith("tiny   3x32x32 -> 10")


def test_a_network_of_the_zoo_is_shown_folded(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(capsys, "resnet50")
    assert "25,557,032" in said
    assert "4.089 GMACs = 8.178 GFLOPs" in said
    assert "1-5 x5" in said


def test_depth_opens_containers(capsys: pytest.CaptureFixture[str]) -> None:
    shallow, deep = (shown(capsys, "resnet18", "--depth", depth) for depth in ("1", "3"))
    assert "conv2" not in shallow
    assert "conv2" in deep


def test_input_takes_the_place_of_the_published_size(capsys: pytest.CaptureFixture[str]) -> None:
    assert "resnet18   3x64x64 -> 1000" in shown(capsys, "resnet18", "--input", "3x64x64")
    assert "resnet18   3x?x? -> 1000" in shown(capsys, "resnet18", "--input", "3x?x?")


def test_training_memory_is_shown_for_a_batch_and_an_optimizer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = shown(capsys, TEXT, "--batch", "64", "--optimizer", "sgd")
    assert "at batch 64: weights" in said
    assert "sgd 0 B" in said


def test_json_holds_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, TEXT)
    assert found["name"] == "network"
    assert (found["input"], found["output"]) == ([3, 32, 32], [10])
    assert found["flops"] == 2 * found["macs"]
    assert found["receptive_field"] == "whole image"
    assert found["local_receptive_field"]["largest"] == [5, 5]
    layer = next(one for one in found["layers"] if one["op"] == "conv(16)")
    promised = {"path", "op", "in", "out", "params", "macs", "receptive_field", "stride"}
    assert promised <= set(layer)
    assert layer["in"] == [3, 32, 32]
    assert layer["out"] == [16, 32, 32]
    assert layer["receptive_field"] == [3, 3]
    assert layer["stride"] == [1, 1]


def test_json_layers_add_up_to_the_totals(capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "resnet18")
    assert sum(one["params"] for one in found["layers"]) == found["params"] == 11_689_512
    assert sum(one["macs"] for one in found["layers"]) == found["macs"]


def test_open_sizes_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "resnet18", "--input", "3x?x?")
    assert found["input"] == [3, None, None]
    assert found["macs"] is None
    assert found["params"] == 11_689_512


def test_the_picture_is_written_and_said_on_stderr(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "net.svg"
    assert run(["show", TEXT, "--svg", str(file), "--json"]) == 0
    said = capsys.readouterr()
    json.loads(said.out)
    assert said.err == f"drew {file}\n"
    assert ET.parse(file).getroot().tag.endswith("svg")


def test_a_pattern_is_counted_and_its_choices_told(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(capsys, PATTERN)
    assert said.startswith("a pattern of 4 networks")
    assert "{16, 32}  2 ways" in said
    assert "relu?     2 ways" in said
    assert record(capsys, PATTERN)["members"] == 4


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["conv(3) ->"], "operand-missing"),
        (["missing.cnn"], "unreadable-file"),
        ([TEXT, "--input", "3xlarge"], "input-not-sizes"),
        ([TEXT, "--batch", "8", "--optimizer", "adm"], "unknown-optimizer"),
        ([TEXT, "--svg", "missing/folder/net.svg"], "picture-unwritable"),
    ],
)
def test_mistakes_are_told_in_one_message(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: str
) -> None:
    assert run(["show", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"[{code}]" in said.err


def test_no_framework_is_imported() -> None:
    script = (
        "import sys; from striate.cli.main import run; run(['show', 'resnet50']);"
        "print(sorted({'torch', 'numpy', 'rich'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.endswith("[]\n")
