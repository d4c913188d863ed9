"""The classes of a file: one for all containers of a title that differ only in numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from string import ascii_uppercase

from striate.backends._calls import Call
from striate.backends.torch_source._align import Unlike
from striate.backends.torch_source._argument import Parameter
from striate.backends.torch_source._bodies import body_of
from striate.backends.torch_source._containers import Containers
from striate.backends.torch_source._loops import rolled
from striate.backends.torch_source._merge import merged
from striate.backends.torch_source._parameters import Parameters
from striate.backends.torch_source._terms import MISSING, Body, Make, Plain, Term, Word, single

_NAMES = """
    skresnet=SKResNet res2net=Res2Net res2next=Res2NeXt hardcorenas=HardCoReNAS tf=TF rexnet=ReXNet
    spnasnet=SPNASNet fbnetc=FBNetC mixnet=MixNet tinynet=TinyNet lcnet=LCNet ecaresnet=ECAResNet
    gernet=GENet dcgan=DCGAN cbam=CBAM capsnet=CapsNet zfnet=ZFNet mobilenetv3=MobileNetV3
    mobilenetv2=MobileNetV2 selecsls=SelecSLS hardnet=HarDNet inception=Inception mvit=MViT
    alexnet=AlexNet bn=BN bninception=BNInception convnext=ConvNeXt cspdarknet=CSPDarknet
    cspnet=CSPNet cspresnet=CSPResNet cspresnext=CSPResNeXt darknet=Darknet
    denseblock=DenseBlock densenet=DenseNet dla=DLA dpn=DPN efficientnet=EfficientNet
    efficientnetv2=EfficientNetV2 fpn=FPN ghostnet=GhostNet googlenet=GoogLeNet hrnet=HRNet
    ir=InvertedResidual legacy=Legacy lenet=LeNet mbconv=MBConv mnasnet=MNASNet
    mobilenet=MobileNet nasnet=NASNet nin=NIN pnasnet=PNASNet pyramidnet=PyramidNet
    regnet=RegNet resnest=ResNeSt resnet=ResNet resnext=ResNeXt se=SE senet=SENet
    seresnet=SEResNet seresnext=SEResNeXt shufflenet=ShuffleNet sknet=SKNet
    squeezenet=SqueezeNet stn=STN unet=UNet vgg=VGG vovnet=VoVNet wrn=WRN xception=Xception
"""
_WORDS = dict(pair.split("=") for pair in _NAMES.split())
"""How words are written in names of classes, where a capital at the front is not enough."""

_LETTERS = [f"{one}{two}" for one in ("", *ascii_uppercase) for two in ascii_uppercase[1:]]
_ENDS = ("bottleneck", "block", "net")
_LONGEST_ABBREVIATION = 3
_MOST_PARTS = 4
_PARTS = {"conv": "conv", "norm": "norm", "act": "act", "fc": "linear"}


@dataclass
class Class:
    """One class of the file, with what it takes."""

    name: str
    body: Body
    parameters: Parameters


class Classes:
    """All classes of a graph in order of definition: what is used comes first.

    taken: names that none of them may have.
    """

    def __init__(self, read: Containers, zeroed: set[int], taken: set[str]) -> None:
        self.read = read
        self.zeroed = zeroed
        self.all: list[Class] = []
        self.of_path: dict[str, tuple[Class, int]] = {}
        self.names = set(taken) | {"Tensor", "OrderedDict", "Sizes"}
        for paths in self._in_order():
            self._sort(paths)

    @property
    def arguments(self) -> dict[str, list[Parameter]]:
        """What each class takes, by its name."""
        return {one.name: one.parameters.all for one in self.all}

    def _in_order(self) -> list[list[str]]:
        """Paths of classes by title, such that titles used by others come first."""
        paths = [path for path in self.read.by_path if self.read.fates[path] == "class" and path]
        below = {path: list(self._below(path)) for path in paths}
        uses: dict[str, set[str]] = defaultdict(set)
        for path in paths:
            uses[self._title(path)] |= {self._title(inner) for inner in below[path]}
        depth: dict[str, int] = {}

        def height(path: str) -> int:
            if path not in depth:
                depth[path] = 1 + max(map(height, below[path]), default=0)
            return depth[path]

        looping = {title for title in uses if title in _reached(uses, title)}
        groups: dict[tuple[str, int], list[str]] = defaultdict(list)
        for path in paths:
            title = self._title(path)
            groups[title, height(path) if title in looping else 0].append(path)
        rank = _ranks(groups, below)
        return [groups[key] for key in sorted(groups, key=lambda key: rank[key])]

    def _title(self, path: str) -> str:
        return self.read.title(path)

    def _below(self, path: str) -> Iterator[str]:
        """Classes that a container uses, directly or inside rows and inlined containers."""
        for call in self.read.by_path[path]:
            yield from self._classes_in(call.items)

    def _classes_in(self, items: Sequence[int | Call]) -> Iterator[str]:
        for item in items:
            if isinstance(item, int):
                continue
            if self.read.fates[item.path] == "class":
                yield item.path
            else:
                yield from self._classes_in(item.items)

    def _sort(self, paths: list[str]) -> None:
        """Makes the classes of containers of one title, each as general as can be."""
        found: list[tuple[Body, list[list[str]]]] = []
        for body, same_paths in self._distinct(paths):
            for at, (known, rows) in enumerate(found):
                try:
                    found[at] = merged(known, body), [*rows, same_paths]
                except Unlike:
                    continue
                break
            else:
                found.append((body, [same_paths]))
        for body, rows in found:
            self.finish(body, rows)

    def _distinct(self, paths: list[str]) -> Iterator[tuple[Body, list[str]]]:
        """The bodies of containers, each once, with the paths of those that have it."""
        bodies: list[Body] = []
        members: list[list[str]] = []
        for path in paths:
            body = rolled(body_of(self.read, path, self.make, self.zeroed))
            if body in bodies:
                members[bodies.index(body)].append(path)
            else:
                bodies.append(body)
                members.append([path])
        return zip(bodies, members, strict=True)

    def finish(self, body: Body, rows: list[list[str]]) -> None:
        """Makes a class out of a body; `rows` are the paths of its instances."""
        made = Class(self._name(title_of(body)), body, Parameters(body))
        self.all.append(made)
        for at, its_paths in enumerate(rows):
            for path in its_paths:
                self.of_path[path] = made, at

    def _name(self, title: str) -> str:
        name = class_name(title)
        # A number behind a number would be another number.
        ends = range(2, 10_000) if not name[-1].isdigit() else _LETTERS
        names = (f"{name}{end}" for end in ("", *ends))
        found = next(one for one in names if one not in self.names)
        self.names.add(found)
        return found

    def make(self, path: str) -> Make:
        """The call that makes the class of a container."""
        made, row = self.of_path[path]
        arguments = tuple(
            (parameter.name, single(_given(parameter, row), parameter.kind_outside))
            for parameter in made.parameters.all
        )
        return Make(single(Word(made.name), "callee"), arguments, 0, "block")


def title_of(body: Body) -> str:
    """The title, or what a short block is made of where its title is an abbreviation."""
    if len(body.title) == 1:
        return f"block_{body.title}"
    if len(body.title) > _LONGEST_ABBREVIATION or len(body.entries) > _MOST_PARTS:
        return body.title
    words = []
    for entry in body.entries:
        word = _PARTS.get(entry.term.glyph) if isinstance(entry.term, Make) else None
        if word is None:
            return body.title
        words.append("depthwise" if _is_depthwise(entry.term) else word)
    return "_".join(words)


def _is_depthwise(term: Term) -> bool:
    """A convolution of each channel alone."""
    given = dict(term.arguments) if isinstance(term, Make) else {}
    groups = given.get("groups")
    return groups is not None and groups.values == given["in_channels"].values


def _given(parameter: Parameter, row: int) -> Plain:
    value = parameter.row(row)
    assert value is not MISSING
    return value


def _reached(uses: dict[str, set[str]], title: str) -> set[str]:
    found: set[str] = set()
    todo = list(uses[title])
    while todo:
        other = todo.pop()
        if other not in found:
            found.add(other)
            todo += uses.get(other, ())
    return found


def _ranks(
    groups: dict[tuple[str, int], list[str]], below: dict[str, list[str]]
) -> dict[tuple[str, int], int]:
    """How many groups stand in a row below each."""
    key_of = {path: key for key, paths in groups.items() for path in paths}
    found: dict[tuple[str, int], int] = {}

    def rank(key: tuple[str, int]) -> int:
        if key not in found:
            found[key] = 0
            inner = {key_of[one] for path in groups[key] for one in below[path]} - {key}
            found[key] = 1 + max(map(rank, inner), default=0)
        return found[key]

    for key in groups:
        rank(key)
    return found


def class_name(title: str) -> str:
    """`mobilenet_v3_large` to `MobileNetV3Large`."""
    words = re.findall(r"[A-Za-z0-9]+", title.partition("(")[0])
    name = "".join(map(_capital, words))
    return name if name.isidentifier() and not iskeyword(name) else f"Block{name}"


def _capital(word: str) -> str:
    """One word as it stands in a name: `hrnet` to `HRNet`, `skbottleneck` to `SkBottleneck`."""
    lower = word.lower()
    for known in sorted(_WORDS, key=len, reverse=True):
        rest = word[len(known) :]
        if lower.startswith(known) and not rest[:1].isalpha():
            return _WORDS[known] + rest
    for end in _ENDS:
        stem = word[: -len(end)]
        if lower.endswith(end) and stem:
            return _capital(stem) + end.capitalize()
    return word[:1].upper() + word[1:]
