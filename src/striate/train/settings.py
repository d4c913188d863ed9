"""What a training is done with: every setting, its value, and where the value came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Literal, TypedDict, get_args, get_type_hints

from striate.data import Manifest, Preprocessing, default_share, usable_cores
from striate.data.augment import Augmentation, Edges, RandomCrop
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
    val_share: share of training images held out where the data state no validation split.
    max_unreadable: share of unreadable images that is tolerated. precision: of the arithmetic while
    training. pretrained: weights to start from, as in `Network.module`; True for the published
    ones. workers: threads that load images. cache: where decoded images are kept: `auto`, `off` or
    a folder; rebuild_cache: make those that are there anew. follow_links: use links that lead out
    of the data folder.

    crop_scale: lowest share of the area of random crops; 1 for the whole picture. All others as in
    `striate.data.augment.Augmentation`.
    """

    epochs: int
    size: int
    batch: int
    lr: float
    weight_decay: float
    smoothing: float
    seed: int
    val_share: float
    max_unreadable: float
    precision: Precision
    pretrained: str | bool
    workers: int
    cache: str
    rebuild_cache: bool
    follow_links: bool
    crop_scale: float
    flip: bool
    padding: int
    rotate: float
    trivial_augment: bool
    jitter: float
    erase: float
    mixup: float
    cutmix: float


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
    val_share: float
    max_unreadable: float
    precision: Precision
    channels_last: bool
    workers: int
    cache: str = "auto"
    rebuild_cache: bool = False
    follow_links: bool = False
    pretrained: str | bool = False
    crop_scale: float = 1.0
    flip: bool = False
    padding: int = 0
    edges: Edges = "mirror"
    rotate: float = 0.0
    trivial_augment: bool = False
    jitter: float = 0.0
    erase: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    origins: Mapping[str, Origin] = field(default_factory=dict)

    @property
    def augmentation(self) -> Augmentation:
        """What is done to batches of training images."""
        return Augmentation(**{name: getattr(self, name) for name in AUGMENTATION})

    def view(self, height: int, width: int) -> RandomCrop | None:
        """Which part of a picture is shown, scaled to `height`×`width`; None: the whole."""
        return None if self.crop_scale == 1 else RandomCrop(self.crop_scale, width / height)

    @property
    def changes(self) -> str:
        """What training images go through, in words."""
        words = {
            f"crops of {100 * self.crop_scale:.0f} % of the area and more": self.crop_scale < 1,
            f"shifts of {self.padding} px": self.padding,
            "flips" if self.flip else "no flips": True,
            f"turns of {self.rotate:g} degrees": self.rotate,
            "TrivialAugment": self.trivial_augment,
            f"jitter {self.jitter:g}": self.jitter,
            f"erasing in {100 * self.erase:.0f} %": self.erase,
            f"mixup {self.mixup:g}": self.mixup,
            f"cutmix {self.cutmix:g}": self.cutmix,
        }
        return ", ".join(word for word, is_done in words.items() if is_done)

    def to_json(self) -> dict[str, Json]:
        """Each setting with its value and origin."""
        values = asdict(self)
        del values["origins"]
        return {
            name: {"value": value, "origin": self.origins[name]} for name, value in values.items()
        }


AUGMENTATION = tuple(field.name for field in fields(Augmentation))

# Name, lowest and highest legal value; both ends are legal.
LIMITS: dict[str, tuple[float, float]] = {
    "epochs": (1, 100_000),
    "size": (1, 4096),
    "batch": (2, 65_536),
    "lr": (0, math.inf),
    "weight_decay": (0, 1),
    "smoothing": (0, 0.9),
    "seed": (0, 2**32 - 1),
    "crop_scale": (0.01, 1),
    "padding": (0, 1024),
    "rotate": (0, 180),
    "jitter": (0, 1),
    "erase": (0, 1),
    "mixup": (0, 100),
    "cutmix": (0, 100),
    "val_share": (0, 0.9),
    "max_unreadable": (0, 1),
    "workers": (1, 1024),
}


def check_options(options: Mapping[str, object]) -> None:
    """Refuse what no training can be done with.

    Raises:
        UsageError: an unknown setting, a value out of range, or settings that exclude each other.
    """
    known = get_type_hints(Options)
    for name, value in options.items():
        if name not in known:
            raise UsageError.of(
                "unknown-setting",
                f"a training has no setting '{name}'{did_you_mean(name, known)}",
                f"the settings are: {listing(sorted(known), most=40)}",
            )
        _check_value(name, value, known[name])
    if options.get("rebuild_cache") and options.get("cache") == "off":
        raise UsageError.of(
            "cache-off",
            "--rebuild-cache makes kept images anew, but --cache off keeps none",
            "leave one of the two out",
        )


def _check_value(name: str, value: object, kind: object) -> None:
    if name == "pretrained" and not (isinstance(value, str | bool) and value != ""):
        raise _bad(name, value, "a file, hf:owner/name, or the word pretrained")
    if name == "cache" and not (isinstance(value, str) and value != ""):
        raise _bad(name, value, "auto, off or a folder")
    if name == "precision" and value not in get_args(Precision):
        raise _bad(name, value, " or ".join(get_args(Precision)))
    if kind is bool and not isinstance(value, bool):
        raise _bad(name, value, "yes or no, in Python True or False")
    if name not in LIMITS:
        return
    lowest, highest = LIMITS[name]
    is_whole = kind is int
    is_number = isinstance(value, int if is_whole else int | float) and not isinstance(value, bool)
    if not is_number or not lowest <= float(str(value)) <= highest or value == math.inf:
        what = "a whole number" if is_whole else "a number"
        end = f"to {highest:.10g}" if highest < math.inf else "up"
        raise _bad(name, value, f"{what} from {lowest:g} {end}")


def resolve(
    options: Options,
    *,
    manifest: Manifest,
    record: Preprocessing,
    is_colour: bool,
    is_varied: bool = False,
) -> Settings:
    """Every setting: the user's value where there is one, else one chosen from the data.

    `manifest` holds the training images only. is_varied: whether pictures differ in size from each
    other or from what the network takes.

    Raises:
        UsageError: an augmentation that makes no sense for the channels of the network.
    """
    images = len(manifest)
    batch = options.get("batch", default_batch(images))
    is_pretrained = bool(options.get("pretrained"))
    crop_scale = default_crop_scale(is_photo=is_colour and is_varied, is_pretrained=is_pretrained)
    is_cropped = options.get("crop_scale", crop_scale) < 1
    chosen: dict[str, tuple[float | str, Origin]] = {
        **_defaults(),
        "epochs": (default_epochs(images), "data"),
        "size": (record.height, "network"),
        "batch": (batch, "data"),
        "lr": (default_lr(batch, is_pretrained=is_pretrained), "default"),
        "crop_scale": (crop_scale, "data"),
        # Letters and digits, which must not be mirrored, are nearly always grey.
        "flip": (is_colour, "data"),
        # A crop is at a random place already.
        "padding": (0 if is_cropped else max(1, record.height // 8), "network"),
        # Measured on digits: mirrored strokes cost two errors of 360 (5.2 against 3.0, four seeds).
        "edges": ("mirror" if is_colour else "ground", "data"),
        "val_share": (default_share(images, len(manifest.classes)), "data"),
    }
    given = {name: (value, "option") for name, value in options.items()}
    merged = {**chosen, **given}
    values = {name: value for name, (value, _) in merged.items()}
    origins = {name: origin for name, (_, origin) in merged.items()}
    settings = Settings(**values, origins=origins)  # type: ignore[arg-type]
    settings.augmentation.check(record.channels)
    return settings


def _defaults() -> dict[str, tuple[float | str, Origin]]:
    """Settings that need no look at the data."""
    values: dict[str, float | str] = {
        "weight_decay": 5e-4,
        "momentum": 0.9,
        "warm_up": 0.2,
        "smoothing": 0.1,
        "seed": 0,
        "max_unreadable": 0.01,
        "precision": "float32",
        "channels_last": False,
        "workers": usable_cores(),
        "cache": "auto",
        "rebuild_cache": False,
        "follow_links": False,
        "pretrained": False,
        "rotate": 0.0,
        "trivial_augment": False,
        "jitter": 0.0,
        "erase": 0.0,
        "mixup": 0.0,
        "cutmix": 0.0,
    }
    return {name: (value, "default") for name, value in values.items()}


def default_crop_scale(*, is_photo: bool, is_pretrained: bool) -> float:
    """Lowest share of the area of random crops: 1, none at all, where pictures are alike in size.

    The 0.08 of ImageNet trainings is for hundreds of epochs; in some ten of them, parts that show
    nothing of their class cost more than they teach. Weights that are trained already have seen
    parts of things; for them the picture should be near to what they are evaluated on.
    """
    if not is_photo:
        return 1.0
    return 0.5 if is_pretrained else 0.35


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
