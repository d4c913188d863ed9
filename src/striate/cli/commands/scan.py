"""Look for what is wrong with a set of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from striate.data import Manifest
    from striate.data.audit import Limits, Scan


def scan(
    data: Annotated[
        str,
        typer.Argument(
            help="Folder of class folders, list (.csv, .tsv, .jsonl), Parquet, .tar, "
            "hf:owner/dataset, a saved manifest, or: digits."
        ),
    ],
    html: Annotated[
        str | None, typer.Option(help="Write a page with pictures of what was found.")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--output", "-o", help="Write the list of images with all that was found."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that decode. [default: one per core]", min=1)
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Read the heads of the files only; decode nothing.")
    ] = False,
    max_pixels: Annotated[
        int | None,
        typer.Option(help="Images of more pixels are not decoded. [default: 89478485]", min=1),
    ] = None,
    seconds: Annotated[
        int, typer.Option(help="Time for one image, after which it is given up.", min=1)
    ] = 60,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Follow links out of the data folder.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> int:
    """Look for what is wrong with a set of images.

    Every image is decoded once, in processes that a damaged one may crash. Told are files that
    cannot be read, copies within and across splits and classes, odd sizes and colours, small and
    unbalanced classes, names that look alike, and what lies in the folder but is not used.

    What was found out is kept: a scan that was stopped goes on where it was, and a second one
    decodes only what has changed. The exit code is 1 where something was found that spoils a
    training or its scores.
    """
    import sys
    from json import dumps

    from striate.cli.commands._bar import bar
    from striate.cli.main import INTERRUPTED
    from striate.data.audit import document, summary
    from striate.data.audit import scan as audit
    from striate.data.index import index

    if quick:
        return _quick(
            index(data, follow_links=follow_links, allow_empty=True), data, html, out, json
        )
    limits = _limits(workers, max_pixels, seconds)
    for option, name in (("--html", html), ("--output", out)):
        _refuse_unwritable(option, name)
    manifest = index(data, follow_links=follow_links, allow_empty=True)
    try:
        with bar("decoding images", len(manifest)) as advance:
            found = audit(manifest, limits, advance=advance)
    except KeyboardInterrupt:
        print("stopped; the same command goes on where it was", file=sys.stderr)
        return INTERRUPTED
    _write(found, data, html, out)
    if json:
        print(dumps(document(found, data), allow_nan=False))
    else:
        print("\n".join(summary(found, data)))
    return 1 if found.count("error") else 0


def _limits(workers: int | None, max_pixels: int | None, seconds: int) -> Limits:
    from striate.data.audit import Limits
    from striate.data.decode import PIXEL_LIMIT
    from striate.errors import UsageError

    if max_pixels and max_pixels > PIXEL_LIMIT:
        raise UsageError.of(
            "too-many-pixels",
            f"--max-pixels is at most {PIXEL_LIMIT:,}, found {max_pixels:,}",
            "images of more are never decoded, in training and prediction neither",
        )
    return Limits(workers, max_pixels or PIXEL_LIMIT, seconds)


def _refuse_unwritable(option: str, name: str | None) -> None:
    """Notice before the work, not after it, that a file cannot be written.

    Raises:
        UsageError: its folder is not there, or it is a folder itself.
    """
    from pathlib import Path

    from striate.errors import UsageError

    if name is None:
        return
    path = Path(name)
    if path.is_dir() or not path.parent.is_dir():
        reason = "is a folder" if path.is_dir() else f"lies in {path.parent}, which is not there"
        raise UsageError.of(
            "cannot-write", f"{option}: {name} {reason}", "name a file in a folder that exists"
        )


def _write(found: Scan, data: str, html: str | None, out: str | None) -> None:
    """The page and the list that were asked for."""
    import sys
    from pathlib import Path

    from striate.cli.commands._bar import bar
    from striate.data.audit import save_report

    if html:
        with bar("making pictures", 0) as advance:
            save_report(found, data, Path(html), advance=advance)
        print(f"the report is {html}", file=sys.stderr)
    if out:
        found.manifest.save(Path(out))
        print(f"the list of images is {out}; it can stand for the data: {data}", file=sys.stderr)


def _quick(manifest: Manifest, data: str, html: str | None, out: str | None, is_json: bool) -> int:
    """What the heads say."""
    from json import dumps

    from striate.data.audit import quick_audit
    from striate.errors import UsageError

    if html or out:
        raise UsageError.of(
            "unused-option",
            f"{'--html' if html else '--output'} needs decoded images, which --quick does without",
            "leave out one of the two",
        )
    found = quick_audit(manifest, most=len(manifest))
    if is_json:
        said = {
            "data": data,
            "images": len(manifest),
            "lines": list(found.lines),
            "height": found.height,
            "width": found.width,
            "share": found.share,
            "channels": found.channels,
            "unreadable": [{"name": name, "reason": reason} for name, reason in found.unreadable],
        }
        print(dumps(said, allow_nan=False))
    else:
        print("\n".join(found.lines))
    return 1 if found.unreadable else 0
