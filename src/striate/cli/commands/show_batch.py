"""See the images of a training as the network will see them."""

from __future__ import annotations

from typing import Annotated

import typer

from striate.cli.commands._augmentation import (
    CropScale,
    Cutmix,
    Erase,
    Flip,
    FollowLinks,
    Jitter,
    Mixup,
    Padding,
    Rotate,
    TrivialAugment,
)


def show_batch(
    data: Annotated[str, typer.Argument(help="As for fit: a folder or file, or digits.")],
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="The picture, a .png, .jpg or .webp file.")
    ] = None,
    net: Annotated[str | None, typer.Option(help="The network they are for, as for fit.")] = None,
    size: Annotated[
        int | None, typer.Option(help="Side in pixels. [default: the network's, or the data's]")
    ] = None,
    count: Annotated[int, typer.Option(help="How many images.", min=1, max=1000)] = 16,
    epoch: Annotated[int, typer.Option(help="Which epoch, from 1.", min=1)] = 1,
    batch: Annotated[int | None, typer.Option(help="Images per step, as for fit.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of all that is drawn. [default: 0]")
    ] = None,
    flip: Flip = None,
    padding: Padding = None,
    crop_scale: CropScale = None,
    rotate: Rotate = None,
    trivial_augment: TrivialAugment = False,
    jitter: Jitter = None,
    erase: Erase = None,
    mixup: Mixup = None,
    cutmix: Cutmix = None,
    pretrained: Annotated[
        str | None,
        typer.Option(metavar="[SOURCE]", help="Weights that the training would start from."),
    ] = None,
    val_share: Annotated[
        float | None, typer.Option(help="Share of images to validate on, as for fit.")
    ] = None,
    max_unreadable: Annotated[
        float | None, typer.Option(help="Share of unreadable images to put up with, as for fit.")
    ] = None,
    follow_links: FollowLinks = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print each image's class and what was done to it.")
    ] = False,
) -> None:
    """See the images of a training as the network will see them.

    Draws the first images of an epoch into one picture, each with its class and what was done to
    it: the same images, to the pixel, that fit shows the network with the same options.
    """
    from json import dumps
    from pathlib import Path

    from striate.errors import UsageError
    from striate.train import Terminal, check_picture_name, save_preview
    from striate.train import show_batch as first_images

    if output is None and not json:
        raise UsageError.of(
            "output-needed",
            "show-batch is told neither a picture to write nor --json",
            f"striate show-batch {data} -o batch.png",
        )
    if output is not None:
        check_picture_name(Path(output))
    given = {
        "size": size,
        "batch": batch,
        "seed": seed,
        "flip": flip,
        "padding": padding,
        "crop_scale": crop_scale,
        "rotate": rotate,
        "trivial_augment": trivial_augment or None,
        "jitter": jitter,
        "erase": erase,
        "mixup": mixup,
        "cutmix": cutmix,
        "pretrained": pretrained,
        "val_share": val_share,
        "max_unreadable": max_unreadable,
        "follow_links": follow_links or None,
    }
    options = {name: value for name, value in given.items() if value is not None}
    tell = Terminal()
    shown = first_images(
        data,
        net,
        count=count,
        epoch=epoch,
        reporter=tell,
        **options,  # type: ignore[arg-type]
    )
    if output is not None:
        save_preview(Path(output), shown.images, title=shown.title)
        tell.line(f"wrote {output}")
    if json:
        print(dumps(shown.to_json(), allow_nan=False))
