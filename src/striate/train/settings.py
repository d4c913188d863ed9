"""What a training is done with: every setting, its value, and where the value came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, TypedDict, get_args, get_type_hints

from striate.data import Manifest, Preprocessing, default_share, usable_cores
from striate.data.augment import Edges
from striate.errors import UsageError, did_you_mean, listing
from striate.files import Json

Origin = Literal["option", "data", "network", "measured", "default"]
Precision = Literal["float32", "bfloat16"]

# Pictures shown in a default training: about ten epochs of CIFAR-10; small sets get more epochs.
PICTURES_SHOWN = 500_000
FEWEST_EPOCHS, MOST_EPOCHS = 10, 40


class Options(TypedDict, total=False):
    """The settings a user may give; what is left out is chosen.

    epochs: times that every training image is shown. size: side in pixels of what the network sees.
    batch: images per step. lr: highest learning rate. weight_decay: of weights, not of norms and
    biases. smoothing: share of the target spread over all classes. seed: of everything drawn.
    flip: mirror left and right by chance. padding: pixels of random shift each way. val_share:
    share of training images held out where the data state no validation split. max_unreadable:
    share of unreadable images that is tolerated. precision: of the arithmetic while training.
    pretrained: weights to start from, as in `Network.module`; True for the published ones.
    workers: threads that load images. cache: where decoded images are kept: `auto`, `off` or a
    folder; rebuild_cache: make those that are there anew.
    """

    epochs: int
    size: int
    batch: int
    lr: float
    weight_decay: float
    smoothing: float
    seed: int
    flip: bool
    padding: int
    val_share: float
    max_unreadable: float
    precision: Precision
    pretrained: str | bool
    workers: int
    cache: str
    rebuild_cache: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a training, resolved; `origins` says where each came from."""

    epochs: int
    size: int
    batch: int
    lr: float
    weight_decay: float
    momentum: float
    warm_up: float
    smoothing: float
    seed: int
    flip: bool
    padding: int
    edges: Edges
    val_share: float
    max_unreadable: float
    precision: Precision
    channels_last: bool
    workers: int
    cache: str = "auto"
    rebuild_cache: bool = False
    pretrained: str | bool = False
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Each setting with its value and origin."""
        values = asdict(self)
        del values["origins"]
        return {
            name: {"value": value, "origin": self.origins[name]} for name, value in values.items()
        }


# Name, lowest and highest legal value; both ends are legal.
LIMITS: dict[str, tuple[float, float]] = {
    "epochs": (1, 100_000),
    "size": (1, 4096),
    "batch": (2, 65_536),
    "lr": (0, math.inf),
    "weight_decay": (0, 1),
    "smoothing": (0, 0.9),
    "seed": (0, 2**32 - 1),
    "padding": (0, 1024),
    "val_share": (0, 0.9),
    "max_unreadable": (0, 1),
    "workers": (1, 1024),
}


def check_options(options: Mapping[str, object]) -> None:
    """Refuse what no training can be done with.

    Raises:
        UsageError: an unknown setting, or a value out of range.
    """
    known = get_type_hints(Options)
    for name, value in options.items():
        if name not in known:
            raise UsageError.of(
                "unknown-setting",
                f"a training has no setting '{name}'{did_you_mean(name, known)}",
                f"the settings are: {listing(sorted(known), most=20)}",
            )
        if name == "pretrained" and not (isinstance(value, str | bool) and value != ""):
            raise _bad(name, value, "a file, hf:owner/name, or the word pretrained")
        if name == "precision" and value not in get_args(Precision):
            raise _bad(name, value, " or ".join(get_args(Precision)))
        if name not in LIMITS:
            continue
        lowest, highest = LIMITS[name]
        is_whole = known[name] is int
        is_kind = isinstance(value, int if is_whole else int | float)
        if not is_kind or not lowest <= float(str(value)) <= highest or value == math.inf:
            kind = "a whole number" if is_whole else "a number"
            end = f"to {highest:g}" if highest < math.inf else "up"
            raise _bad(name, value, f"{kind} from {lowest:g} {end}")


def resolve(
    options: Options, *, manifest: Manifest, record: Preprocessing, is_colour: bool
) -> Settings:
    """Every setting: the user's value where there is one, else one chosen from the data.

    `manifest` holds the training images only.
    """
    images = len(manifest)
    batch = options.get("batch", default_batch(images))
    chosen: dict[str, tuple[float | str, Origin]] = {
        "epochs": (default_epochs(images), "data"),
        "size": (record.height, "network"),
        "batch": (batch, "data"),
        "lr": (default_lr(batch, is_pretrained=bool(options.get("pretrained"))), "default"),
        "weight_decay": (5e-4, "default"),
        "momentum": (0.9, "default"),
        "warm_up": (0.2, "default"),
        "smoothing": (0.1, "default"),
        "seed": (0, "default"),
        # Letters and digits, which must not be mirrored, are nearly always grey.
        "flip": (is_colour, "data"),
        "padding": (max(1, record.height // 8), "network"),
        # Measured on digits: mirrored strokes cost two errors of 360 (5.2 against 3.0, four seeds).
        "edges": ("mirror" if is_colour else "ground", "data"),
        "val_share": (default_share(images, len(manifest.classes)), "data"),
        "max_unreadable": (0.01, "default"),
        "precision": ("float32", "default"),
        "channels_last": (False, "default"),
        "workers": (usable_cores(), "default"),
        "cache": ("auto", "default"),
        "rebuild_cache": (False, "default"),
        "pretrained": (False, "default"),
    }
    given = {name: (value, "option") for name, value in options.items()}
    merged = {**chosen, **given}
    values = {name: value for name, (value, _) in merged.items()}
    origins = {name: origin for name, (_, origin) in merged.items()}
    return Settings(**values, origins=origins)  # type: ignore[arg-type]


def default_epochs(images: int) -> int:
    """Fewer epochs for larger sets: 11 for CIFAR-10, 40 for ten thousand images or fewer."""
    return min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(PICTURES_SHOWN / max(images, 1))))


def default_batch(images: int) -> int:
    """A power of two from 16 to 256 that makes at least about 20 steps of an epoch."""
    return int(2 ** min(8, max(4, math.floor(math.log2(max(images, 1) / 20)))))


def default_lr(batch: int, *, is_pretrained: bool = False) -> float:
    """Highest learning rate, in proportion to the batch; a tenth for what is trained already."""
    return (0.04 if is_pretrained else 0.4) * batch / 256


def _bad(name: str, value: object, expected: str) -> Exception:
    option = name.replace("_", "-")
    return UsageError.of(
        "bad-setting",
        f"--{option} takes {expected}, found {value!r}",
        f"striate fit --help tells what --{option} does",
    )
