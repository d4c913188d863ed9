"""See the images of a training as the network will see them."""

from __future__ import annotations

from typing import Annotated, Unpack

import typer

from striate.cli.training_options import taking
from striate.options import Options

# What decides how images look, and which ones are first.
_SHOWN = frozenset(
    "size batch seed recipe pretrained val_share max_unreadable follow_links flip padding "
    "crop_scale rotate trivial_augment jitter erase mixup cutmix".split()
)


@taking(_SHOWN)
def show_batch(
    data: Annotated[str, typer.Argument(help="As for fit: a folder or file, or digits.")],
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="The picture, a .png, .jpg or .webp file.")
    ] = None,
    net: Annotated[str | None, typer.Option(help="The network they are for, as for fit.")] = None,
    count: Annotated[int, typer.Option(help="How many images.", min=1, max=1000)] = 16,
    epoch: Annotated[int, typer.Option(help="Which epoch, from 1.", min=1)] = 1,
    json: Annotated[
        bool, typer.Option("--json", help="Print each image's class and what was done to it.")
    ] = False,
    **options: Unpack[Options],
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
    tell = Terminal()
    shown = first_images(
        data,
        net,
        count=count,
        epoch=epoch,
        reporter=tell,
        **options,
    )
    if output is not None:
        save_preview(Path(output), shown.images, title=shown.title)
        tell.line(f"wrote {output}")
    if json:
        print(dumps(shown.to_json(), allow_nan=False))
