"""The images of a training without the training, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

import torch

from striate.files import Json
from striate.networks import Network
from striate.options import Options
from striate.train.pictures.preview import COUNT, Shown, first_images, preview_title
from striate.train.plan import plan
from striate.train.prepare import prepare
from striate.train.reporter import Reporter, Terminal
from striate.train.settings import Settings
from striate.train.steps import Steps


@dataclass(frozen=True, slots=True)
class ShownBatch:
    """The first images of an epoch; and the settings, height and width they were made with."""

    images: list[Shown]
    settings: Settings
    size: tuple[int, int]
    title: list[str]

    def to_json(self) -> dict[str, Json]:
        """All but the pixels, as plain values."""
        return {
            "height": self.size[0],
            "width": self.size[1],
            "settings": self.settings.to_json(),
            "images": [image.to_json() for image in self.images],
        }


def show_batch(
    data: str | Path,
    net: str | Network | None = None,
    *,
    count: int = COUNT,
    epoch: int = 1,
    reporter: Reporter | None = None,
    **options: Unpack[Options],
) -> ShownBatch:
    """The first `count` images that `fit` with these options shows a network in an epoch.

    net: as for `fit`. epoch: counted from 1.

    Raises:
        StriateError: something cannot be used, with what to do.
    """
    tell = reporter or Terminal()
    planned = plan(net, data, options, tell)
    settings = planned.settings
    if "cache" not in options:
        # A look at a few images should leave nothing on the disk.
        settings = replace(settings, cache="off")
    prepared = prepare(planned.manifest, planned.record, settings, reporter=tell)
    record = planned.start.suited(prepared.record)
    loader, _ = prepared.loaders(record, settings)
    steps = Steps(loader, record, settings, torch.device("cpu"))
    return ShownBatch(
        first_images(steps, count, epoch=epoch),
        settings,
        (record.height, record.width),
        preview_title(data, settings, epoch=epoch),
    )
