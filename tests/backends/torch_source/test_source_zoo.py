"""Networks of the zoo as files: the same network, laid out and short."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import torch

from striate import network
from striate.networks import Network
from tests.backends.torch_source.running import assert_same, network_of

SIZES: dict[str, tuple[int, ...]] = {
    "convnext_tiny": (3, 32, 32),
    "densenet121": (3, 32, 32),
    "efficientnet_b0": (3, 32, 32),
    "efficientnet_lite0": (3, 33, 47),
    "ghostnet_050": (3, 64, 64),
    "hrnet_w18": (3, 64, 64),
    "inception_v3": (3, 96, 96),
    "lenet5": (1, 32, 32),
    "mobilenet_v3_small": (3, 32, 32),
    "regnet_y_400mf": (3, 32, 32),
    "resnet50": (3, 32, 32),
    "shufflenet_v1": (3, 64, 64),
    "shufflenet_v2_x0_5": (3, 32, 32),
    "squeezenet1_1": (3, 64, 64),
    "unet_same": (1, 32, 32),
}


@cache
def made(name: str) -> Network:
    return network(name, input=SIZES[name])


@pytest.mark.parametrize("name", SIZES)
def test_a_file_is_the_network_of_the_zoo(name: str) -> None:
    assert_same(made(name).graph, made(name).source())


def test_files_are_laid_out_and_clean(tmp_path: Path) -> None:
    for name in SIZES:
        (tmp_path / f"{name}.py").write_text(made(name).source(), "utf-8")
    for words in (["check"], ["format", "--check"], ["format", "--check", "--line-length", "100"]):
        command = [sys.executable, "-m", "ruff", *words, "--isolated", "--no-cache", str(tmp_path)]
        ran = subprocess.run(command, text=True, capture_output=True, check=False)
        assert ran.returncode == 0, ran.stdout


def test_resnet50_is_as_short_as_by_hand() -> None:
    text = made("resnet50").source()
    assert text.count("\n") < 110
    assert text.count("\nclass ") == 2
    assert "class Bottleneck(nn.Module):" in text
    assert "*[Bottleneck(1024, 256) for _ in range(5)]" in text


def test_a_dense_block_is_a_loop() -> None:
    text = made("densenet121").source()
    assert "class DenseBlock(nn.Module):" in text
    assert "x = torch.cat([x, layer(x)], dim=1)" in text


def test_the_number_of_classes_is_an_argument() -> None:
    net = network_of(made("resnet50").source(), num_classes=7)
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


def test_the_file_says_where_it_is_from() -> None:
    text = network("resnet50").source()
    assert "Deep residual learning for image recognition" in text
    assert "Parameters: 25,557,032" in text
    assert "one image: 4,089,184,256" in text
    assert "    model = ResNet50()\n" in text


def test_writing_a_file_loads_no_torch() -> None:
    code = (
        "import sys, striate; striate.network('resnet18').source(); print('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert ran.stdout.strip() == "False"


def test_the_page_shows_what_is_written() -> None:
    page = (Path(__file__).parents[3] / "docs" / "eject.md").read_text("utf-8")
    excerpt = page.partition("```python\n")[2].partition("        ...\n```")[0]
    text = network("resnet50").source()
    assert excerpt in text
    assert f"(the whole is {len(text.splitlines())} lines)" in page
