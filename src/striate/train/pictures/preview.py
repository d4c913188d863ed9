"""The first images of an epoch as the network will see them, for people to look at."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from striate.data import Loader, Manifest, Preprocessing, contents, header
from striate.data.chance import repeats
from striate.errors import UsageError
from striate.files import Json, replace_file
from striate.train.pictures.sheet import Tile, contact_sheet
from striate.train.settings import Settings
from striate.train.steps import Step, Steps

COUNT = 16
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, slots=True)
class Shown:
    """One image of a training: its name, the share of each class in it, and what was done to it.

    pixels: uint8, H×W×C, what the network sees after undoing the scaling.
    """

    name: str
    classes: dict[str, float]
    done: dict[str, Json]
    pixels: np.ndarray

    def to_json(self) -> dict[str, Json]:
        """All but the pixels, as plain values."""
        shares: dict[str, Json] = {name: round(share, 4) for name, share in self.classes.items()}
        return {"image": self.name, "classes": shares, "done": self.done}


def first_images(steps: Steps, count: int = COUNT, *, epoch: int = 1) -> list[Shown]:
    """The first `count` images of an epoch, made by the very code that feeds the training."""
    found: list[Shown] = []
    places = np.empty(0, np.int64)
    with closing(steps.epoch(epoch)) as shown:
        for step in shown:
            places = np.concatenate([places, step.places.numpy()])
            found += _shown(step, steps, epoch, repeats(places)[len(found) :])
            if len(found) >= count:
                break
    return found[:count]


def preview_title(data: str | Path, settings: Settings, *, epoch: int = 1) -> list[str]:
    """What the images are, and what they go through."""
    return [f"{Path(data).name}: the first images of epoch {epoch}", settings.changes]


def save_preview(path: Path, images: list[Shown], *, title: list[str]) -> None:
    """A sheet of the images with their classes and what was done, in one step.

    Raises:
        UsageError: the name does not end like that of a picture, or the folder cannot be written.
    """
    check_picture_name(path)
    tiles = [Tile(_as_colours(image.pixels), _caption(image), _notes(image)) for image in images]
    sheet = contact_sheet(tiles, title=title)
    try:
        replace_file(path, lambda temporary: sheet.save(temporary, _format(path)))
    except OSError as refused:
        raise UsageError.of(
            "preview-not-written",
            f"{path} cannot be written: {refused.strerror or refused}",
            "name a file in a folder that exists and may be written to",
        ) from refused


def check_picture_name(path: Path) -> None:
    """Refuse a name that says nothing of a picture.

    Raises:
        UsageError: it ends in none of `SUFFIXES`, or there is no such folder.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError.of(
            "preview-kind",
            f"{path} is no name for a picture; it may end in {', '.join(SUFFIXES)}",
            f"name it, say, {path.with_suffix('.png').name or 'batch.png'}",
        )
    if not path.parent.is_dir():
        raise UsageError.of(
            "preview-folder",
            f"there is no folder {path.parent} to write {path.name} into",
            "make the folder first, or name another",
        )


def _shown(step: Step, steps: Steps, epoch: int, again: np.ndarray) -> list[Shown]:
    """The images of a step; `again` says how often each was shown before in the epoch."""
    manifest = steps.loader.manifest
    names = [manifest.name(int(place)) for place in step.places]
    pixels = _unscaled(step.images, steps.record)
    shown = []
    for image, name in enumerate(names):
        done = _crop(steps.loader, int(step.places[image]), epoch, int(again[image]))
        done |= step.draws.told(image)
        for kind in ("mixup", "cutmix"):
            if isinstance(mix := done.get(kind), dict):
                mix["partner"] = names[int(str(mix["partner"]))]
        classes = _classes(step.targets[image], manifest)
        shown.append(Shown(name, classes, done, pixels[image]))
    return shown


def _crop(loader: Loader, place: int, epoch: int, repeat: int) -> dict[str, Json]:
    """The part of the picture that the view drew, in its pixels; drawn once more."""
    if loader.view is None:
        return {}
    head = header(contents(loader.manifest)(place))
    (chance,) = loader.chance(np.array([place]), epoch, np.array([repeat]))
    box = loader.view.box(head.height, head.width, iter(chance))
    return {
        "crop": {"box_px": [round(edge, 1) for edge in box], "of_px": [head.width, head.height]}
    }


def _unscaled(images: Tensor, record: Preprocessing) -> np.ndarray:
    """What went into the network, with deviation and mean undone: uint8, N×H×W×C."""
    values = images.permute(0, 2, 3, 1).cpu().numpy().astype(np.float64)
    levels = (values * np.asarray(record.deviation) + np.asarray(record.mean)) * 255
    pixels: np.ndarray = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return pixels


def _classes(target: Tensor, manifest: Manifest) -> dict[str, float]:
    """Share of every class in an image, the largest first; 1 of each, if nothing is mixed."""
    if not target.is_floating_point():
        return {manifest.classes[int(target)]: 1.0}
    shares = {manifest.classes[i]: float(target[i]) for i in target.nonzero().flatten().tolist()}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _as_colours(pixels: np.ndarray) -> np.ndarray:
    """Grey three times; of more than three bands the first three; of two the second twice."""
    bands = [min(band, pixels.shape[2] - 1) for band in range(3)]
    return np.ascontiguousarray(pixels[:, :, bands])


def _caption(image: Shown) -> str:
    return label_lines(image)[0]


def label_lines(image: Shown) -> list[str]:
    """The class; or each class and, in mixed images, how much of it, the largest first.

    In lines: of many classes those after the second share one.
    """
    if not image.classes:
        return ["no label"]
    is_mixed = any(share < 1 for share in image.classes.values())
    said = [f"{share:.0%} {name}" if is_mixed else name for name, share in image.classes.items()]
    return [*said[:2], ", ".join(said[2:])] if len(said) > 3 else said


def _notes(image: Shown) -> tuple[str, ...]:
    """Classes after the first, and what was done, in few words, in lines of two."""
    words = [_word(kind, value) for kind, value in image.done.items()]
    lines = [", ".join(words[first : first + 2]) for first in range(0, len(words), 2)]
    return (*label_lines(image)[1:], *lines)


def _word(kind: str, value: Json) -> str:
    match kind, value:
        case "crop", {"box_px": [left, top, right, bottom], "of_px": [width, height]}:
            across, down = _number(right) - _number(left), _number(bottom) - _number(top)
            return f"crop {across:.0f}x{down:.0f} of {width}x{height}"
        case "shift_px", [down, right]:
            return f"shift {right:+d} {down:+d}"
        case "rotate_degrees", float(angle):
            return f"turn {angle:+.0f}°"
        case "trivial_augment", [str(name), float(strength)]:
            return f"{name} {strength:+.2f}"
        case "jitter", dict(factors):
            return "jitter " + " ".join(f"{_number(value):.2f}" for value in factors.values())
    return kind


def _number(value: Json) -> float:
    return float(str(value))


def _format(path: Path) -> str:
    return {".png": "png", ".webp": "webp"}.get(path.suffix.lower(), "jpeg")
