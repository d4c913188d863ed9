"""What is added from outside is one file, edits nothing, and works everywhere at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LAYER = '''
"""A layer in a folder of its own."""

from striate.ir import Cost, Op, TorchLayer, Types, Weight, width


class Projection(Op):
    """A fully connected layer without bias."""

    name = "projection"
    also = ("proj",)
    glyph = "fc"
    formula = "y = weight * x"
    source = "this test, 2026"
    examples = ("input(8) -> projection(3) :: 3",)
    ranks = (0,)

    w: int = width(doc="features out")

    def infer(self, inputs: Types) -> Types:
        return (inputs[0].with_channels(self.w),)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        sizes = (self.w, inputs[0].channels)
        return (Weight("weight", sizes, fan=(sizes[1], sizes[0])),)

    def cost(self, inputs: Types, outputs: Types) -> Cost:
        return Cost(macs=self.w * inputs[0].channels)

    def torch(self, inputs: Types, outputs: Types) -> TorchLayer:
        return TorchLayer("torch.nn.Linear", (inputs[0].channels, self.w), {"bias": False})
'''
USE = """
import sys
import striate.ops
striate.ops.__path__.append(sys.argv[1])
striate.ops.load()
"""


def outcome(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """What a fresh interpreter prints that has the folder among its layers."""
    return subprocess.run(
        [sys.executable, "-c", USE + program, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_a_layer_from_outside_works_in_texts_counts_and_torch(tmp_path: Path) -> None:
    (tmp_path / "projection.py").write_text(LAYER, encoding="utf-8")
    done = outcome(
        tmp_path,
        """
import striate
net = striate.network("input(3, 8, 8) -> conv(16) -> relu -> gap -> flatten -> proj(10) :: 10")
print(net.params, net.macs)
module = net.module()
print(sorted(module.state_dict()))
import torch
print(tuple(module(torch.zeros(2, 3, 8, 8)).shape))
""",
    )
    assert done.returncode == 0, done.stderr
    params = 3 * 16 * 9 + 16 + 16 * 10
    macs = 64 * 3 * 16 * 9 + 160
    assert done.stdout.splitlines() == [
        f"{params} {macs}",
        "['0.bias', '0.weight', '4.weight']",
        "(2, 10)",
    ]


def test_a_layer_of_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(LAYER.replace('"proj"', '"dense"'), encoding="utf-8")
    done = outcome(tmp_path, "")
    assert done.returncode == 1
    assert "two layers are called 'dense': striate.ops.linear.Dense" in done.stderr
    assert "striate.ops.mine.Projection" in done.stderr


def test_a_file_of_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    (tmp_path / "linear.py").write_text(LAYER, encoding="utf-8")
    done = outcome(tmp_path, "")
    assert done.returncode == 1
    assert "striate.ops: 'linear' stands in" in done.stderr
