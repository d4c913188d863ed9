"""Train a network on images; makes a run folder."""

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


def fit(
    data: Annotated[
        str,
        typer.Argument(
            help="Folder of class folders, list (.csv, .tsv, .jsonl), Parquet, .tar, "
            "hf:owner/dataset, a saved manifest, or: digits."
        ),
    ],
    net: Annotated[str, typer.Option(help="Zoo name, notation text, or path to a .cnn file.")],
    epochs: Annotated[
        int | None, typer.Option(help="Times every image is shown. [default: by the data, 10..40]")
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Side of the images in pixels. [default: the network's]")
    ] = None,
    batch: Annotated[
        int | None, typer.Option(help="Images per step. [default: by the data, 16..256]")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="Highest learning rate. [default: in proportion to batch]")
    ] = None,
    weight_decay: Annotated[
        float | None, typer.Option(help="Weight decay, not of norms and biases. [default: 0.0005]")
    ] = None,
    smoothing: Annotated[
        float | None, typer.Option(help="Label smoothing, 0..0.9. [default: 0.1]")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of all that is drawn. [default: 0]")
    ] = None,
    val_share: Annotated[
        float | None,
        typer.Option(help="Share of training images to validate on. [default: 0.1 or less]"),
    ] = None,
    max_unreadable: Annotated[
        float | None,
        typer.Option(help="Share of unreadable images to put up with. [default: 0.01]"),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32 or bfloat16. [default: the faster, measured]")
    ] = None,
    pretrained: Annotated[
        str | None,
        typer.Option(
            metavar="[SOURCE]",
            help="Start from weights: a .safetensors, .pt or .pth file, hf:owner/name, or (alone) "
            "the published ones.",
        ),
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
    preview: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a picture of the first images, as .png or .jpg."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Threads that load images. [default: measured]")
    ] = None,
    cache: Annotated[
        str | None,
        typer.Option(
            metavar="auto|off|DIR",
            help="Keep decoded images for later epochs and runs. [default: auto, in ~/.cache]",
        ),
    ] = None,
    rebuild_cache: Annotated[
        bool, typer.Option("--rebuild-cache", help="Make kept images anew.")
    ] = False,
    follow_links: FollowLinks = False,
    out: Annotated[
        str | None, typer.Option(help="The run folder. [default: runs/<data>-<network>-<number>]")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> int:
    """Train a network on images; makes a run folder.

    The folder holds all that eval and predict need: the network's text, the class names, how images
    are prepared, the list of images with their splits, the settings and where each came from, a log
    with a row per epoch, and the best and the last weights.

    What is not given is chosen, and told. Ctrl-C finishes the batch, saves, and stops.
    """
    from json import dumps

    from striate.cli.commands._threads import yield_while_waiting

    yield_while_waiting()

    from striate.cli.main import INTERRUPTED
    from striate.evaluate import accuracy_line, class_table
    from striate.quantities import duration
    from striate.train import Terminal
    from striate.train import fit as train

    given = {
        "epochs": epochs,
        "size": size,
        "batch": batch,
        "lr": lr,
        "weight_decay": weight_decay,
        "smoothing": smoothing,
        "seed": seed,
        "flip": flip,
        "padding": padding,
        "val_share": val_share,
        "max_unreadable": max_unreadable,
        "precision": precision,
        "pretrained": pretrained,
        "workers": workers,
        "cache": cache,
        "rebuild_cache": rebuild_cache or None,
        "follow_links": follow_links or None,
        "crop_scale": crop_scale,
        "rotate": rotate,
        "trivial_augment": trivial_augment or None,
        "jitter": jitter,
        "erase": erase,
        "mixup": mixup,
        "cutmix": cutmix,
    }
    options = {name: value for name, value in given.items() if value is not None}
    tell = Terminal()
    outcome = train(
        net,
        data,
        out=out,
        preview=preview,
        reporter=tell,
        **options,  # type: ignore[arg-type]
    )
    if outcome.is_interrupted:
        tell.line(f"stopped; the weights so far are {outcome.folder / 'last.safetensors'}")
        return INTERRUPTED
    tell.line(f"trained in {duration(outcome.seconds)}; next: striate eval {outcome.folder}")
    if json:
        print(dumps(outcome.to_json(), allow_nan=False))
        return 0
    print(f"best epoch {outcome.best} of {outcome.epochs}, in {outcome.folder}")
    if outcome.scores is not None:
        print(f"validation {accuracy_line(outcome.scores)}")
        print(class_table(outcome.scores))
    return 0
