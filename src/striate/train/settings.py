"""What a training is done with: every setting, its value, and where the value came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Literal

from striate.data import Manifest, Preprocessing, default_share, usable_cores
from striate.data.augment import Augmentation, Edges, RandomCrop
from striate.errors import UsageError
from striate.files import Json
from striate.options import Balance, Metric, Optimizer, Options, Precision, Schedule
from striate.quantities import seconds_of
from striate.train.optimize.defaults import default_batch, default_lr, default_weight_decay
from striate.train.recipes import find_recipe

Origin = Literal["option", "recipe", "data", "network", "measured", "default"]

# Pictures shown in a default training: about ten epochs of CIFAR-10; small sets get more epochs.
PICTURES_SHOWN = 500_000
FEWEST_EPOCHS, MOST_EPOCHS = 10, 40
# The same where weights are trained already: at steps of 16 images about ninety for a new head, and
# two thirds as many for all layers.
TUNED_ON = 2400
# With a budget of time, epochs go on until it is used up.
ENDLESS = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a training, resolved; `origins` says where each came from."""

    epochs: int
    size: int
    batch: int
    lr: float
    grow_from: float = 1.0
    recipe: str = "scratch"
    time: str | None = None
    optimizer: Optimizer = "sgd"
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: Schedule = "cosine"
    warm_up: float = 0.2
    smoothing: float = 0.1
    clip: float = 0.0
    accumulate: int = 1
    ema: float = 0.0
    drop_path: float | None = None
    balance: Balance = "none"
    freeze: float = 0.0
    depth_decay: float = 1.0
    bias_rate: float = 1.0
    patience: int = 0
    metric: Metric = "macro-f1"
    precision: Precision = "float32"
    channels_last: bool = False
    compile: bool = False
    replicas: int = 1
    checkpointing: bool = False
    seed: int = 0
    pretrained: str | bool = False
    val_share: float = 0.1
    max_unreadable: float = 0.01
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
    workers: int = field(default_factory=usable_cores)
    cache: str = "auto"
    rebuild_cache: bool = False
    follow_links: bool = False
    save_every: str | None = None
    tensorboard: bool = False
    origins: Mapping[str, Origin] = field(default_factory=dict)

    @property
    def budget_s(self) -> float | None:
        """Seconds that the whole training may take; None where epochs are counted."""
        return None if self.time is None else seconds_of(self.time)

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


def resolve(  # noqa: PLR0913  all by name
    options: Options,
    *,
    manifest: Manifest,
    record: Preprocessing,
    is_colour: bool,
    is_varied: bool = False,
    pretrained: str | bool = False,
    recipe: str = "scratch",
) -> Settings:
    """Every setting: the user's value where there is one, else the recipe's, else one chosen.

    `manifest` holds the training images only. is_varied: whether pictures differ in size from each
    other or from what the network takes. pretrained: the weights that are used, asked for or not.
    recipe: unless the user names another.

    Raises:
        UsageError: an augmentation that makes no sense for the channels of the network, an
            unknown recipe, or a batch of fewer images than it is to have parts.
    """
    images = len(manifest)
    is_pretrained = bool(pretrained)
    named = find_recipe(options.get("recipe", recipe))
    stated: Options = {**named.options, **options}  # type: ignore[typeddict-item]
    if "epochs" in options:
        stated.pop("time", None)
    crop_scale = default_crop_scale(is_photo=is_colour and is_varied, is_pretrained=is_pretrained)
    is_cropped = stated.get("crop_scale", crop_scale) < 1
    optimizer = stated.get("optimizer", "sgd")
    given = stated.get("batch", "auto")
    batch = default_batch(images, optimizer) if given == "auto" else given
    chosen: dict[str, tuple[object, Origin]] = {
        "epochs": (
            ENDLESS if "time" in stated else default_epochs(images, is_pretrained=is_pretrained),
            "data",
        ),
        "size": (record.height, "network"),
        "batch": (batch, "data"),
        "lr": (default_lr(batch, optimizer, is_pretrained=is_pretrained), "default"),
        "weight_decay": (default_weight_decay(optimizer), "default"),
        "crop_scale": (crop_scale, "data"),
        # Letters and digits, which must not be mirrored, are nearly always grey.
        "flip": (is_colour, "data"),
        # A crop is at a random place already.
        "padding": (0 if is_cropped else max(1, record.height // 8), "network"),
        # Measured on digits: mirrored strokes cost two errors of 360 (5.2 against 3.0, four seeds).
        "edges": ("mirror" if is_colour else "ground", "data"),
        "val_share": (default_share(images, len(manifest.classes)), "data"),
        "recipe": (named.name, "default"),
        "pretrained": (pretrained, "default"),
    }
    for name in named.options.keys() & stated.keys():
        chosen[name] = (named.options[name], "recipe")
    for name, value in options.items():
        chosen[name] = (value, "option")
    if given == "auto":
        chosen["batch"] = (batch, "data")
    values = {name: value for name, (value, _) in chosen.items()}
    origins = {item.name: "default" for item in fields(Settings) if item.name != "origins"}
    origins |= {name: origin for name, (_, origin) in chosen.items()}
    settings = Settings(**values, origins=origins)  # type: ignore[arg-type]
    settings.augmentation.check(record.channels)
    if settings.accumulate > settings.batch:
        raise UsageError.of(
            "accumulate",
            f"--accumulate {settings.accumulate} leaves parts without an image of a batch of "
            f"{settings.batch}",
            f"at most --accumulate {settings.batch}, or a larger --batch",
        )
    return settings


def default_crop_scale(*, is_photo: bool, is_pretrained: bool) -> float:
    """Lowest share of the area of random crops: 1, none at all, where pictures are alike in size.

    The 0.08 of ImageNet trainings is for hundreds of epochs; in some ten of them, parts that show
    nothing of their class cost more than they teach. Weights that are trained already have seen
    parts of things; for them the picture should be near to what they are evaluated on.
    """
    if not is_photo:
        return 1.0
    return 0.5 if is_pretrained else 0.35


def default_epochs(images: int, *, is_pretrained: bool = False) -> int:
    """Fewer epochs for larger sets: 11 for CIFAR-10, 40 for ten thousand images or fewer.

    Weights that are trained already need a fraction: 10 for 240 images, 5 for thousands.
    """
    shown, fewest = (TUNED_ON, 5) if is_pretrained else (PICTURES_SHOWN, FEWEST_EPOCHS)
    return min(MOST_EPOCHS, max(fewest, round(shown / max(images, 1))))
