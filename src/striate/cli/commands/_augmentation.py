"""Options of what training images go through, alike for every command that has them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Flip: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--flip/--no-flip", help="Mirror left and right by chance. [default: if in colour]"
    ),
]
Padding: TypeAlias = Annotated[
    int | None,
    typer.Option(help="Random shift each way, in pixels. [default: size / 8, or 0 with crops]"),
]
CropScale: TypeAlias = Annotated[
    float | None,
    typer.Option(
        metavar="LOW",
        help="Random crops of LOW..1 of the area, scaled to the size; 1 is the whole picture. "
        "[default: 0.35 for photos of other sizes than the network's, 0.5 from trained weights]",
    ),
]
Rotate: TypeAlias = Annotated[
    float | None,
    typer.Option(metavar="DEGREES", help="Turn by up to so much either way. [default: 0]"),
]
TrivialAugment: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--trivial-augment", help="One of 14 operations per image, of any strength, by chance."
    ),
]
Jitter: TypeAlias = Annotated[
    float | None,
    typer.Option(
        metavar="X", help="Brightness, contrast, saturation times 1-X to 1+X, 0..1. [default: 0]"
    ),
]
Erase: TypeAlias = Annotated[
    float | None,
    typer.Option(metavar="P", help="Blank a rectangle out of this share of images. [default: 0]"),
]
Mixup: TypeAlias = Annotated[
    float | None,
    typer.Option(
        metavar="A", help="Blend pairs of images and targets, shares from Beta(A, A). [default: 0]"
    ),
]
Cutmix: TypeAlias = Annotated[
    float | None,
    typer.Option(
        metavar="A", help="Put parts of images into others, areas from Beta(A, A). [default: 0]"
    ),
]
FollowLinks: TypeAlias = Annotated[
    bool,
    typer.Option("--follow-links", help="Also use links that lead out of the data folder."),
]
