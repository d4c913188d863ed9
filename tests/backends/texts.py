"""Networks that tests of the torch module share, as texts and as code written by hand."""

from __future__ import annotations

from torch import Tensor, nn

from striate.ir import Graph
from striate.notation import program
from striate.source import Source

RESNET = """
set conv(b=0)
block(w, s=1) :=
  ( conv1: conv(w, 3, s) -> bn1: bn -> relu -> conv2: conv(w) -> bn2: bn
  + if s == 1 and c == w then id else downsample: (conv(w, 1, s) -> bn) ) -> relu
resnet(classes=10) :=
  conv1: conv(8, 3) -> bn1: bn -> relu
  -> (-> layer{i+1}: (block(8*2^i, i+1) -> block(8*2^i)) for i in 0..1) -> gap -> fc: fc(classes)
input(3, 16, 16) -> resnet
"""


def graph_of(text: str) -> Graph:
    """The graph of a text."""
    return program(Source("net.cnn", text)).graph()


def plain(layer: nn.Module) -> Tensor:
    """The weight of a layer that has one."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return weight


class Block(nn.Module):
    """A residual block as one writes it by hand."""

    def __init__(self, given: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(given, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Module | None = None
        if stride > 1 or given != width:
            projection = nn.Conv2d(given, width, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + (self.downsample(x) if self.downsample else x)).relu()


class HandWritten(nn.Module):
    """The network of `RESNET`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(Block(8, 8), Block(8, 8))
        self.layer2 = nn.Sequential(Block(8, 16, 2), Block(16, 16))
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(self.bn1(self.conv1(x)).relu()))
        y: Tensor = self.fc(x.mean((2, 3)))
        return y
