"""The texts that worked in the trial of the notation give the published numbers of parameters."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from striate import pattern
from striate.ir import Graph, TensorType
from striate.notation import program
from striate.notation.parser import parse
from striate.notation.syntax import Network
from striate.source import Source
from tests.notation.networks import output

IMAGE = (3, 224, 224)

# Text, network, input, parameters: section 3 of the design of the notation.
STATED = [
    ("nin", "nin", (3, 32, 32), 966_986),
    ("wrn", "wrn", (3, 32, 32), 36_479_194),
    ("fractal", "fractalnet", (3, 32, 32), 76_106_634),
    ("mobilenet", "mobilenet1", IMAGE, 4_231_976),
    ("shufflenet", "shufflenet1", IMAGE, 1_865_728),
    ("cbam", "cbam50", IMAGE, 28_089_624),
    ("resattention", "attention56", IMAGE, 31_810_728),
    ("unet", "unet(64, 4) -> conv(2, 1)", (1, 64, 64), 31_030_658),
    ("unet_valid", "unet_bio", (1, 572, 572), 31_030_658),
    ("hourglass", "hourglass2", (3, 256, 256), 6_570_400),
]
# Text, network, size, variant in zoo_reference.csv.
LISTED = [
    ("alexnet", "alexnet", 224, "alexnet"),
    ("vgg", "vgg16", 224, "vgg16"),
    ("vgg", "vgg16bn", 224, "vgg16_bn"),
    ("resnet", "resnet18", 224, "resnet18"),
    ("resnet", "resnet50", 224, "resnet50"),
    ("resnet", "resnext50", 224, "resnext50_32x4d"),
    ("resnet", "wide50", 224, "wide_resnet50_2"),
    ("preact", "preact50", 224, "resnetv2_50"),
    ("densenet", "densenet121", 224, "densenet121"),
    ("densenet", "densenet169", 224, "densenet169"),
    ("squeezenet", "squeezenet", 224, "squeezenet1_0"),
    ("xception", "xception", 299, "legacy_xception"),
    ("mobilenet", "mobilenet2", 224, "mobilenet_v2"),
    ("mobilenet3", "mobilenet3_large", 224, "mobilenet_v3_large"),
    ("shufflenet", "shufflenet2", 224, "shufflenet_v2_x1_0"),
    ("seresnet", "seresnet50", 224, "seresnet50"),
    ("dpn", "dpn68", 224, "dpn68"),
    ("efficientnet", "efficientnet_b0", 224, "efficientnet_b0"),
    ("efficientnet", "efficientnet_b1", 240, "efficientnet_b1"),
    ("regnet", "regnetx400", 224, "regnet_x_400mf"),
    ("regnet", "regnety400", 224, "regnet_y_400mf"),
    ("ghostnet", "ghostnet", 224, "ghostnet_100"),
    ("hrnet", "hrnet(18)", 224, "hrnet_w18"),
    ("cspdarknet", "cspdarknet53", 256, "cspdarknet53"),
    ("resnest", "resnest14d", 224, "resnest14d"),
    ("sknet", "skresnet18", 224, "skresnet18"),
]


def built(shared: Path, text: str, expression: str, sizes: tuple[int | None, ...]) -> Graph:
    """The graph of a network that the text defines."""
    path = shared / f"zoo_texts/{text}.cnn"
    made = program(Source(str(path), path.read_text("utf-8")))
    (network,) = parse(Source("<asked>", expression)).statements
    assert isinstance(network, Network)
    return made.calling(network).graph([TensorType.of(*sizes)])


@pytest.mark.parametrize(("text", "expression", "sizes", "params"), STATED)
def test_stated_counts(
    shared: Path, text: str, expression: str, sizes: tuple[int, ...], params: int
) -> None:
    assert built(shared, text, expression, sizes).params == params


@pytest.mark.parametrize(("text", "expression", "size", "variant"), LISTED)
def test_listed_counts(shared: Path, text: str, expression: str, size: int, variant: str) -> None:
    with (shared / "reference/zoo_reference.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["variant"] == variant]
    row = rows[0]
    graph = built(shared, text, expression, (3, size, size))
    assert graph.params == int(row["params"])
    assert int(row["input_hw"]) != size or graph.cost.macs == int(row["macs"])


@pytest.mark.parametrize(
    "text", ["lenet", "highway", "stn", "deform", "fpn", "inception3", "googlenet"]
)
def test_the_other_texts_build(shared: Path, text: str) -> None:
    whole = {"lenet": (1, 32, 32), "stn": (1, 28, 28), "fpn": (3, 256, 256)}
    path = shared / f"zoo_texts/{text}.cnn"
    made = program(Source(str(path), path.read_text("utf-8")))
    if text in whole:
        graph = made.graph()
        assert graph.params == {"lenet": 61_706}.get(text, graph.params)
        return
    expression, sizes = {
        "highway": ("highway19", (3, 32, 32)),
        "deform": ("stage5", (1024, 14, 14)),
        "inception3": ("inception3", (3, 299, 299)),
        "googlenet": ("googlenet(heads=1)", (3, 224, 224)),
    }[text]
    counts = {"inception3": 23_834_568, "googlenet": 13_004_888}  # with the heads of training
    graph = built(shared, text, expression, sizes)
    assert graph.params == counts.get(text, graph.params)


def test_the_pattern_of_the_course_is_counted(shared: Path) -> None:
    assert pattern((shared / "zoo_texts/cs231n.cnn").read_text("utf-8")).count() == 196_560


# Inputs of other kinds


@pytest.mark.parametrize(
    ("text", "expression", "variant"),
    [
        ("resnet", "resnet50", 25_557_032),
        ("densenet", "densenet121", 7_978_856),
        ("hrnet", "hrnet(18)", 21_299_004),
        ("efficientnet", "efficientnet_b0", 5_288_548),
    ],
)
def test_counts_are_exact_without_a_size(
    shared: Path, text: str, expression: str, variant: int
) -> None:
    graph = built(shared, text, expression, (3, None, None))
    assert graph.params == variant
    assert not graph.cost.known


@pytest.mark.parametrize("sizes", [(1, 32), (1, 32, 32), (1, 32, 32, 16), (1, None, None)])
def test_one_text_is_a_unet_of_one_two_and_three_axes(
    shared: Path, sizes: tuple[int | None, ...]
) -> None:
    graph = built(shared, "unet", "unet(8, 2) -> conv(2, 1)", sizes)
    rank = len(sizes) - 1
    assert graph.output_types[0].sizes == (2, *sizes[1:])
    # Kernels 3 per axis in convolutions, 2 in the transposed ones.
    widths = [(1, 8), (8, 8), (8, 16), (16, 16), (16, 32), (32, 32)]
    widths += [(32, 16), (16, 16), (16, 8), (8, 8)]
    expected = sum(a * b * 3**rank + b for a, b in widths)
    expected += 32 * 16 * 2**rank + 16 + 16 * 8 * 2**rank + 8 + (8 * 2 + 2)
    assert graph.params == expected


def test_the_unet_of_2015_gives_388(shared: Path) -> None:
    assert output(built(shared, "unet_valid", "unet_bio", (1, 572, 572))) == "2x388x388"
