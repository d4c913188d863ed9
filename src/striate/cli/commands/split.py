"""Divide images into train, val and test once, in a file that is data itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from striate.data import Manifest
    from striate.data.division import Division


def split(
    data: Annotated[
        str,
        typer.Argument(
            help="Folder of class folders, list (.csv, .tsv, .jsonl), Parquet, .tar, "
            "hf:owner/dataset, or a saved manifest."
        ),
    ],
    out: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="The manifest: photos.parquet")
    ],
    val: Annotated[
        float | None,
        typer.Option(help="Share of images to validate on. [default: 0.1 or less]", min=0, max=1),
    ] = None,
    test: Annotated[
        float | None,
        typer.Option(
            help="Share of images to test on in the end. [default: as val; 0 if splits are stated]",
            min=0,
            max=1,
        ),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(help="Write as many manifests, each with its own val.", min=2)
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Keep images of one value (a patient, a camera) in one split. [default: a column "
            "called group]",
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column of the labels. [default: one called label]"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.", min=0)] = 0,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Forget the splits that the data state.")
    ] = False,
    tear_copies: Annotated[
        bool,
        typer.Option(
            "--tear-copies",
            help="Do not look for copies: nothing is decoded, nothing kept together.",
        ),
    ] = False,
    classes: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Text file with a class name on each line, in order."),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER", help="Where the paths of a list start. [default: beside it]"
        ),
    ] = None,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Follow links out of the data folder.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Accept class folders without images.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Divide images into train, val and test once, in a file that is data itself.

    Nothing is copied or moved: the file lists where each image is, its class and its split, and
    can be given wherever DATA is asked for. Each class gives its share. Copies of one picture
    (resized, re-encoded, mirrored) and images of one group stay in one split; for that every image
    is decoded once, as striate scan does.

    Splits that the data state are kept; what they lack is drawn from the training images.
    """
    import sys
    from json import dumps

    from striate.data.division import Wishes, divide, wanted_shares
    from striate.data.index import index

    wishes = Wishes(val, test, folds, redraw, seed)
    targets = _targets(out, folds)
    found = index(
        data,
        follow_links=follow_links,
        allow_empty=allow_empty,
        group=group,
        label=label,
        classes=classes,
        images=images,
    )
    shares = wanted_shares(found, wishes)
    duplicates = None
    if not tear_copies and (folds or any(shares.values())):
        found, duplicates = _copies(found)
    division = divide(found, shares, wishes, duplicates=duplicates)
    for target, manifest in zip(targets, division.manifests, strict=True):
        manifest.save(target)
    for notice in found.notices:
        print(notice, file=sys.stderr)
    if json:
        head = {"data": data, "files": [str(file) for file in targets], "seed": seed}
        print(dumps({**head, **division.to_json()}, allow_nan=False))
    else:
        print("\n".join(_lines(data, targets, division)))


def _targets(out: str, folds: int | None) -> list[Path]:
    """The files to write; refused now, not after the work, if they cannot be."""
    from pathlib import Path

    from striate.errors import UsageError

    file = Path(out)
    if file.suffix.lower() != ".parquet":
        raise UsageError.of(
            "bad-out", f"--output {out} is no .parquet file", f"name one: -o {file.stem}.parquet"
        )
    if not file.parent.is_dir():
        raise UsageError.of(
            "cannot-write", f"there is no folder {file.parent}", "name a file in one that exists"
        )
    numbers = range(1, folds + 1) if folds else ()
    files = [file.with_stem(f"{file.stem}-fold-{number}-of-{folds}") for number in numbers]
    for each in files or [file]:
        if each.exists():
            raise UsageError.of(
                "out-exists",
                f"{each} exists already",
                "splits are drawn once; name another file, or remove this one",
            )
    return files or [file]


def _copies(found: Manifest) -> tuple[Manifest, np.ndarray]:
    """The manifest with what a scan fills in, and a number per image, the same for copies."""
    from striate.cli.commands._bar import bar
    from striate.data.audit import duplicate_groups, scan

    if found.table["status"].null_count:
        with bar("decoding images", len(found)) as advance:
            found = scan(found, advance=advance).manifest
    return found, duplicate_groups(found)


def _lines(data: str, targets: list[Path], division: Division) -> list[str]:
    """What a person is told."""
    from striate.data import SPLITS
    from striate.data.division import HELD_OUT
    from striate.data.names import shown
    from striate.errors import listing

    first = division.manifests[0]
    lines = [f"{shown(data)}: {len(first):,} images of {len(first.classes):,} classes"]
    for target, manifest in zip(targets, division.manifests, strict=True):
        sizes = {name: len(manifest.only(name)) for name in SPLITS}
        counts = ", ".join(f"{name} {size:,}" for name, size in sizes.items() if size)
        lines.append(f"{target}: {counts}")
    if not division.is_drawn:
        lines.append("nothing is drawn: the splits are those that the data state (see --redraw)")
    if division.units:
        lines.append(
            f"kept together: {division.tied_images:,} images in {division.units:,} units "
            "(groups, or copies of one picture)"
        )
    for name in HELD_OUT:
        if len(first.only(name)) and (lacking := division.without(name)):
            names = listing([shown(each) for each in lacking], most=5)
            lines.append(f"classes without {name} images: {names}")
    bad = sum(word not in ("ok", None) for word in first.table["status"].to_pylist())
    if bad:
        lines.append(f"{bad:,} images cannot be read; striate scan {data} names them")
    lines.append(f"next: striate fit {targets[0]} --net NETWORK")
    return lines
