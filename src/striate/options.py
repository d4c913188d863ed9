"""What a training can be told: every option once, for Python and for the command line."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import (
    Annotated,
    Final,
    Literal,
    TypeAlias,
    TypedDict,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from striate.errors import UsageError, did_you_mean, listing
from striate.quantities import seconds_of

Precision: TypeAlias = Literal["float32", "bfloat16", "float16"]
Optimizer: TypeAlias = Literal["sgd", "adamw", "adam", "nadam", "radam", "rmsprop", "muon"]
Schedule: TypeAlias = Literal["cosine", "one-cycle", "linear", "constant"]
Balance: TypeAlias = Literal["none", "weights", "sampler", "effective"]
Metric: TypeAlias = Literal["macro-f1", "accuracy", "balanced-accuracy", "log-loss", "map"]


@dataclass(frozen=True, slots=True)
class About:
    """An option in words, and which values are legal.

    default: how it is chosen where it is left out. low, high: both legal. value: what stands for
    the value in the manual. is_time: `90s`, `10m`, `1h30m`.
    """

    help: str
    default: str = ""
    low: float = -math.inf
    high: float = math.inf
    value: str | None = None
    is_time: bool = False
    expected: str = ""

    @property
    def manual(self) -> str:
        """The help with the default."""
        return f"{self.help} [default: {self.default}]" if self.default else self.help


class Options(TypedDict, total=False):
    """The settings a user may give; what is left out is chosen, and told.

    `options()` tells about each of them.
    """

    recipe: Annotated[
        str,
        About(
            "Settings that go together, by name; `striate recipes` lists them.",
            "finetune with --pretrained, else what suits the network",
            value="NAME",
            expected="the name of a recipe",
        ),
    ]
    epochs: Annotated[int, About("Times every image is shown.", "by the data", low=1, high=100_000)]
    time: Annotated[
        str,
        About(
            "Take so long in all, such as 90s, 10m or 1h30m, in place of a number of epochs.",
            value="TIME",
            is_time=True,
        ),
    ]
    size: Annotated[int, About("Side of the images in pixels.", "the network's", low=1, high=4096)]
    grow_from: Annotated[
        float,
        About(
            "Side of the images at the beginning, as a share; they grow to their size.",
            "1",
            low=0.25,
            high=1,
        ),
    ]
    batch: Annotated[
        int | Literal["auto"],
        About(
            "Images per step; auto tries how many fit and are fast.",
            "by the data, 16..512",
            low=2,
            high=65_536,
            value="N|auto",
        ),
    ]
    lr: Annotated[float, About("Highest learning rate.", "in proportion to the batch", low=0)]
    optimizer: Annotated[Optimizer, About("What makes steps out of gradients.", "by the recipe")]
    momentum: Annotated[
        float, About("Momentum, or the first beta.", "by the recipe", low=0, high=0.9999)
    ]
    weight_decay: Annotated[
        float, About("Weight decay, not of norms and biases.", "by the recipe", low=0, high=1)
    ]
    schedule: Annotated[Schedule, About("How the learning rate runs.", "cosine")]
    warm_up: Annotated[
        float, About("Share of the training in which the rate rises.", "0.2", low=0, high=0.9)
    ]
    smoothing: Annotated[float, About("Label smoothing.", "0.1", low=0, high=0.9)]
    clip: Annotated[
        float, About("Longest gradient, as a 2-norm; 0 for any length.", "0", low=0, high=1e6)
    ]
    accumulate: Annotated[
        int, About("Parts that each batch is computed in, to save memory.", "1", low=1, high=4096)
    ]
    ema: Annotated[
        float,
        About(
            "Average the weights of all steps with this decay, such as 0.999; 0 for none.",
            "by the recipe",
            low=0,
            high=0.999999,
        ),
    ]
    drop_path: Annotated[
        float,
        About(
            "Share of residual branches left out at the deepest block, fewer before it.",
            "the network's",
            low=0,
            high=0.95,
        ),
    ]
    balance: Annotated[
        Balance,
        About("How rare classes count: weights of the loss, or images shown more often.", "none"),
    ]
    freeze: Annotated[
        float,
        About(
            "Share of the training in which only the new head learns; 1 for all of it.",
            "by the recipe",
            low=0,
            high=1,
        ),
    ]
    depth_decay: Annotated[
        float,
        About(
            "Learning rate of the first layer as a share of the last one's.",
            "by the recipe",
            low=0.0001,
            high=1,
        ),
    ]
    bias_rate: Annotated[
        float,
        About(
            "Learning rate of the biases of norms as a multiple of all others'.",
            "by the recipe",
            low=0,
            high=1000,
        ),
    ]
    patience: Annotated[
        int, About("Epochs without a better score to stop after; 0: never.", "0", low=0, high=1e6)
    ]
    metric: Annotated[Metric, About("The score that the best epoch is chosen by.", "macro-f1")]
    precision: Annotated[Precision, About("Of the arithmetic.", "the fastest, measured")]
    channels_last: Annotated[bool, About("Memory layout of images.", "the faster, measured")]
    compile: Annotated[bool, About("Let torch compile the network.", "if it pays, measured")]
    replicas: Annotated[
        int,
        About(
            "On a CPU: parts of a batch computed side by side, each by its share of the cores.",
            "if faster, measured",
            low=1,
            high=1024,
        ),
    ]
    checkpointing: Annotated[
        bool, About("Compute activations twice instead of keeping them, to save memory.", "no")
    ]
    seed: Annotated[int, About("Seed of all that is drawn.", "0", low=0, high=2**32 - 1)]
    pretrained: Annotated[
        str | bool,
        About(
            "Start from weights: a .safetensors, .pt or .pth file, hf:owner/name, or (alone) the "
            "published ones.",
            value="[SOURCE]",
            expected="a file, hf:owner/name, or the word pretrained",
        ),
    ]
    val_share: Annotated[
        float, About("Share of training images to validate on.", "0.1 or less", low=0, high=0.9)
    ]
    max_unreadable: Annotated[
        float, About("Share of unreadable images to put up with.", "0.01", low=0, high=1)
    ]
    flip: Annotated[bool, About("Mirror left and right by chance.", "if in colour")]
    padding: Annotated[
        int,
        About("Random shift each way, in pixels.", "size / 8, or 0 with crops", low=0, high=1024),
    ]
    crop_scale: Annotated[
        float,
        About(
            "Random crops of LOW..1 of the area, scaled to the size; 1 is the whole picture.",
            "0.35 for photos of other sizes than the network's, 0.5 from trained weights",
            low=0.01,
            high=1,
            value="LOW",
        ),
    ]
    rotate: Annotated[
        float, About("Turn by up to so much either way.", "0", low=0, high=180, value="DEGREES")
    ]
    trivial_augment: Annotated[
        bool, About("One of 14 operations per image, of any strength, by chance.", "no")
    ]
    jitter: Annotated[
        float,
        About("Brightness, contrast, saturation times 1-X to 1+X.", "0", low=0, high=1, value="X"),
    ]
    erase: Annotated[
        float,
        About("Blank a rectangle out of this share of images.", "0", low=0, high=1, value="P"),
    ]
    mixup: Annotated[
        float,
        About(
            "Blend pairs of images and targets, shares from Beta(A, A).",
            "0",
            low=0,
            high=100,
            value="A",
        ),
    ]
    cutmix: Annotated[
        float,
        About(
            "Put parts of images into others, areas from Beta(A, A).",
            "0",
            low=0,
            high=100,
            value="A",
        ),
    ]
    workers: Annotated[int, About("Threads that load images.", "measured", low=1, high=1024)]
    cache: Annotated[
        str,
        About(
            "Keep decoded images for later epochs and runs.",
            "auto, in ~/.cache",
            value="auto|off|DIR",
            expected="auto, off or a folder",
        ),
    ]
    rebuild_cache: Annotated[bool, About("Make kept images anew.", "no")]
    follow_links: Annotated[bool, About("Also use links that lead out of the data folder.", "no")]
    save_every: Annotated[
        str,
        About(
            "Save all that --resume needs so often, such as 5m.",
            "each epoch, and about each minute",
            value="TIME",
            is_time=True,
        ),
    ]
    tensorboard: Annotated[bool, About("Also write what TensorBoard shows.", "no")]


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its name in Python, the plain types of its values, its words, and the rest."""

    name: str
    kinds: tuple[type, ...]
    words: tuple[str, ...]
    about: About

    @property
    def flag(self) -> str:
        """As it is typed."""
        return "--" + self.name.replace("_", "-")

    def check(self, value: object) -> None:
        """Refuse an illegal value.

        Raises:
            UsageError: with what is legal.
        """
        if not self._is_legal(value):
            raise UsageError.of(
                "bad-setting",
                f"{self.flag} takes {self._expected()}, found {value!r}",
                f"striate fit --help tells what {self.flag} does",
            )

    def _is_legal(self, value: object) -> bool:
        if isinstance(value, bool):
            return bool in self.kinds
        if isinstance(value, str):
            if self.about.is_time:
                return (seconds_of(value) or 0) > 0
            return value in self.words if self.words else str in self.kinds and value != ""
        if not isinstance(value, int if float not in self.kinds else int | float):
            return False
        is_number = int in self.kinds or float in self.kinds
        return is_number and self.about.low <= value <= self.about.high and value != math.inf

    def _expected(self) -> str:
        about = self.about
        if about.is_time:
            return "a time such as 90s, 10m or 1h30m"
        if about.expected:
            return about.expected
        if self.kinds == (bool,):
            return "yes or no, in Python True or False"
        parts = list(self.words)
        if int in self.kinds or float in self.kinds:
            what = "a whole number" if float not in self.kinds else "a number"
            end = f"to {about.high:.10g}" if about.high < math.inf else "up"
            parts.insert(0, f"{what} from {about.low:g} {end}")
        return " or ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


@cache
def options() -> Mapping[str, Option]:
    """All options of a training by name, in the order of the manual."""
    hints = get_type_hints(Options, include_extras=True)
    return types.MappingProxyType({name: _option(name, hint) for name, hint in hints.items()})


def _option(name: str, hint: object) -> Option:
    kind, about = get_args(hint)
    kinds, words = list[type](), list[str]()
    for part in get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,):
        if get_origin(part) is Literal:
            words += get_args(part)
        else:
            kinds.append(part)
    return Option(name, tuple(kinds), tuple(words), about)


# Options that exclude each other, and why.
_EXCLUDING: Final = {
    ("epochs", "time"): "a training takes so many epochs or so much time",
}


def check_options(given: Mapping[str, object]) -> None:
    """Refuse what no training can be done with.

    Raises:
        UsageError: an unknown setting, an illegal value, or settings that exclude each other.
    """
    known = options()
    for name, value in given.items():
        if name not in known:
            raise UsageError.of(
                "unknown-setting",
                f"a training has no setting '{name}'{did_you_mean(name, known)}",
                f"the settings are: {listing(sorted(known), most=60)}",
            )
        known[name].check(value)
    if given.get("rebuild_cache") and given.get("cache") == "off":
        raise UsageError.of(
            "cache-off",
            "--rebuild-cache makes kept images anew, but --cache off keeps none",
            "leave one of the two out",
        )
    for (one, other), why in _EXCLUDING.items():
        if one in given and other in given:
            raise UsageError.of(
                "options-exclude",
                f"{known[one].flag} and {known[other].flag} exclude each other: {why}",
                "leave one of the two out",
            )
